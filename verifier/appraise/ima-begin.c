#include "appraise/ima-begin.h"

#include "appraise/ima-records.h"
#include "formats/ima-replay.h"

/* The first record of a list that was sent from its start. */
static bool
first_record(const struct growing_ima *list, struct ima_record *ret)
{
    struct ima_records records = ima_records_open(list->records);

    return ima_records_next(&records, ret, NULL) == 0;
}

/* Values of PCR 0 to 9 of a bank, and whether the quote covers those that a boot_aggregate is of.
 * The firmware's alone: userspace came after IMA began. */
static bool
aggregate_pcrs(const struct pcr_values *firmware, enum hash bank,
               struct bytes ret[IMA_AGGREGATE_PCRS])
{
    const struct selection *selection = &firmware->selection;
    uint32_t needed = bank == HASH_SHA1 ? 0xff : 0x3ff;

    for (size_t i = 0; i < selection->n; i++) {
        if (selection->sets[i].bank == bank && (selection->sets[i].mask & needed) == needed) {
            for (size_t pcr = 0; pcr < IMA_AGGREGATE_PCRS; pcr++) {
                ret[pcr] = bytes_of(firmware->value[i][pcr], hash_size(bank));
            }
            return true;
        }
    }
    return false;
}

/* RULE_NONE or what is wrong with the list's beginning; in *ret. */
static int
check_aggregate(struct hasher *hasher, const struct growing_ima *list,
                const struct pcr_values *firmware, enum rule *ret)
{
    struct bytes pcrs[IMA_AGGREGATE_PCRS];
    uint8_t expected[HASH_SIZE_MAX];
    struct ima_record first;
    int r;

    *ret = RULE_IMA_AGGREGATE_NONE;
    if (!first_record(list, &first) || !(first.flags & IMA_RECORD_AGGREGATE) ||
        first.flags & IMA_RECORD_VIOLATION || first.pcr != IMA_PCR || first.file_hash == HASH_N ||
        first.file_digest.len == 0) {
        return 0;
    }
    *ret = RULE_IMA_AGGREGATE_ZERO;
    if (ima_is_violation(first.file_digest)) {
        return 0;
    }
    *ret = RULE_IMA_AGGREGATE_BANK;
    if (!aggregate_pcrs(firmware, first.file_hash, pcrs)) {
        return 0;
    }
    r = ima_aggregate_hash(hasher, first.file_hash, pcrs, expected);
    *ret = r == 0 && bytes_equal(first.file_digest, bytes_of(expected, hash_size(first.file_hash)))
               ? RULE_NONE
               : RULE_IMA_AGGREGATE_DIFFERS;
    return r < 0 ? r : 0;
}

static void
note(struct verdict *verdict, enum rule rule, uint32_t entry)
{
    struct fault fault = {.rule = rule, .event = entry};

    verdict_add(verdict, rule_reason(rule), &fault, IMA_PCR, NULL, NULL);
}

int
ima_begin_judge(struct hasher *hasher, const struct growing_ima *list, bool from_start,
                const struct pcr_values *firmware, struct verdict *verdict)
{
    enum rule rule = RULE_NONE;
    int r = 0;

    if (list->now.n_entries == 0) {
        rule = RULE_IMA_LOG_EMPTY;
    } else if (from_start) {
        r = check_aggregate(hasher, list, firmware, &rule);
    }
    verdict->growing = r == 0 && rule == RULE_NONE ? CHECK_PASSED : CHECK_FAILED;
    if (rule != RULE_NONE) {
        note(verdict, rule, 0);
    }
    if (list->now.n_violations > 0) {
        note(verdict, RULE_IMA_VIOLATIONS, FAULT_NO_EVENT);
    }
    if (list->tail) {
        note(verdict, RULE_IMA_TAIL, list->now.n_entries);
    }
    return r;
}
