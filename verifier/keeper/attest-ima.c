/* Logs that grow, once they met the quote: are they of this boot, and what is known of them now. */
#include <errno.h>

#include "appraise/ima-records.h"
#include "formats/ima-replay.h"
#include "keeper/attest.h"

/* The first record of a list that was sent from its start. */
static bool
first_record(const struct attest *attest, struct ima_record *ret)
{
    struct ima_records records = ima_records_open(attest->ima_list.records);

    return ima_records_next(&records, ret, NULL) == 0;
}

/* Values of PCR 0 to 9 of a bank, and whether the quote covers those that a boot_aggregate is of.
 * The firmware's alone: userspace came after IMA began. */
static bool
aggregate_pcrs(const struct attest_values *values, enum hash bank,
               struct bytes ret[IMA_AGGREGATE_PCRS])
{
    const struct selection *selection = &values->firmware.selection;
    uint32_t needed = bank == HASH_SHA1 ? 0xff : 0x3ff;

    for (size_t i = 0; i < selection->n; i++) {
        if (selection->sets[i].bank == bank && (selection->sets[i].mask & needed) == needed) {
            for (size_t pcr = 0; pcr < IMA_AGGREGATE_PCRS; pcr++) {
                ret[pcr] = bytes_of(values->firmware.value[i][pcr], hash_size(bank));
            }
            return true;
        }
    }
    return false;
}

/* RULE_NONE or what is wrong with the list's beginning; in *ret. */
static int
check_aggregate(struct attest *attest, const struct attest_values *values, enum rule *ret)
{
    struct bytes pcrs[IMA_AGGREGATE_PCRS];
    uint8_t expected[HASH_SIZE_MAX];
    struct ima_record first;
    int r;

    *ret = RULE_IMA_AGGREGATE_NONE;
    if (!first_record(attest, &first) || !(first.flags & IMA_RECORD_AGGREGATE) ||
        first.flags & IMA_RECORD_VIOLATION || first.pcr != IMA_PCR || first.file_hash == HASH_N ||
        first.file_digest.len == 0) {
        return 0;
    }
    *ret = RULE_IMA_AGGREGATE_ZERO;
    if (ima_is_violation(first.file_digest)) {
        return 0;
    }
    *ret = RULE_IMA_AGGREGATE_BANK;
    if (!aggregate_pcrs(values, first.file_hash, pcrs)) {
        return 0;
    }
    r = ima_aggregate_hash(attest->keeper->hasher, first.file_hash, pcrs, expected);
    *ret = r == 0 && bytes_equal(first.file_digest, bytes_of(expected, hash_size(first.file_hash)))
               ? RULE_NONE
               : RULE_IMA_AGGREGATE_DIFFERS;
    return r < 0 ? r : 0;
}

static void
note(struct attest *attest, enum rule rule, uint32_t entry)
{
    struct fault fault = {.rule = rule, .event = entry};

    verdict_add(&attest->verdict, rule_reason(rule), &fault, IMA_PCR, NULL, NULL);
}

int
attest_growing_judge(struct attest *attest, const struct attest_values *values)
{
    const struct growing_ima *list = &attest->ima_list;
    enum rule rule = RULE_NONE;
    int r = 0;

    if (!attest->ima.claim) {
        attest->verdict.growing = CHECK_PASSED; /* attest_growing() refused where one is needed */
        return 0;
    }
    if (list->now.n_entries == 0) {
        rule = RULE_IMA_LOG_EMPTY;
    } else if (!attest->ima.resumed) {
        r = check_aggregate(attest, values, &rule);
    }
    attest->verdict.growing = r == 0 && rule == RULE_NONE ? CHECK_PASSED : CHECK_FAILED;
    if (rule != RULE_NONE) {
        note(attest, rule, 0);
    }
    if (list->now.n_violations > 0) {
        note(attest, RULE_IMA_VIOLATIONS, FAULT_NO_EVENT);
    }
    if (list->tail) {
        note(attest, RULE_IMA_TAIL, list->now.n_entries);
    }
    return r;
}

/* Whether the row says already what would be written. */
static bool
unchanged(const struct attest *attest, const struct attest_part *part, uint32_t end)
{
    return part->resumed && end == 0 && part->row.era == attest->device.era &&
           part->row.reset_count == attest->quote.reset_count &&
           part->row.restart_count == attest->quote.restart_count;
}

static int
keep_one(struct attest *attest, const struct attest_part *part, const struct growing *now,
         uint32_t end)
{
    struct store_growing row = part->row;
    struct wr tracks = wr_init(row.tracks, sizeof(row.tracks));
    int r;

    if (unchanged(attest, part, end)) {
        return 0;
    }
    row.era = attest->device.era;
    row.reset_count = attest->quote.reset_count;
    row.restart_count = attest->quote.restart_count;
    row.length = part->claim->offset + end;
    row.n_entries = now->n_entries;
    row.n_violations = now->n_violations;
    growing_write(&tracks, now);
    row.tracks_len = wr_done(&tracks).len;
    r = tracks.failed ? -ENOSPC : sha256_run_add(&row.run, bytes_of(part->body.p, end));
    return r < 0 ? r
                 : store_growing_put(attest->keeper->store, attest->device.id, part->claim->kind,
                                     &row);
}

int
attest_growing_keep(struct attest *attest)
{
    int r = 0;

    if (attest->ima.claim) {
        r = keep_one(attest, &attest->ima, &attest->ima_list.now, attest->ima_list.end);
    }
    if (r == 0 && attest->userspace.claim) {
        r = keep_one(attest, &attest->userspace, &attest->userspace_log.now,
                     attest->userspace_log.end);
    }
    return r;
}

size_t
attest_growing_known(const struct attest *attest, struct log_offset *ret)
{
    size_t n = 0;

    if (attest->ima.claim) {
        ret[n++] = (struct log_offset){LOG_IMA, attest->ima.claim->offset + attest->ima_list.end};
    }
    if (attest->userspace.claim) {
        uint64_t end = attest->userspace.claim->offset + attest->userspace_log.end;

        ret[n++] = (struct log_offset){LOG_USERSPACE, attest_policy_whole(attest) ? 0 : end};
    }
    return n;
}
