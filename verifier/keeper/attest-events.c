/* The log against the quote: do its digests replay, are its events those of the class. */
#include <errno.h>
#include <stdlib.h>

#include "keeper/attest.h"

static enum step
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
    return STEP_ANSWERED;
}

/* pcrDigest: the values of the selection in its order, hashed with the signature's hash. */
static int
values_digest(struct attest *attest, const struct pcr_values *values, uint8_t ret[HASH_SIZE_MAX])
{
    uint8_t *all = malloc(LIMIT_BANKS * LIMIT_PCRS * HASH_SIZE_MAX);
    struct wr wr = wr_init(all, LIMIT_BANKS * LIMIT_PCRS * HASH_SIZE_MAX);
    int r;

    if (!all) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < values->selection.n; i++) {
        const struct pcr_set *set = &values->selection.sets[i];

        for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if (set->mask >> pcr & 1) {
                wr_bytes(&wr, bytes_of(values->value[i][pcr], hash_size(set->bank)));
            }
        }
    }
    r = hasher_bytes(attest->keeper->hasher, attest->signature.alg, wr_done(&wr), ret);
    free(all);
    return r;
}

/* Whether values hash to the quoted digest. Returns 1 if so, 0 if not, or a negative errno. */
static int
values_quoted(struct attest *attest, const struct pcr_values *values)
{
    uint8_t digest[HASH_SIZE_MAX];
    int r = values_digest(attest, values, digest);

    if (r < 0) {
        return r;
    }
    return bytes_equal(attest->quote.pcr_digest,
                       bytes_of(digest, hash_size(attest->signature.alg)));
}

/* 4.09: send the values and the logs, so that a refusal can say which PCR differs. */
static enum step
want_values(struct attest *attest)
{
    struct problem problem = {.has_nonce = true, .want_values = true};
    int r = keeper_nonce(attest->keeper, attest->device.id, problem.nonce);

    if (r < 0) {
        return broke(attest, "nonce", r);
    }
    keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 9), REASON_PCR_DIGEST, &problem);
    return STEP_ANSWERED;
}

/* The values to compare with: what the log gives, if that is what was quoted; else what was sent,
 * if that is what was quoted. No value outside the quote is ever used. */
static enum step
find_values(struct attest *attest, const struct event_log *log, struct pcr_values *values)
{
    struct fault fault = {0};
    int r = events_values(attest->keeper->hasher, log, NULL, &attest->quoted, values);

    if (r == 0) {
        r = values_quoted(attest, values);
        if (r == 1) {
            return STEP_ON;
        }
    }
    if (r < 0) {
        return broke(attest, "values", r);
    }
    if (!attest->evidence.values.p) {
        return want_values(attest);
    }
    if (pcr_values_read(attest->evidence.values, &attest->quoted, values, &fault) != 0) {
        keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED,
                       NULL);
        return STEP_ANSWERED;
    }
    r = values_quoted(attest, values);
    if (r < 0) {
        return broke(attest, "values", r);
    }
    return verdict_check(&attest->verdict, &attest->verdict.pcr_digest, r == 1,
                         RULE_PCR_VALUES_DIGEST)
               ? STEP_ON
               : STEP_JUDGE;
}

/* What policy says once the evidence is known to be genuine. */
static int
judge_policy(struct attest *attest, const struct event_log *log)
{
    struct verdict *verdict = &attest->verdict;
    enum hash bank = attest->class_row.bank;
    struct keeper *keeper = attest->keeper;
    const struct golden *golden = NULL;
    int r = events_check(keeper->hasher, log, bank, verdict);

    if (r == 0) {
        r = golden_cache_get(keeper->golden, keeper->store, attest->class_row.name, &golden);
    }
    if (r < 0) {
        return r;
    }
    verdict->member = CHECK_PASSED; /* attest_open() refused those without a class */
    (void)verdict_check(verdict, &verdict->ek,
                        !attest->class_row.need_ek_chain ||
                            attest->device.ek_chain == EK_CHAIN_VERIFIED,
                        RULE_EK_CHAIN_DEMANDED);
    golden_check(golden, log, bank, verdict);
    return 0;
}

enum step
attest_events(struct attest *attest, const struct event_log *log)
{
    struct pcr_values *values = malloc(sizeof(*values));
    enum step step;
    int r = 0;

    if (!values) {
        return broke(attest, "memory", -ENOMEM);
    }
    attest->verdict.log = CHECK_PASSED;
    step = find_values(attest, log, values);
    if (step == STEP_ON) {
        attest->verdict.pcr_digest = CHECK_PASSED;
        r = events_replay(attest->keeper->hasher, log, NULL, values, &attest->verdict);
        if (r == 0) {
            r = judge_policy(attest, log);
        }
        step = r < 0 ? broke(attest, "events", r) : STEP_JUDGE;
    }
    free(values);
    return step;
}
