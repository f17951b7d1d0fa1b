/* Policies for groups: which of several judges a device, and that it is the present one from the
 * next evidence on, whatever it was judged by before. */
#include "lib/check.h"
#include "lib/policy-play.h"

#define PILOT_HEADING                     \
    "policy pilot version 1 schema 1 {\n" \
    "  applies class in { c } group pilots\n  quote sha256 pcrs 0-9,14\n"

#define OTHER_HEADING                     \
    "policy other version 1 schema 1 {\n" \
    "  applies class in { d } group pilots\n  quote sha256 pcrs 0-9,14\n"

/* An operator's command about the device. */
static int
command(const char *const *words, size_t n)
{
    static char json[8192];

    return keeper_rig_command(&play.rig, words, n, json, sizeof(json));
}

#define COMMAND(...) \
    command((const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

static int
edit_groups(const char *word)
{
    char of[65];

    keeper_rig_fingerprint(&play.rig, of);
    return COMMAND("device", "group", of, word);
}

/* Texts of several policies: what comes behind the first is the next one's rules and sets. */
static void
publish_both(const char *first_head, const char *second_head, const char *second_images)
{
    static char text[16384];
    size_t len =
        (size_t)snprintf(text, sizeof(text), "%s", policy_play_text(first_head, PLAY_IMAGES, ""));
    char *sets = strstr(text, "\nset digests");

    CHECK(sets && len < sizeof(text));
    *sets = '\0';
    len = (size_t)(sets - text);
    snprintf(text + len, sizeof(text) - len, "\n%s",
             policy_play_text(second_head, second_images, ""));
    policy_play_publish(text, 0);
}

/* The last evidence was judged by this policy, or for `reason` by none. */
static void
judged_by(const char *policy, enum reason reason)
{
    struct answer answer = policy_play_attest();
    struct store_last last = policy_play_last();

    CHECK_STR(last.policy, policy);
    CHECK_EQ(answer.n_reasons ? answer.reasons[0] : REASON_NONE, reason);
    CHECK_EQ(answer.cwt.p != NULL, reason == REASON_QUIRK_USED || reason == REASON_NONE);
}

static void
a_policy_of_a_group_comes_before_that_of_the_class(void)
{
    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    CHECK_EQ(COMMAND("group", "add", "pilots"), 0);
    publish_both(PLAY_HEADING, PILOT_HEADING, PLAY_IMAGES);
    judged_by("laptop:3", REASON_QUIRK_USED);
    CHECK_EQ(edit_groups("+pilots"), 0);
    judged_by("pilot:1", REASON_QUIRK_USED);
    /* the nearest that must be refused: its group's policy wants one image less */
    publish_both(PLAY_HEADING, PILOT_HEADING,
                 "  rule images : boot.images one-of @t/images count 1..2\n");
    judged_by("pilot:1", REASON_EVT_COUNT_HIGH);
    CHECK_EQ(edit_groups("-pilots"), 0);
    judged_by("laptop:3", REASON_QUIRK_USED);
    CHECK_EQ(edit_groups("+pilots"), 0);
    judged_by("pilot:1", REASON_EVT_COUNT_HIGH);
    CHECK_EQ(COMMAND("group", "remove", "pilots", "with-members"), 0);
    judged_by("laptop:3", REASON_QUIRK_USED);
    play_done();
}

/* 801: what the class learnt once is not what judges it now. */
static void
a_class_whose_policies_are_for_groups_has_none_for_others(void)
{
    struct store_last last;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    CHECK_EQ(COMMAND("group", "add", "pilots"), 0);
    policy_play_publish(policy_play_text(PILOT_HEADING, PLAY_IMAGES, ""), 0);
    judged_by("", REASON_POLICY_MISSING);
    last = policy_play_last();
    CHECK_STR(last.fault_rule, "policy-apart");
    CHECK_EQ(last.tier, TIER_NONE);
    CHECK_EQ(edit_groups("+pilots"), 0);
    judged_by("pilot:1", REASON_QUIRK_USED);
    policy_play_publish(policy_play_text(OTHER_HEADING, PLAY_IMAGES, ""), 0);
    judged_by("", REASON_NONE); /* nothing is said of the class: its references, as before */
    play_done();
}

static void
two_policies_for_groups_of_a_device_judge_it_by_neither(void)
{
    static const char field[] = "policy field version 2 schema 1 {\n"
                                "  applies class in { c } group field\n"
                                "  quote sha256 pcrs 0-9,14\n";
    struct store_last last;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    CHECK_EQ(COMMAND("group", "add", "pilots"), 0);
    CHECK_EQ(COMMAND("group", "add", "field"), 0);
    CHECK_EQ(edit_groups("+pilots"), 0);
    CHECK_EQ(edit_groups("+field"), 0);
    publish_both(field, PILOT_HEADING, PLAY_IMAGES);
    judged_by("", REASON_POLICY_MISSING);
    last = policy_play_last();
    CHECK_STR(last.fault_rule, "policy-two");
    CHECK_STR(last.fault_seen, "field and pilot");
    CHECK_EQ(edit_groups("-field"), 0);
    judged_by("pilot:1", REASON_QUIRK_USED);
    CHECK_EQ(edit_groups("+field"), 1); /* said before it happens */
    judged_by("pilot:1", REASON_QUIRK_USED);
    play_done();
}

/* The same boot again and again: only what is for the device changes. What its policies learnt of
 * it stays with it, since pins are the device's. */
static void
pins_of_one_policy_hold_under_another(void)
{
    size_t pins;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    CHECK_EQ(COMMAND("group", "add", "pilots"), 0);
    publish_both(PLAY_HEADING, PILOT_HEADING, PLAY_IMAGES);
    judged_by("laptop:3", REASON_QUIRK_USED);
    pins = policy_play_pins();
    CHECK(pins > 0);
    CHECK_EQ(edit_groups("+pilots"), 0);
    judged_by("pilot:1", REASON_QUIRK_USED);
    CHECK_EQ(policy_play_pins(), pins);
    policy_play_change_text(5, PLAY_EV_GPT, 0); /* another disk than the one that was pinned then */
    CHECK_EQ(policy_play_attest().tier, TIER_WARNING);
    CHECK_STR(policy_play_last().policy, "pilot:1");
    play_done();
}

CHECK_MAIN(CASE(a_policy_of_a_group_comes_before_that_of_the_class),
           CASE(a_class_whose_policies_are_for_groups_has_none_for_others),
           CASE(two_policies_for_groups_of_a_device_judge_it_by_neither),
           CASE(pins_of_one_policy_hold_under_another))
