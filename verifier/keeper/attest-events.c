/* The log against the quote: do its digests replay, are its events those of the class. */
#include <errno.h>
#include <stdlib.h>

#include "appraise/ima-begin.h"
#include "keeper/attest.h"

static enum step
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
    return STEP_ANSWERED;
}

/* What policy says once the evidence is known to be genuine. Returns as attest_policy(). */
static int
judge_policy(struct attest *attest, const struct event_log *log)
{
    struct verdict *verdict = &attest->verdict;
    enum hash bank = attest->class_row.bank;
    int r = events_check(attest->keeper->hasher, log, bank, verdict);

    if (r < 0) {
        return r;
    }
    verdict->member = CHECK_PASSED; /* attest_open() refused those without a class */
    (void)verdict_check(verdict, &verdict->ek,
                        !attest->class_row.need_ek_chain ||
                            attest->device.ek_chain == EK_CHAIN_VERIFIED,
                        RULE_EK_CHAIN_DEMANDED);
    attest->ima_work = (struct ima_work){.most_us = COST_FILES_MOST_US};
    return attest_policy(attest, log);
}

/* What the signatures of files cost is the device's, good or bad. Returns the seconds that it must
 * wait for more, at least 1. */
static int64_t
charge_files(const struct attest *attest)
{
    int64_t wait_s = 0;

    if (attest->ima_work.us > 0) {
        wait_s = keeper_charge(attest->keeper, attest->asked, &attest->device, attest->ima_work.us);
    }
    return wait_s > 0 ? wait_s : 1;
}

/* A PCR of userspace that differs while there is no log of userspace: most likely for that. */
static void
note_userspace(struct attest *attest)
{
    struct verdict *verdict = &attest->verdict;
    struct fault fault = {.rule = RULE_USERSPACE_NEEDED, .event = FAULT_NO_EVENT};

    if (!attest->userspace.claim && verdict->fault.rule == RULE_REPLAY_PCR &&
        verdict->pcr < LIMIT_PCRS && PCR_MASK_USERSPACE >> verdict->pcr & 1) {
        verdict_add(verdict, rule_reason(fault.rule), &fault, verdict->pcr, NULL, NULL);
    }
}

/* A list that was needed and not sent was refused before: attest_growing(). */
static int
judge_ima(struct attest *attest, const struct quoted_values *values)
{
    if (!attest->ima.claim) {
        attest->verdict.growing = CHECK_PASSED;
        return 0;
    }
    if (attest->ima_restarted) {
        verdict_add(&attest->verdict, REASON_IMA_LOG_RESTARTED, NULL, GROWING_PCR_IMA, NULL, NULL);
    }
    return ima_begin_judge(attest->keeper->hasher, &attest->ima_list, !attest->ima.resumed,
                           &values->firmware, &attest->verdict);
}

enum step
attest_events(struct attest *attest, const struct event_log *log)
{
    CLEANUP(free_p) struct quoted_values *values = malloc(sizeof(*values));
    enum step step;
    int64_t wait_s;
    int r;

    if (!values) {
        return broke(attest, "memory", -ENOMEM);
    }
    attest->verdict.log = CHECK_PASSED;
    step = attest_values(attest, log, values);
    if (step != STEP_ON) {
        return step;
    }
    attest->quirks = values->quirks;
    if (!events_replay(log, &values->logs, &values->quoted, &attest->verdict)) {
        note_userspace(attest);
    }
    r = judge_ima(attest, values);
    if (r == 0) {
        r = judge_policy(attest, log);
    }
    wait_s = charge_files(attest);
    if (r == BOOT_E_WORK) { /* it comes again, and what was found good is remembered */
        keeper_slow(attest->keeper, attest->asked, &attest->device, wait_s);
        return STEP_ANSWERED;
    }
    if (r == -EPROTO) {
        return attest_reader_broken(attest);
    }
    return r < 0 ? broke(attest, "events", r) : STEP_JUDGE;
}
