/* explain-case: the first cause as an explanation has it, and which rule is next behind it. */
#include "explain/explain-case.h"

#include "lib/explain-rig.h"

/* The device booted the log as scene.h has it, by scene.policy. */
static struct explain_case *
booted(void)
{
    static uint64_t sequence = 1;

    explain_rig_publish(++sequence);
    explain_rig_boot(scene_log(), TIER_CONTRAINDICATED, REASON_BOOT_IMAGE_UNKNOWN);
    return explain_rig_case();
}

static struct bytes
id_of(size_t rule)
{
    CHECK(rule != EXPLAIN_NO_RULE);
    return explain_case_rule(&explain_rig.c, rule)->id;
}

static void
the_first_in_the_boots_order_is_the_cause(void)
{
    const struct explain_case *c;

    explain_rig_start();
    scene_measure(43, bytes_str("initrd"));
    scene_measure(30, bytes_str("grub"));
    c = booted();
    CHECK(c->has_cause && c->cause.index == 30 && c->cause.pcr == 4);
    CHECK_BYTES(id_of(c->cause.rule), bytes_str("chain"));
    CHECK_EQ(c->cause.check, RULE_NONE);
    CHECK(c->cause.event && !c->cause.event->verified);
}

static void
what_is_missing_comes_behind_what_is_there(void)
{
    const struct explain_case *c;

    explain_rig_start();
    scene_measure(30, bytes_str("grub"));
    scene_cut(43);
    c = booted();
    CHECK_BYTES(id_of(c->cause.rule), bytes_str("chain"));
    explain_rig_start();
    scene_cut(43);
    c = booted();
    CHECK_BYTES(id_of(c->cause.rule), bytes_str("initrd"));
    CHECK(!c->cause.event && c->cause.index == FAULT_NO_EVENT);
}

static void
rules_that_are_past_are_left_out(void)
{
    bool past[LIMIT_POLICY_RULES] = {false};
    const struct explain_case *c;
    size_t first, second;

    explain_rig_start();
    scene_measure(30, bytes_str("grub"));
    scene_measure(43, bytes_str("initrd"));
    c = booted();
    first = explain_case_next(c, &c->judged.told, past, EFFECT_FAIL);
    CHECK_EQ(first, c->cause.rule);
    past[first] = true;
    second = explain_case_next(c, &c->judged.told, past, EFFECT_FAIL);
    CHECK_BYTES(id_of(second), bytes_str("initrd"));
    past[second] = true;
    CHECK_EQ(explain_case_next(c, &c->judged.told, past, EFFECT_FAIL), EXPLAIN_NO_RULE);
    CHECK_BYTES(id_of(explain_case_next(c, &c->judged.told, past, EFFECT_WARN)), bytes_str("rtm"));
}

static void
an_unclaimed_event_before_it_is_the_cause(void)
{
    const struct explain_case *c;

    explain_rig_start();
    scene_rule("gpt", "# none for partitions");
    scene_measure(43, bytes_str("initrd"));
    c = booted();
    CHECK(c->cause.rule == EXPLAIN_NO_RULE && c->cause.reason == REASON_EVT_UNCLAIMED);
    CHECK(c->cause.event && c->cause.event->slot == SLOT_GPT);
}

static void
what_the_schema_refuses_is_the_cause_before_rules(void)
{
    const struct explain_case *c;

    explain_rig_start();
    scene_measure(43, bytes_str("initrd"));
    scene_copy(19, 20); /* a second separator of PCR 4 */
    c = booted();
    CHECK(c->cause.rule == EXPLAIN_NO_RULE && c->cause.check != RULE_NONE);
    CHECK_EQ(c->cause.reason, REASON_SEPARATOR_DUPLICATE);
}

static void
nothing_at_fault_is_no_cause(void)
{
    explain_rig_start();
    CHECK(!booted()->has_cause);
    CHECK(explain_rig.c.opinion.token && explain_case_is_last(&explain_rig.c));
}

static void
a_log_of_the_accepted_boot_that_is_gone_is_a_comparison_less(void)
{
    struct store_evidence evidence;

    explain_rig_start();
    CHECK(booted()->has_accepted);
    CHECK_EQ(store_evidence_get(explain_rig.store, explain_rig.device.id, &evidence), 0);
    memset(evidence.accepted_log, 6, 32);
    CHECK_EQ(store_evidence_put(explain_rig.store, &evidence), 0);
    CHECK(!explain_rig_case()->has_accepted);
    CHECK_EQ(explain_rig.c.why, REJUDGE_JUDGED);
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("diff         no log of accepted evidence is kept to compare with\n"));
}

static void
a_log_that_is_none_is_no_judgement(void)
{
    explain_rig_start();
    explain_rig_boot(bytes_str("no log"), TIER_CONTRAINDICATED, REASON_LOG_PARSE);
    CHECK_EQ(explain_rig_case()->why, REJUDGE_BAD_LOG);
    (void)explain_rig_text(false);
    CHECK_STR(explain_rig_word("kept.why"), "bad-log");
    CHECK(explain_rig_says("was refused  202 LOG_PARSE"));
}

static void
ages_that_nobody_knows_are_said(void)
{
    struct store_last last;

    explain_rig_start();
    scene_swap("mode    enforce", "fresh boot 2h else fail\n  mode enforce");
    CHECK(!booted()->no_ages);
    CHECK_EQ(store_last_get(explain_rig.store, explain_rig.device.id, &last), 0);
    last.arrived_ms++;
    CHECK_EQ(store_last_put(explain_rig.store, explain_rig.device.id, &last), 0);
    CHECK(explain_rig_case()->no_ages && explain_rig.c.why == REJUDGE_JUDGED);
    CHECK(!explain_case_is_last(&explain_rig.c));
}

CHECK_MAIN(CASE(the_first_in_the_boots_order_is_the_cause),
           CASE(what_is_missing_comes_behind_what_is_there), CASE(rules_that_are_past_are_left_out),
           CASE(an_unclaimed_event_before_it_is_the_cause),
           CASE(what_the_schema_refuses_is_the_cause_before_rules),
           CASE(nothing_at_fault_is_no_cause),
           CASE(a_log_of_the_accepted_boot_that_is_gone_is_a_comparison_less),
           CASE(a_log_that_is_none_is_no_judgement), CASE(ages_that_nobody_knows_are_said))
