/* Firmware, its settings and its boot menu: scenarios 2, 3, 7, 8, 11, 49. The log is
 * scene_laptop()'s, changed as each case says. */
#include "formats/evtype.h"
#include "lib/cohort-rig.h"

static void
plug_a_stick(void)
{
    size_t order = scene_variable("BootOrder");

    scene_copy(scene_variable("Boot0001"), order + 1);
    scene_value(order + 1, "Boot0007", check_hex("01000000 0400 5500 5300 4200 0000 7fff0400"));
    scene_value(order, NULL, check_hex("0700 0000 1f00 1a00"));
}

static void
a_stick_changes_the_boot_menu_and_no_verdict(void)
{
    scene_laptop();
    scene_rule("bootvars", "  rule bootvars : boot.vars any count 1..80");
    plug_a_stick();
    scene_says("a USB stick", "", TIER_AFFIRMING);
    scene_claim("pins.changed", "[]");
    scene_vector(2, 2, 3, 2);
}

static void
a_pinned_boot_menu_notes_it(void)
{
    scene_laptop();
    plug_a_stick();
    scene_says("a USB stick, the menu pinned", "506n", TIER_AFFIRMING);
    scene_claim("pins.changed", "[\"boot.vars\"]");
}

static void
a_boot_order_that_was_not_measured_refuses(void)
{
    struct scene_event measured;
    size_t order;

    scene_laptop();
    scene_rule("bootvars", "  rule bootvars : boot.vars any count 1..80");
    order = scene_variable("BootOrder");
    measured = scene.events[order];
    scene_value(order, NULL, check_hex("0700"));
    memcpy(scene.events[order].digest, measured.digest, sizeof(measured.digest));
    scene_says("another BootOrder in the log alone", "207f", TIER_CONTRAINDICATED);
}

static size_t
toggle(void)
{
    size_t flags = scene_find(1, EV_PLATFORM_CONFIG_FLAGS, 0);

    scene_data(flags, bytes_str("FeatureTME=1"));
    return flags;
}

static size_t
other_firmware(const char *content)
{
    size_t blob = scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2);

    scene_measure(blob, bytes_str(content));
    return blob;
}

static void
a_setting_is_noted(void)
{
    scene_laptop();
    (void)toggle();
    scene_says("a setting of the firmware's menu", "312n", TIER_AFFIRMING);
    scene_vector(2, 2, 3, 2);
    CHECK_EQ(learn_rig_rule("config")->outcome, OUTCOME_CHANGED);
}

static void
a_setting_does_not_hide_other_firmware(void)
{
    size_t blob;

    scene_laptop();
    (void)toggle();
    blob = other_firmware("2");
    scene_says("the same with other firmware", "301f 312n", TIER_CONTRAINDICATED);
    scene_cause("fw", blob);
}

/* The vendor's next release, of the firmware that the log now tells of. */
static void
release(const char *version, const char *lines)
{
    scene_add(scene_format("release fw n %s {\n  source vendor lenovo\n%s  variant { %s}\n}\n",
                           version, lines, scene_digests(SLOT_FIRMWARE)));
}

static void
an_update_that_is_active_passes(void)
{
    const struct bundle *bundle;

    scene_laptop();
    (void)other_firmware("2");
    release("2", "  svn 43\n");
    scene_says("the vendor's release 2", "", TIER_AFFIRMING);
    scene_claim("fw.release", "\"n 2\"");
    scene_claim("fw.svn", "43");
    scene_claim("fw.source", "\"vendor\"");
    scene_claim("fw.vendor", "\"lenovo\"");
    scene_claim("fw.version", "\"N40ET41W\""); /* the firmware's own word, which did not change */
    bundle = rulebook_bundle(learn_rig.book);
    CHECK(bytes_equal(bundle->releases[learn_rig_rule("fw")->release].version, bytes_str("2")));
}

