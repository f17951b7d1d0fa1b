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

static bool
is_beyond(uint32_t limit_s, int64_t age_ms)
{
    return limit_s > 0 && age_ms > (int64_t)limit_s * 1000;
}

unsigned
boot_beside_amiss(const struct bundle_policy *policy, const struct boot_beside *beside)
{
    return (is_beyond(policy->fresh_evidence_s, beside->evidence_ms) ? BESIDE_EVIDENCE_OLD : 0u) |
           (is_beyond(policy->fresh_boot_s, beside->boot_ms) ? BESIDE_BOOT_OLD : 0u) |
           (policy->ak != 0 && !(policy->ak & beside->key) ? BESIDE_KEY_OTHER : 0u);
}

void
boot_beside(const struct boot_told *told, const struct boot_beside *beside, struct verdict *verdict)
{
    const struct bundle_policy *policy = told->policy;
    unsigned amiss = boot_beside_amiss(policy, beside);

    if (amiss & BESIDE_EVIDENCE_OLD) {
        tell(told, verdict, RULE_POLICY_AGE, policy->fresh_else, "its challenge is older");
    }
    if (amiss & BESIDE_BOOT_OLD) {
        tell(told, verdict, RULE_POLICY_AGE, policy->fresh_else, "the boot is older");
    }
    if (amiss & BESIDE_KEY_OTHER) {
        tell(told, verdict, RULE_POLICY_AK, EFFECT_FAIL, NULL);
    }
}

bool
boot_floor_met(const struct bundle_policy *policy, enum tier tier)
{
    return policy->token_floor != BUNDLE_TIER_AFFIRMING || tier == TIER_AFFIRMING;
}
