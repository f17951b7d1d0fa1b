#include "appraise/boot-beside.h"

static void
tell(const struct boot_told *told, struct verdict *verdict, enum rule rule,
     enum reason_effect effect, const char *seen)
{
    struct fault fault = {.rule = rule, .event = FAULT_NO_EVENT};
    struct finding finding = {
        .reason = rule_reason(rule),
        .effect = told->observed && effect == EFFECT_FAIL ? EFFECT_WARN : effect,
        .fault = &fault,
        .pcr = FAULT_NO_EVENT,
        .seen = seen,
    };

    verdict_note(verdict, &finding);
}

void
boot_beside(const struct boot_told *told, const struct boot_beside *beside, struct verdict *verdict)
{
    const struct bundle_policy *policy = told->policy;

    if (policy->fresh_evidence_s > 0 &&
        beside->evidence_ms > (int64_t)policy->fresh_evidence_s * 1000) {
        tell(told, verdict, RULE_POLICY_AGE, policy->fresh_else, "its challenge is older");
    }
    if (policy->fresh_boot_s > 0 && beside->boot_ms > (int64_t)policy->fresh_boot_s * 1000) {
        tell(told, verdict, RULE_POLICY_AGE, policy->fresh_else, "the boot is older");
    }
    if (policy->ak != 0 && !(policy->ak & beside->key)) {
        tell(told, verdict, RULE_POLICY_AK, EFFECT_FAIL, NULL);
    }
}

bool
boot_floor_met(const struct bundle_policy *policy, enum tier tier)
{
    return policy->token_floor != BUNDLE_TIER_AFFIRMING || tier == TIER_AFFIRMING;
}
