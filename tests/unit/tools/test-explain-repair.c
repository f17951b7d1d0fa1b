/* explain-repair: which other values would let a boot pass; each is tried by the judge, and what is
 * not needed is left out. */
#include "explain/explain-repair.h"

#include "lib/explain-rig.h"
#include "lib/kept-rig.h"

static struct repair repair;

/* The device booted the log as scene.h has it, by scene.policy. */
static void
find(void)
{
    static uint64_t sequence = 1;

    explain_rig_publish(++sequence);
    explain_rig_boot(scene_log(), TIER_CONTRAINDICATED, REASON_BOOT_IMAGE_UNKNOWN);
    CHECK(explain_rig_case()->has_cause);
    CHECK_EQ(explain_repair(&explain_rig.c, &repair), 0);
}

static void
is_step(size_t i, const char *rule, int64_t event, bool tried, const char *instead)
{
    const struct repair_step *step = &repair.steps[i];
    struct bytes id;

    CHECK(i < repair.n);
    id = explain_case_rule(&explain_rig.c, step->rule)->id;
    CHECK_BYTES(id, bytes_str(rule));
    CHECK_EQ(step->event == FAULT_NO_EVENT ? -1 : (int64_t)step->event, event);
    CHECK_EQ(step->tried, tried);
    CHECK(strncmp(step->instead, instead, strlen(instead)) == 0);
}

/* The kernel is measured twice, in PCR 4 and by shim: both are one value. */
static void
one_unknown_image_needs_one_value(void)
{
    explain_rig_start();
    scene_measure(39, bytes_str("evil"));
    scene_measure(40, bytes_str("evil"));
    find();
    CHECK(repair.passes && repair.n == 1);
    is_step(0, "chain", 39, true, "5f21ff2c0d5d8998 of os/n/1");
}

static void
two_values_of_one_rule_are_two_steps(void)
{
    explain_rig_start();
    scene_measure(30, bytes_str("other grub"));
    scene_measure(39, bytes_str("evil"));
    scene_measure(40, bytes_str("evil"));
    find();
    CHECK(repair.passes && repair.n == 2);
    is_step(0, "chain", 30, true, "a68f6d71ebddaa19 of os/n/1");
    is_step(1, "chain", 39, true, "5f21ff2c0d5d8998 of os/n/1");
}

static void
values_of_two_rules_are_named_in_the_order_of_the_boot(void)
{
    explain_rig_start();
    scene_measure(43, bytes_str("other initrd"));
    scene_measure(39, bytes_str("evil"));
    scene_measure(40, bytes_str("evil"));
    find();
    CHECK(repair.passes && repair.n == 2);
    is_step(0, "chain", 39, true, "5f21ff2c0d5d8998");
    is_step(1, "initrd", 43, true, "d7c9eb3c0c0261aa");
}

/* No value of a set is a text: what a rule of words expects is told, and not tried. */
static void
a_word_is_set_aside(void)
{
    explain_rig_start();
    scene_rule("cmdline", "rule cmdline : boot.cmdline tokens @cmdline/mine count 1..1");
    scene_add("\ncmdline mine {\n  require lockdown=integrity\n  allow *\n}\n");
    find();
    CHECK(repair.passes && repair.n == 1);
    is_step(0, "cmdline", 41, false, "the word lockdown=integrity");
    CHECK_EQ(repair.steps[0].slot, SLOT_BOOT_CMDLINE);
}

static void
a_word_too_many_is_told_as_one(void)
{
    explain_rig_start();
    scene_rule("cmdline", "rule cmdline : boot.cmdline tokens @cmdline/mine count 1..1");
    scene_add("\ncmdline mine {\n  allow *\n  deny quiet\n}\n");
    find();
    CHECK(repair.passes && repair.n == 1);
    is_step(0, "cmdline", 41, false, "no quiet");
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("  event 41 boot.cmdline, rule cmdline: needs no quiet\n"));
}

static void
what_is_missing_is_set_aside(void)
{
    explain_rig_start();
    scene_cut(43); /* no initrd */
    find();
    CHECK(repair.passes && repair.n == 1);
    is_step(0, "initrd", -1, false, "n 1 d7c9eb3c0c0261aa (active)");
}

/* Two releases, each whole: the kernel of the one with the initrd of the other. One value mends
 * it. */
