#include "appraise/quoted-values.h"

#include "appraise/exit-events.h"

/* The other quoted PCRs are as the logs say: so it is PCR 10 that is not. */
static bool
only_ima_differs(const struct quoted_values *values)
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
static void
unmet(const struct quoted_values_ask *ask, const struct quoted_values *values,
      struct verdict *verdict)
{
    struct fault fault;

    if (!ask->ima || !only_ima_differs(values)) {
        (void)verdict_check(verdict, &verdict->pcr_digest, false, RULE_PCR_VALUES_DIGEST);
        return;
    }
    fault = ask->ima->fault;
    if (fault.rule == RULE_NONE) {
        fault = (struct fault){.rule = RULE_IMA_LOG_REPLAY, .event = FAULT_NO_EVENT};
    } else { /* where the list is broken, counted from its start */
        fault.event += fault.event == FAULT_NO_EVENT ? 0 : ask->ima->known.n_entries;
        fault.offset += ask->ima_offset;
    }
    verdict->pcr_digest = CHECK_FAILED;
    verdict_add(verdict, rule_reason(fault.rule), &fault, GROWING_PCR_IMA, NULL, NULL);
}

/* The same with what the firmware may have measured and not logged. */
static int
with_exit_events(const struct quoted_values_ask *ask, struct quoted_values *ret)
{
    enum slot_quirk quirk = QUIRK_N;
    int r = exit_events_match(&ask->quote, ask->firmware, &ret->firmware, &ret->logs,
                              ask->userspace, ask->ima, &quirk);

    ret->quirks = r == 0 ? 1u << quirk : 0;
    return r;
}

int
quoted_values_logs(const struct quoted_values_ask *ask, struct quoted_values *ret,
                   struct verdict *verdict)
{
    int r = events_values(ask->quote.hasher, ask->firmware, ask->selection, &ret->firmware);

    if (r != 0) {
        return r;
    }
    ret->quirks = 0;
    ret->logs = ret->firmware;
    r = growing_match(&ask->quote, &ret->logs, ask->userspace, ask->ima);
    if (r == GROWING_E_NONE && ask->exit_events_optional) {
        r = with_exit_events(ask, ret);
    }
    if (r == 0) {
        ret->quoted = ret->logs;
        verdict->pcr_digest = CHECK_PASSED;
    }
    return r;
}

int
quoted_values_sent(const struct quoted_values_ask *ask, struct bytes sent,
                   struct quoted_values *ret, struct verdict *verdict)
{
    int r = 0;

    if (pcr_values_read(sent, ask->selection, &ret->quoted, NULL) != 0) {
        return QUOTED_VALUES_E_FORM;
    }
    if (ask->userspace) {
        r = growing_userspace_values(ask->quote.hasher, ask->userspace, &ret->logs);
    }
    if (r == 0) {
        r = growing_match(&ask->quote, &ret->quoted, NULL, ask->ima);
    }
    if (r == GROWING_E_NONE) {
        unmet(ask, ret, verdict);
    }
    if (r == 0) {
        verdict->pcr_digest = CHECK_PASSED;
    }
    return r;
}
