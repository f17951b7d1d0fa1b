/* appraise/boot-remark: what a boot tells of itself, and which rules decide it instead. */
#include "appraise/boot-remark.h"

#include "lib/check.h"
#include "lib/rule-play.h"

static struct boot_facts facts;
static const struct boot_remark *told[BOOT_REMARKS_MAX];

static size_t
remarks(const char *rules, const char *blocks)
{
    rule_play_rules(rules, blocks);
    return boot_remarks(rule_play.book, &rulebook_bundle(rule_play.book)->policies[0], &facts,
                        told);
}

/* The one reason that is told. */
static enum reason
reason_by(const char *rules, const char *blocks)
{
    size_t n = remarks(rules, blocks);

    CHECK(n <= 1);
    return n == 1 ? told[0]->reason : REASON_NONE;
}

static void
a_boot_without_faults_has_no_remark(void)
{
    facts = (struct boot_facts){.testkey = FACT_OFF, .mok_validation = FACT_ON};
    CHECK_EQ(remarks("", ""), 0);
    facts =
        (struct boot_facts){.testkey = FACT_ODD}; /* what nobody could read is not told as one */
    CHECK_EQ(remarks("", ""), 0);
}

static void
all_of_them_are_told_at_once(void)
{
    facts = (struct boot_facts){.dma_unprotected = true,
                                .debug = true,
                                .testkey = FACT_ON,
                                .db_hash = true,
                                .weak_authority = true,
                                .mok_validation = FACT_OFF};
    CHECK_EQ(remarks("", ""), BOOT_REMARKS_MAX);
    CHECK_EQ(boot_remark_value(BOOT_REMARKS_MAX, told, DIMENSION_HARDWARE, false), 96);
    CHECK_EQ(boot_remark_value(BOOT_REMARKS_MAX, told, DIMENSION_HARDWARE, true), 32);
    CHECK_EQ(boot_remark_value(BOOT_REMARKS_MAX, told, DIMENSION_CONFIGURATION, false), 96);
    CHECK_EQ(boot_remark_value(BOOT_REMARKS_MAX, told, DIMENSION_EXECUTABLES, false), 0);
    CHECK_EQ(boot_remark_value(0, told, DIMENSION_HARDWARE, false), 0);
}

/* Its own slot's rule decides, another one does not. */
static void
a_rule_of_its_slot_decides_instead(void)
{
    static const char action[] = "  rule a : action any count 0..99\n";
    static const char test[] = "  rule t : sb.testkey is no else warn\n";
    static const char mok[] = "  rule m : mok.validation is on else warn\n";

    facts = (struct boot_facts){.dma_unprotected = true};
    CHECK_EQ(reason_by(test, ""), REASON_DMA_UNPROTECTED);
    CHECK_EQ(told[0]->effect, EFFECT_WARN);
    CHECK_EQ(reason_by(action, ""), REASON_NONE);
    facts = (struct boot_facts){.debug = true};
    CHECK_EQ(reason_by(mok, ""), REASON_FW_DEBUG);
    CHECK_EQ(told[0]->effect, EFFECT_FAIL);
    CHECK_EQ(reason_by(action, ""), REASON_NONE);
    facts = (struct boot_facts){.testkey = FACT_ON};
    CHECK_EQ(reason_by(mok, ""), REASON_PK_TEST_KEY);
    CHECK_EQ(told[0]->slot, SLOT_SB_PK);
    CHECK_EQ(reason_by(test, ""), REASON_NONE);
    facts = (struct boot_facts){.mok_validation = FACT_OFF};
    CHECK_EQ(reason_by(test, ""), REASON_MOK_VALIDATION_OFF);
    CHECK_EQ(reason_by(mok, ""), REASON_NONE);
    facts = (struct boot_facts){.weak_authority = true};
    CHECK_EQ(reason_by(test, ""), REASON_WEAK_SIGNATURE_ALG);
    CHECK_EQ(told[0]->effect, EFFECT_WARN);
}

/* A policy that lists db has its own word for each entry; one that asks for a certificate in it, or
 * against some, has not. */
static void
a_list_of_db_speaks_of_its_hashes_too(void)
{
    static const char blocks[] = "cert ca " D("07") "\nset certs sb/db { ca }\n";

    facts = (struct boot_facts){.db_hash = true};
    CHECK_EQ(reason_by("  rule d : sb.db includes @sb/db\n", blocks), REASON_DB_HASH_ENTRY);
    CHECK_EQ(reason_by("  rule d : sb.db not-in @sb/db\n", blocks), REASON_DB_HASH_ENTRY);
    CHECK_EQ(reason_by("  rule d : sb.db any\n", blocks), REASON_DB_HASH_ENTRY);
    CHECK_EQ(reason_by("  rule d : sb.db subset-of @sb/db\n", blocks), REASON_NONE);
    CHECK_EQ(reason_by("  rule d : sb.db equals @sb/db\n", blocks), REASON_NONE);
}

CHECK_MAIN(CASE(a_boot_without_faults_has_no_remark), CASE(all_of_them_are_told_at_once),
           CASE(a_rule_of_its_slot_decides_instead), CASE(a_list_of_db_speaks_of_its_hashes_too))
