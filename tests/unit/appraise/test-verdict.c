#include "appraise/verdict.h"
#include "lib/check.h"

static struct verdict
all_passed(void)
{
    struct verdict verdict = {0};

#define PASS(name) verdict.name = CHECK_PASSED;
    VERDICT_CHECKS(PASS)
#undef PASS
    return verdict;
}

static void
a_verdict_that_nobody_filled_is_a_refusal(void)
{
    struct verdict verdict = {0};

    CHECK(!verdict_trusted(&verdict));
    CHECK(!verdict_genuine(&verdict));
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED);
}

static void
each_check_alone_can_refuse(void)
{
    struct verdict verdict = all_passed();

    CHECK(verdict_trusted(&verdict));
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
#define FLIP(name)                     \
    verdict = all_passed();            \
    verdict.name = CHECK_FAILED;       \
    CHECK(!verdict_trusted(&verdict)); \
    verdict.name = CHECK_NOT_RUN;      \
    CHECK(!verdict_trusted(&verdict)); \
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED);
    VERDICT_CHECKS(FLIP)
#undef FLIP
}

static void
policy_alone_does_not_make_evidence_false(void)
{
    struct verdict verdict = all_passed();

    verdict.reference = CHECK_FAILED;
    verdict.member = CHECK_FAILED;
    CHECK(verdict_genuine(&verdict));
    verdict.replay = CHECK_NOT_RUN;
    CHECK(!verdict_genuine(&verdict));
}

static void
a_failing_reason_refuses_even_if_all_checks_passed(void)
{
    struct verdict verdict = all_passed();

    verdict_add(&verdict, REASON_CLOCK_UNSAFE, NULL, FAULT_NO_EVENT, NULL, NULL);
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
    verdict_add(&verdict, REASON_LOG_TRUNCATED, NULL, FAULT_NO_EVENT, NULL, NULL);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    verdict_add(&verdict, REASON_LOG_REPLAY, NULL, 4, "a", "b");
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED);
    CHECK_EQ(verdict.reasons[0], REASON_LOG_REPLAY);
    CHECK_EQ(verdict.reasons[1], REASON_LOG_TRUNCATED);
    CHECK_EQ(verdict.reasons[2], REASON_CLOCK_UNSAFE);
    CHECK_EQ(verdict.pcr, 4);
}

static void
the_first_cause_stays(void)
{
    struct verdict verdict = {0};
    struct fault first = {.rule = RULE_REPLAY_PCR, .event = 3};

    verdict_add(&verdict, REASON_LOG_REPLAY, &first, 7, "x", "y");
    verdict_add(&verdict, REASON_LOG_PARSE, NULL, 1, "p", "q");
    CHECK_EQ(verdict.fault.rule, RULE_REPLAY_PCR);
    CHECK_EQ(verdict.pcr, 7);
    CHECK_STR(verdict.expected, "x");
    verdict_add(&verdict, REASON_LOG_REPLAY, &first, 7, "x", "y");
    CHECK_EQ(verdict.n_reasons, 2);
}

static void
many_reasons_keep_the_gravest(void)
{
    struct verdict verdict = {0};

    for (int i = 0; i < 12; i++) {
        verdict_add(&verdict, (enum reason)(REASON_QUOTE_SIGNATURE + i), NULL, 0, NULL, NULL);
    }
    for (int i = 0; i < 10; i++) {
        verdict_add(&verdict, (enum reason)(REASON_LOG_MISSING + i), NULL, 0, NULL, NULL);
    }
    CHECK_EQ(verdict.n_reasons, LIMIT_REASONS);
    CHECK_EQ(verdict.reasons[0], REASON_QUOTE_SIGNATURE);
}

static void
the_services_own_fault_is_no_mark_on_the_device(void)
{
    struct verdict verdict = all_passed();

    (void)verdict_check(&verdict, &verdict.reference, false, RULE_GOLDEN_EMPTY);
    CHECK_EQ(verdict_tier(&verdict), TIER_NONE);
}

/* `else warn` on what usually fails, and the other way. */
static void
a_finding_has_its_own_effect(void)
{
    struct verdict verdict = all_passed();
    struct finding finding = {.reason = REASON_BOOT_IMAGE_UNKNOWN,
                              .effect = EFFECT_WARN,
                              .pcr = 4,
                              .policy_rule = bytes_str("chain")};

    verdict_note(&verdict, &finding);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    CHECK_STR(verdict.policy_rule, "");
    finding.effect = EFFECT_NOTE; /* a milder finding changes nothing */
    verdict_note(&verdict, &finding);
    CHECK_EQ(verdict.effects[0], EFFECT_WARN);
    verdict_add(&verdict, REASON_LOG_TRUNCATED, NULL, FAULT_NO_EVENT, NULL, NULL);
    finding.effect = EFFECT_FAIL; /* a graver one does */
    verdict_note(&verdict, &finding);
    CHECK_EQ(verdict.n_reasons, 2);
    CHECK_EQ(verdict.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(verdict.effects[0], EFFECT_FAIL);
    CHECK_EQ(verdict.effects[1], EFFECT_WARN);
    CHECK_STR(verdict.policy_rule, "chain");
    CHECK_EQ(verdict.pcr, 4);
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED);
}

CHECK_MAIN(CASE(a_finding_has_its_own_effect), CASE(a_verdict_that_nobody_filled_is_a_refusal),
           CASE(each_check_alone_can_refuse), CASE(policy_alone_does_not_make_evidence_false),
           CASE(a_failing_reason_refuses_even_if_all_checks_passed), CASE(the_first_cause_stays),
           CASE(many_reasons_keep_the_gravest),
           CASE(the_services_own_fault_is_no_mark_on_the_device))