static void
an_update_that_is_yet_to_come_refuses(void)
{
    scene_laptop();
    (void)other_firmware("2");
    release("2", "  svn 43\n  state staged\n");
    scene_says("release 2, staged", "305f", TIER_CONTRAINDICATED);
}

static void
both_releases_pass_side_by_side(void)
{
    struct scene_event old;
    size_t blob;

    scene_laptop();
    old = scene.events[scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2)];
    blob = other_firmware("2");
    release("2", "");
    scene_says("who has updated", "", TIER_AFFIRMING);
    scene.events[blob] = old;
    scene_says("who has not", "", TIER_AFFIRMING);
}

static void
unknown_firmware_is_told_by_its_event(void)
{
    size_t blob;

    scene_laptop();
    blob = other_firmware("who knows");
    scene_says("firmware that nobody released", "301f", TIER_CONTRAINDICATED);
    scene_claim("fw.release", "");
    scene_claim("fw.svn", "");
    scene_cause("fw", blob);
    scene_vector(2, 2, 3, 97);
    CHECK_EQ(learn_rig.verdict.pcr, 0);
    CHECK(strstr(learn_rig.verdict.seen, scene_digest(blob)));
    CHECK(strstr(learn_rig.verdict.expected, "n 1 "));
}

/* Two of three devices show it: one would not do, three are asked for, then two. */
static void
a_suggestion_names_the_peers_that_show_it(void)
{
    cohort_rig_start();
    (void)cohort_rig_device(1, scene_log());
    (void)other_firmware("who knows");
    (void)cohort_rig_device(2, scene_log());
    (void)cohort_rig_device(3, scene_log());
    cohort_rig_look(3);
    CHECK_EQ(cohort_rig.suggest->n_groups, 0);
    cohort_rig_look(2);
    (void)cohort_rig_only();
    cohort_rig_has(cohort_rig_say(false, false), "2 devices at 1 sites since 2026-09-21");
    cohort_rig_has(cohort_rig_say(false, false), ": 00000002 00000003\n");
}

static void
half_of_a_release_and_half_of_another_is_neither(void)
{
    scene_laptop();
    (void)other_firmware("2");
    release("2", "");
    scene_measure(scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 1), bytes_str("3"));
    release("3", "");
    scene_measure(scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2), bytes_str("3"));
    scene_says("blobs of two releases", "301f", TIER_CONTRAINDICATED);
}

/* Release 1 is what runs; 0 came before it, approved once. */
static void
approve_an_older_one(const char *floor)
{
    scene_laptop();
    scene_swap("release fw n 1 {\n", "release fw n 1 {\n  svn 42\n");
    (void)other_firmware("0");
    release("0", "  svn 41\n");
    scene_swap("  rule fw : ", scene_format("  rule floor : firmware %s\n  rule fw : ", floor));
}

static void
what_is_older_than_the_floor_refuses(void)
{
    approve_an_older_one("at-least floor(fw,42)");
    scene_says("back to release 0", "303f", TIER_CONTRAINDICATED);
    CHECK_STR(learn_rig.verdict.policy_rule, "floor");
    CHECK_EQ(learn_rig_rule("fw")->outcome, OUTCOME_PASSED); /* approved, but old */
}

static void
what_meets_the_floor_passes(void)
{
    approve_an_older_one("at-least floor(fw,41)");
    scene_says("release 0, the floor is 41", "", TIER_AFFIRMING);
}

/* The operator's window is a bundle that warns, with an end (`--not-after`). */
static void
in_a_window_for_rollbacks_it_warns(void)
{
    approve_an_older_one("at-least floor(fw,42) else warn");
    scene_says("back to release 0, in a window", "303w", TIER_WARNING);
    scene_vector(2, 2, 3, 32);
}

/* A device that was accepted with release 1 and its svn: for it release 0 is too old, whose svn the
 * class's floor still takes. */
