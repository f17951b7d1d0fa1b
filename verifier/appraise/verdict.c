#include "appraise/verdict.h"

#include <stdio.h>

static size_t
place_of(const struct verdict *verdict, enum reason reason)
{
    size_t i = 0;

    while (i < verdict->n_reasons && verdict->reasons[i] != reason) {
        i++;
    }
    return i;
}

static void
take_out(struct verdict *verdict, size_t at)
{
    size_t behind = verdict->n_reasons - at - 1;

    memmove(&verdict->reasons[at], &verdict->reasons[at + 1], behind * sizeof(verdict->reasons[0]));
    memmove(&verdict->effects[at], &verdict->effects[at + 1], behind * sizeof(verdict->effects[0]));
    verdict->n_reasons--;
}

static void
put_in(struct verdict *verdict, size_t at, enum reason reason, enum reason_effect effect)
{
    size_t behind = verdict->n_reasons - at;

    memmove(&verdict->reasons[at + 1], &verdict->reasons[at], behind * sizeof(verdict->reasons[0]));
    memmove(&verdict->effects[at + 1], &verdict->effects[at], behind * sizeof(verdict->effects[0]));
    verdict->reasons[at] = reason;
    verdict->effects[at] = effect;
    verdict->n_reasons++;
}

/* Place among the reasons: fails before warnings before notes, else in order of finding. */
static void
insert(struct verdict *verdict, enum reason reason, enum reason_effect effect)
{
    size_t at = place_of(verdict, reason);

    if (at < verdict->n_reasons) {
        if (verdict->effects[at] <= effect) {
            return;
        }
        take_out(verdict, at);
    }
    at = verdict->n_reasons;
    while (at > 0 && verdict->effects[at - 1] > effect) {
        at--;
    }
    if (at == LIMIT_REASONS) {
        return; /* a refusal with sixteen causes is refused enough */
    }
    if (verdict->n_reasons == LIMIT_REASONS) {
        verdict->n_reasons--; /* the least grave one makes room */
    }
    put_in(verdict, at, reason, effect);
}

static bool
has_effect(const struct verdict *verdict, enum reason_effect effect)
{
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        if (verdict->effects[i] == effect) {
            return true;
        }
    }
    return false;
}

static void
keep_text(char *room, size_t cap, const char *text)
{
    snprintf(room, cap, "%s", text ? text : "");
}

void
verdict_note(struct verdict *verdict, const struct finding *finding)
{
    if (finding->effect == EFFECT_FAIL && !has_effect(verdict, EFFECT_FAIL)) {
        verdict->fault = finding->fault ? *finding->fault : (struct fault){.event = FAULT_NO_EVENT};
        verdict->pcr = finding->pcr;
        keep_text(verdict->expected, sizeof(verdict->expected), finding->expected);
        keep_text(verdict->seen, sizeof(verdict->seen), finding->seen);
        snprintf(verdict->policy_rule, sizeof(verdict->policy_rule), "%.*s",
                 (int)finding->policy_rule.len, (const char *)finding->policy_rule.p);
    }
    insert(verdict, finding->reason, finding->effect);
}

void
verdict_add(struct verdict *verdict, enum reason reason, const struct fault *fault, uint32_t pcr,
            const char *expected, const char *seen)
{
    struct finding finding = {
        .reason = reason,
        .effect = reason_effect(reason),
        .fault = fault,
        .pcr = pcr,
        .expected = expected,
        .seen = seen,
    };

    verdict_note(verdict, &finding);
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
    if (verdict->n_reasons > 0 && verdict->reasons[0] >= REASON_POLICY_MISSING &&
        verdict->reasons[0] != REASON_DIMENSION_UNASSERTED) { /* a device can bring that about */
        return TIER_NONE; /* not the device's fault: AR4SI says none */
    }
    return TIER_CONTRAINDICATED;
}
