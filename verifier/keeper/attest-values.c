/* Which values the quoted PCRs have: what the logs give, if that is what was quoted; else what was
 * sent, if that is what was quoted. No value outside the quote is ever used. */
#include <stdlib.h>

#include "keeper/attest.h"

static enum step
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
    return STEP_ANSWERED;
}

static struct growing_quote
quote_of(const struct attest *attest)
{
    return (struct growing_quote){attest->keeper->hasher, attest->signature.alg,
                                  attest->quote.pcr_digest};
}

/* The other quoted PCRs are as the logs say: so it is PCR 10 that is not. */
static bool
only_ima_differs(const struct attest_values *values)
{
    const struct selection *selection = &values->logs.selection;
    bool ima = false;

    for (size_t i = 0; i < selection->n; i++) {
        const struct pcr_set *set = &selection->sets[i];

        ima = ima || (set->mask & PCR_MASK_IMA) != 0;
        for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if ((set->mask & ~PCR_MASK_IMA) >> pcr & 1 &&
                memcmp(values->logs.value[i][pcr], values->quoted.value[i][pcr],
                       hash_size(set->bank)) != 0) {
                return false;
            }
        }
    }
    return ima;
}

/* Nothing that was sent hashes to the quoted digest. */
static enum step
unmet(struct attest *attest, const struct attest_values *values)
{
    struct fault fault = attest->ima_list.fault;

    if (!attest->ima.claim || !only_ima_differs(values)) {
        (void)verdict_check(&attest->verdict, &attest->verdict.pcr_digest, false,
                            RULE_PCR_VALUES_DIGEST);
        return STEP_JUDGE;
    }
    if (fault.rule == RULE_NONE) {
        fault = (struct fault){.rule = RULE_IMA_LOG_REPLAY, .event = FAULT_NO_EVENT};
    } else { /* where the list is broken, counted from its start */
        fault.event += fault.event == FAULT_NO_EVENT ? 0 : attest->ima_list.known.n_entries;
        fault.offset += attest->ima.claim->offset;
    }
    attest->verdict.pcr_digest = CHECK_FAILED;
    verdict_add(&attest->verdict, rule_reason(fault.rule), &fault, GROWING_PCR_IMA, NULL, NULL);
    return STEP_JUDGE;
}

/* A boot that may be a resume was none: its lists are to be judged from their start. */
static bool
was_no_resume(struct attest *attest)
{
    if (attest->order != ORDER_MAYBE || !(attest->ima.resumed || attest->userspace.resumed)) {
        return false;
    }
    attest->ima.want = 0;
    attest->userspace.want = 0;
    return true;
}

static enum step
from_sent(struct attest *attest, struct attest_values *ret)
{
    const struct growing_quote quote = quote_of(attest);
    struct growing_ima *ima = attest->ima.claim ? &attest->ima_list : NULL;
    int r = 0;

    if (pcr_values_read(attest->evidence.values, &attest->quoted, &ret->quoted, NULL) != 0) {
        keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED,
                       NULL);
        return STEP_ANSWERED;
    }
    if (attest->userspace.claim) {
        r = growing_userspace_values(quote.hasher, &attest->userspace_log, &ret->logs);
    }
    if (r == 0) {
        r = growing_match(&quote, &ret->quoted, NULL, ima);
    }
    if (r == GROWING_E_NONE) {
        return unmet(attest, ret);
    }
    if (r != 0) {
        return r < 0 ? broke(attest, "values", r) : attest_reader_broken(attest);
    }
    attest->verdict.pcr_digest = CHECK_PASSED;
    return STEP_ON;
}

enum step
attest_values(struct attest *attest, const struct event_log *log, struct attest_values *ret)
{
    const struct growing_quote quote = quote_of(attest);
    int r = events_values(quote.hasher, log, &attest->quoted, &ret->firmware);

    if (r == 0) {
        ret->logs = ret->firmware;
        r = growing_match(&quote, &ret->logs,
                          attest->userspace.claim ? &attest->userspace_log : NULL,
                          attest->ima.claim ? &attest->ima_list : NULL);
    }
    if (r == 0) {
        ret->quoted = ret->logs;
        attest->verdict.pcr_digest = CHECK_PASSED;
        return STEP_ON;
    }
    if (r != GROWING_E_NONE) {
        return r < 0 ? broke(attest, "values", r) : attest_reader_broken(attest);
    }
    if (was_no_resume(attest)) {
        return attest_want(attest, REASON_BODY_MISSING, false);
    }
    if (!attest->evidence.values.p) {
        return attest_want(attest, REASON_PCR_DIGEST, true);
    }
    return from_sent(attest, ret);
}
