#include "appraise/boot-remark.h"

/* A policy that lists what may be in db has looked at single programs too. */
#define LISTS (1u << VERB_SUBSET_OF | 1u << VERB_EQUALS)
#define ANY_VERB UINT32_MAX

/* The strings of PCR 1 are among those that need no rule, so that without this they would pass
 * unseen; TCG PFP 1.06 section 10.4.4. */
static const struct {
    enum slot ruled; /* a rule of this slot with one of these verbs decides instead */
    uint32_t verbs;
    struct boot_remark remark;
} known[BOOT_REMARKS_MAX] = {
    {SLOT_ACTION,
     ANY_VERB,
     {REASON_DMA_UNPROTECTED, EFFECT_WARN, DIMENSION_HARDWARE, SLOT_NONE,
      "DMA Protection Disabled"}},
    {SLOT_ACTION,
     ANY_VERB,
     {REASON_FW_DEBUG, EFFECT_FAIL, DIMENSION_HARDWARE, SLOT_NONE, "UEFI Debug Mode"}},
    {SLOT_SB_TESTKEY,
     ANY_VERB,
     {REASON_PK_TEST_KEY, EFFECT_FAIL, DIMENSION_CONFIGURATION, SLOT_SB_PK, NULL}},
    {SLOT_SB_DB,
     LISTS,
     {REASON_DB_HASH_ENTRY, EFFECT_WARN, DIMENSION_CONFIGURATION, SLOT_SB_DB, NULL}},
    {SLOT_NONE,
     0,
     {REASON_WEAK_SIGNATURE_ALG, EFFECT_WARN, DIMENSION_CONFIGURATION, SLOT_BOOT_AUTHORITY, NULL}},
    {SLOT_MOK_VALIDATION,
     ANY_VERB,
     {REASON_MOK_VALIDATION_OFF, EFFECT_FAIL, DIMENSION_CONFIGURATION, SLOT_NONE, "MokSBState"}},
};

static bool
is_told(const struct boot_facts *facts, enum reason reason)
{
    switch (reason) {
    case REASON_DMA_UNPROTECTED:
        return facts->dma_unprotected;
    case REASON_FW_DEBUG:
        return facts->debug;
    case REASON_PK_TEST_KEY:
        return facts->testkey == FACT_ON;
    case REASON_DB_HASH_ENTRY:
        return facts->db_hash;
    case REASON_WEAK_SIGNATURE_ALG:
        return facts->weak_authority;
    default:
        return facts->mok_validation == FACT_OFF;
    }
}

static bool
is_ruled(const struct rulebook *book, const struct bundle_policy *policy, enum slot slot,
         uint32_t verbs)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        size_t rule = policy->first_rule + i;

        if (rulebook_slot(book, rule) == slot &&
            verbs >> rulebook_bundle(book)->rules[rule].verb & 1) {
            return true;
        }
    }
    return false;
}

size_t
boot_remarks(const struct rulebook *book, const struct bundle_policy *policy,
             const struct boot_facts *facts, const struct boot_remark *ret[BOOT_REMARKS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (is_told(facts, known[i].remark.reason) &&
            !is_ruled(book, policy, known[i].ruled, known[i].verbs)) {
            ret[n++] = &known[i].remark;
        }
    }
    return n;
}

int8_t
boot_remark_value(size_t n, const struct boot_remark *const *remarks,
                  enum policy_dimension dimension, bool observed)
{
    int8_t worst = 0;

    for (size_t i = 0; i < n; i++) {
        int8_t value = remarks[i]->effect == EFFECT_FAIL && !observed ? 96 : 32;

        worst = remarks[i]->dimension == dimension && value > worst ? value : worst;
    }
    return worst;
}
