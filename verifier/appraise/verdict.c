#include "appraise/verdict.h"

#include <stdio.h>

static bool
noted(const struct verdict *verdict, enum reason reason)
{
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        if (verdict->reasons[i] == reason) {
            return true;
        }
    }
    return false;
}

static bool
fails(enum reason reason)
{
    return reason_effect(reason) == EFFECT_FAIL;
}

/* Place among the reasons: fails before warnings before notes, else in order of finding. */
static void
insert(struct verdict *verdict, enum reason reason)
{
    size_t at = verdict->n_reasons;

    if (noted(verdict, reason)) {
        return;
    }
    while (at > 0 && reason_effect(verdict->reasons[at - 1]) > reason_effect(reason)) {
        at--;
    }
    if (at == LIMIT_REASONS) {
        return; /* a refusal with sixteen causes is refused enough */
    }
    if (verdict->n_reasons == LIMIT_REASONS) {
        verdict->n_reasons--; /* the least grave one makes room */
    }
    memmove(&verdict->reasons[at + 1], &verdict->reasons[at],
            (verdict->n_reasons - at) * sizeof(verdict->reasons[0]));
    verdict->reasons[at] = reason;
    verdict->n_reasons++;
}

void
verdict_add(struct verdict *verdict, enum reason reason, const struct fault *fault, uint32_t pcr,
            const char *expected, const char *seen)
{
    bool first = verdict->n_reasons == 0 || !fails(verdict->reasons[0]);

    if (first && fails(reason)) {
        verdict->fault = fault ? *fault : (struct fault){.event = FAULT_NO_EVENT};
        verdict->pcr = pcr;
        snprintf(verdict->expected, sizeof(verdict->expected), "%s", expected ? expected : "");
        snprintf(verdict->seen, sizeof(verdict->seen), "%s", seen ? seen : "");
    }
    insert(verdict, reason);
}

bool
verdict_check(struct verdict *verdict, enum check *field, bool passed, enum rule rule)
{
    struct fault fault = {.rule = rule, .event = FAULT_NO_EVENT};

    *field = passed ? CHECK_PASSED : CHECK_FAILED;
    if (!passed) {
        verdict_add(verdict, rule_reason(rule), &fault, FAULT_NO_EVENT, NULL, NULL);
    }
    return passed;
}

static bool
has_effect(const struct verdict *verdict, enum reason_effect effect)
{
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        if (reason_effect(verdict->reasons[i]) == effect) {
            return true;
        }
    }
    return false;
}

bool
verdict_trusted(const struct verdict *verdict)
{
    bool all = true;

#define VERDICT_FIELD(name) all = all && verdict->name == CHECK_PASSED;
    VERDICT_CHECKS(VERDICT_FIELD)
#undef VERDICT_FIELD
    return all && !has_effect(verdict, EFFECT_FAIL);
}

bool
verdict_genuine(const struct verdict *verdict)
{
    return verdict->form == CHECK_PASSED && verdict->magic == CHECK_PASSED &&
           verdict->type == CHECK_PASSED && verdict->algorithm == CHECK_PASSED &&
           verdict->signature == CHECK_PASSED && verdict->signer == CHECK_PASSED &&
           verdict->binding == CHECK_PASSED && verdict->selection == CHECK_PASSED &&
           verdict->order == CHECK_PASSED && verdict->pcr_digest == CHECK_PASSED &&
           verdict->log == CHECK_PASSED && verdict->replay == CHECK_PASSED &&
           verdict->growing == CHECK_PASSED;
}

enum tier
verdict_tier(const struct verdict *verdict)
{
    if (verdict_trusted(verdict)) {
        return has_effect(verdict, EFFECT_WARN) ? TIER_WARNING : TIER_AFFIRMING;
    }
    if (verdict->n_reasons > 0 && verdict->reasons[0] >= REASON_POLICY_MISSING) {
        return TIER_NONE; /* not the device's fault: AR4SI says none */
    }
    return TIER_CONTRAINDICATED;
}
