/* boot-beside: what a policy asks beside its rules. */
#include "appraise/boot-beside.h"

#include "lib/check.h"

static struct bundle_policy policy;
static struct boot_told told;
static struct verdict verdict;

static void
ask(struct boot_beside beside)
{
    told.policy = &policy;
    verdict = (struct verdict){0};
    boot_beside(&told, &beside, &verdict);
}

static void
is_fine(struct boot_beside beside)
{
    ask(beside);
    CHECK_EQ(verdict.n_reasons, 0);
}

static void
is(struct boot_beside beside, enum reason reason, enum reason_effect effect)
{
    ask(beside);
    CHECK_EQ(verdict.n_reasons, 1);
    CHECK_EQ(verdict.reasons[0], reason);
    CHECK_EQ(verdict.effects[0], effect);
}

static void
a_policy_that_asks_nothing_has_what_it_wants(void)
{
    is_fine((struct boot_beside){.evidence_ms = INT64_MAX, .boot_ms = INT64_MAX});
}

static void
an_age_is_too_old_above_its_limit_only(void)
{
    policy.fresh_evidence_s = 300;
    policy.fresh_else = EFFECT_WARN;
    is_fine((struct boot_beside){.evidence_ms = 300000});
    is((struct boot_beside){.evidence_ms = 300001}, REASON_EVIDENCE_STALE, EFFECT_WARN);
    CHECK_STR(verdict.seen, "");
    policy.fresh_else = EFFECT_FAIL;
    is((struct boot_beside){.evidence_ms = 300001}, REASON_EVIDENCE_STALE, EFFECT_FAIL);
    CHECK_STR(verdict.seen, "its challenge is older");
    policy.fresh_boot_s = 60;
    is((struct boot_beside){.boot_ms = 60001}, REASON_EVIDENCE_STALE, EFFECT_FAIL);
    CHECK_STR(verdict.seen, "the boot is older");
    is_fine((struct boot_beside){.boot_ms = 60000});
}

static void
an_ak_is_of_a_kind_that_is_taken(void)
{
    policy.ak = BUNDLE_KEY_P256 | BUNDLE_KEY_RSA2048;
    is_fine((struct boot_beside){.key = BUNDLE_KEY_P256});
    is_fine((struct boot_beside){.key = BUNDLE_KEY_RSA2048});
    is((struct boot_beside){.key = BUNDLE_KEY_P384}, REASON_QUOTE_ALG, EFFECT_FAIL);
    is((struct boot_beside){.key = 0}, REASON_QUOTE_ALG, EFFECT_FAIL);
}

/* Whoever shares a judgement by these bits shares what is told. */
static void
what_is_amiss_is_what_is_told(void)
{
    static const struct boot_beside all[] = {
        {.evidence_ms = 300000, .boot_ms = 60000, .key = BUNDLE_KEY_P256},
        {.evidence_ms = 300001, .boot_ms = 60000, .key = BUNDLE_KEY_P256},
        {.evidence_ms = 300000, .boot_ms = 60001, .key = BUNDLE_KEY_P256},
        {.evidence_ms = 300000, .boot_ms = 60000, .key = BUNDLE_KEY_P384},
        {.evidence_ms = 300001, .boot_ms = 60001, .key = 0},
    };
    static const unsigned amiss[] = {0, BESIDE_EVIDENCE_OLD, BESIDE_BOOT_OLD, BESIDE_KEY_OTHER,
                                     BESIDE_EVIDENCE_OLD | BESIDE_BOOT_OLD | BESIDE_KEY_OTHER};

    policy.fresh_evidence_s = 300;
    policy.fresh_boot_s = 60;
    policy.ak = BUNDLE_KEY_P256;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CHECK_EQ(boot_beside_amiss(&policy, &all[i]), amiss[i]);
        ask(all[i]);
        CHECK_EQ(verdict.n_reasons > 0, amiss[i] != 0);
    }
}

static void
mode_observe_forgives(void)
{
    told.observed = true;
    policy.fresh_boot_s = 1;
    policy.fresh_else = EFFECT_FAIL;
    policy.ak = BUNDLE_KEY_P256;
    is((struct boot_beside){.key = 0}, REASON_QUOTE_ALG, EFFECT_WARN);
    is((struct boot_beside){.key = BUNDLE_KEY_P256, .boot_ms = 1001}, REASON_EVIDENCE_STALE,
       EFFECT_WARN);
    policy.fresh_else = EFFECT_NOTE;
    is((struct boot_beside){.key = BUNDLE_KEY_P256, .boot_ms = 1001}, REASON_EVIDENCE_STALE,
       EFFECT_NOTE);
}

static void
the_floor_is_a_tier(void)
{
    policy.token_floor = BUNDLE_TIER_WARNING;
    CHECK(boot_floor_met(&policy, TIER_AFFIRMING) && boot_floor_met(&policy, TIER_WARNING));
    policy.token_floor = BUNDLE_TIER_AFFIRMING;
    CHECK(boot_floor_met(&policy, TIER_AFFIRMING) && !boot_floor_met(&policy, TIER_WARNING));
}

CHECK_MAIN(CASE(a_policy_that_asks_nothing_has_what_it_wants),
           CASE(an_age_is_too_old_above_its_limit_only), CASE(an_ak_is_of_a_kind_that_is_taken),
           CASE(what_is_amiss_is_what_is_told), CASE(mode_observe_forgives),
           CASE(the_floor_is_a_tier))