static void
back_to(const char *floor, bool accepted_before)
{
    scene_start("evlog/keylime-mb.bin");
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("01"));
    scene_learn();
    scene_swap("release fw n 1 {\n", "release fw n 1 {\n  svn 42\n");
    scene_swap("  rule fw : ", scene_format("  rule floor : firmware %s\n  rule fw : ", floor));
    if (accepted_before) {
        scene_says("release 1, svn 42", "", TIER_AFFIRMING);
        scene_enrol();
    }
    (void)other_firmware("0");
    release("0", "  svn 41\n");
}

static void
what_is_older_than_the_device_was_refuses(void)
{
    back_to("at-least floor(fw,41)", true);
    scene_says("release 0 after release 1, the floor is 41", "303f", TIER_CONTRAINDICATED);
    CHECK_STR(learn_rig.verdict.policy_rule, "floor");
    CHECK_STR(learn_rig.verdict.seen, "svn 41 after 42");
    back_to("at-least floor(fw,41)", false);
    scene_says("release 0 on a device that never had another", "", TIER_AFFIRMING);
}

static void
in_a_window_the_mark_warns_and_stays(void)
{
    back_to("at-least floor(fw,41) else warn", true);
    scene_says("release 0 after release 1, in a window", "303w", TIER_WARNING);
    CHECK_EQ(learn_rig.told.judgement->n_learnt, 0);
    scene_rule("floor", "  rule floor : firmware at-least floor(fw,41)");
    scene_says("the same when the window is over", "303f", TIER_CONTRAINDICATED);
}

/* A device in class n, with firmware of model k, or of no model. */
static void
in_the_class_of_another(const char *blob)
{
    scene_laptop();
    (void)other_firmware("k");
    scene_add(scene_format("release fw k 1 {\n  variant { %s}\n}\n", scene_digests(SLOT_FIRMWARE)));
    (void)other_firmware(blob);
}

static void
hardware_of_another_class_is_told_as_such(void)
{
    in_the_class_of_another("k");
    scene_says("firmware of model k in class n", "712f", TIER_CONTRAINDICATED);
    scene_cause("fw", scene_find(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, 2));
    scene_vector(2, 2, 3, 97);
    scene_swap("one-of @fw/n", "one-of @fw/k"); /* an operator moves it to its class */
    scene_says("the same by the policy of its class", "", TIER_AFFIRMING);
}

static void
firmware_of_no_class_is_unknown(void)
{
    in_the_class_of_another("x");
    scene_says("firmware of no model", "301f", TIER_CONTRAINDICATED);
}

SCENE_MAIN(
    {2,
     "a USB stick changes the boot menu",
     {CASE(a_stick_changes_the_boot_menu_and_no_verdict), CASE(a_pinned_boot_menu_notes_it),
      CASE(a_boot_order_that_was_not_measured_refuses)}},
    {3,
     "a firmware setting is toggled",
     {CASE(a_setting_is_noted), CASE(a_setting_does_not_hide_other_firmware)}},
    {7,
     "a firmware update that its vendor released",
     {CASE(an_update_that_is_active_passes), CASE(an_update_that_is_yet_to_come_refuses),
      CASE(both_releases_pass_side_by_side)}},
    {8,
     "a firmware update that nobody knows",
     {CASE(unknown_firmware_is_told_by_its_event), CASE(a_suggestion_names_the_peers_that_show_it),
      CASE(half_of_a_release_and_half_of_another_is_neither)}},
    {11,
     "firmware set back to an older release",
     {CASE(what_is_older_than_the_floor_refuses), CASE(what_meets_the_floor_passes),
      CASE(in_a_window_for_rollbacks_it_warns), CASE(what_is_older_than_the_device_was_refuses),
      CASE(in_a_window_the_mark_warns_and_stays)}},
    {49,
     "a device in a class of other hardware",
     {CASE(hardware_of_another_class_is_told_as_such), CASE(firmware_of_no_class_is_unknown)}})