static void
a_mixture_is_mended_by_one_value(void)
{
    explain_rig_start();
    scene_measure(43, bytes_str("second initrd"));
    scene_add(scene_format("\nrelease os n 2 {\n"
                           "  vmlinuz sha256:%s\n  initrd %s\n}\n",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                           scene_digest(43)));
    find();
    CHECK_EQ(explain_rig.c.cause.reason, REASON_RELEASE_MIXED);
    CHECK(repair.passes && repair.n == 1);
    is_step(0, "initrd", 43, true, "d7c9eb3c0c0261aa of os/n/1");
}

/* A value that waits is none that would pass. */
static void
staged_values_are_not_tried(void)
{
    explain_rig_start();
    scene_measure(43, bytes_str("second initrd"));
    scene_add(
        scene_format("\nrelease os n 2 {\n  state staged\n  initrd %s\n}\n", scene_digest(43)));
    find();
    CHECK(repair.passes && repair.n == 1);
    is_step(0, "initrd", 43, true, "d7c9eb3c0c0261aa of os/n/1");
}

static void
a_pinned_value_is_tried(void)
{
    struct store_pin pin = {.slot = "gpt", .value_len = 32};

    explain_rig_start();
    scene_rule("gpt", "rule gpt : gpt device-pin");
    memcpy(pin.value, scene.events[23].digest[1], 32);
    CHECK_EQ(store_pin_put(explain_rig.store, explain_rig.device.id, PINS_HELD, &pin), 0);
    scene_data(23, bytes_str("another table"));
    find();
    CHECK(repair.passes && repair.n == 1);
    is_step(0, "gpt", 23, true, "451a58c830305657 that is pinned");
}

/* What the schema refuses, no policy's value mends. */
static void
what_no_value_changes_is_left(void)
{
    explain_rig_start();
    scene_measure(39, bytes_str("evil"));
    scene_measure(40, bytes_str("evil"));
    scene_copy(19, 20); /* a second separator of PCR 4 */
    find();
    CHECK(!repair.passes);
    CHECK_EQ(repair.left, REASON_SEPARATOR_DUPLICATE);
    CHECK(repair.n > 0);
}

static void
a_boot_that_is_another_one_needs_too_much(void)
{
    explain_rig_start();
    for (size_t event = 1; event < scene.n; event++) {
        if (scene.events[event].type != 4) {
            scene_measure(event, bytes_of(&event, sizeof(event)));
        }
    }
    find();
    CHECK(repair.n <= REPAIR_STEPS);
    CHECK(repair.n_judged < 5000);
    for (size_t i = 0; i + 1 < repair.n; i++) {
        CHECK(repair.steps[i].rule != EXPLAIN_NO_RULE || repair.steps[i].event != FAULT_NO_EVENT);
    }
}

/* With the values exchanged the judge says yes: no step is there that it could do without. */
static void
each_step_is_needed(void)
{
    explain_rig_start();
    scene_measure(30, bytes_str("a"));
    scene_measure(38, bytes_str("b"));
    scene_measure(43, bytes_str("c"));
    find();
    CHECK(repair.passes && repair.n == 3);
    for (size_t i = 0; i < repair.n; i++) {
        for (size_t k = i + 1; k < repair.n; k++) {
            CHECK(repair.steps[i].event != repair.steps[k].event);
        }
    }
}

static void
a_log_without_the_bank_has_no_repair(void)
{
    explain_rig_start();
    scene_swap("quote   sha256", "quote sha512");
    explain_rig_publish(9);
    explain_rig_boot(scene_log(), TIER_CONTRAINDICATED, REASON_BANK_MISSING_IN_LOG);
    CHECK(explain_rig_case()->has_cause);
    CHECK_EQ(explain_repair(&explain_rig.c, &repair), 0);
    CHECK(!repair.passes && repair.n == 0 && repair.left == REASON_BANK_MISSING_IN_LOG);
}

CHECK_MAIN(CASE(one_unknown_image_needs_one_value), CASE(two_values_of_one_rule_are_two_steps),
           CASE(values_of_two_rules_are_named_in_the_order_of_the_boot), CASE(a_word_is_set_aside),
           CASE(a_word_too_many_is_told_as_one), CASE(what_is_missing_is_set_aside),
           CASE(a_mixture_is_mended_by_one_value), CASE(staged_values_are_not_tried),
           CASE(a_pinned_value_is_tried), CASE(what_no_value_changes_is_left),
           CASE(a_boot_that_is_another_one_needs_too_much), CASE(each_step_is_needed),
           CASE(a_log_without_the_bank_has_no_repair))
