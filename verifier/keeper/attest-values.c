/* Which values the quoted PCRs have, and what the device is asked for when they are not at hand. */

#include "keeper/attest.h"

static enum step
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
    return STEP_ANSWERED;
}

static struct quoted_values_ask
ask_of(struct attest *attest, const struct event_log *log)
{
    return (struct quoted_values_ask){
        .quote = {attest->keeper->hasher, attest->signature.alg, attest->quote.pcr_digest},
        .selection = &attest->quoted,
        .firmware = log,
        .userspace = attest->userspace.claim ? &attest->userspace_log : NULL,
        .ima = attest->ima.claim ? &attest->ima_list : NULL,
        .ima_offset = attest->ima.claim ? attest->ima.claim->offset : 0,
        .exit_events_optional = attest_policy_exit_events(attest),
    };
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
from_sent(struct attest *attest, const struct quoted_values_ask *ask, struct quoted_values *ret)
{
    int r = quoted_values_sent(ask, attest->evidence.values, ret, &attest->verdict);

    switch (r) {
    case 0:
        return STEP_ON;
    case GROWING_E_NONE:
        return STEP_JUDGE;
    case QUOTED_VALUES_E_FORM:
        keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED,
                       NULL);
        return STEP_ANSWERED;
    default:
        return r < 0 ? broke(attest, "values", r) : attest_reader_broken(attest);
    }
}

enum step
attest_values(struct attest *attest, const struct event_log *log, struct quoted_values *ret)
{
    const struct quoted_values_ask ask = ask_of(attest, log);
    int r = quoted_values_logs(&ask, ret, &attest->verdict);

    if (r == 0) {
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
    return from_sent(attest, &ask, ret);
}
