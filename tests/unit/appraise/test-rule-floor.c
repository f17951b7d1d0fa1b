/* `at-least floor(C)` and the highest svn that the device was accepted with. */
#include "lib/check.h"
#include "lib/rule-play.h"

#define FLOOR "  rule mine : boot.kernel at-least floor(os,3)\n"
#define RELEASES                                                                                  \
    "release os corp 1 { svn 3 kernel " D(                                                        \
        "01") "}\n"                                                                               \
              "release os corp 2 { svn 4 kernel " D(                                              \
                  "02") "}\n"                                                                     \
                        "release os corp 3 { svn 5 kernel " D("02")                               \
                            D("03") "}\n"                                                         \
                                    "release os corp 0 { svn 2 kernel " D(                        \
                                        "04") "}\n"                                               \
                                              "release os corp 4 { svn 6 state staged kernel " D( \
                                                  "05") "}\n"                                     \
                                                        "release fw corp 4 { svn 9 kernel " D(    \
                                                            "06") "}\n"

static void
start(uint8_t kernel, const char *mark)
{
    rule_play_rules(FLOOR, RELEASES);
    rule_play.input.may_pin = true;
    rule_play_event(SLOT_BOOT_KERNEL, kernel, NULL);
    if (mark) {
        rule_play_pin(SLOT_BOOT_KERNEL, "svn:os", bytes_str(mark));
    }
}

/* The mark that the boot would leave; empty: none is moved. */
static struct bytes
learnt(void)
{
    const struct rule_judgement *judgement = &rule_play.judgement;

    (void)rule_play_rule("mine");
    CHECK(judgement->n_learnt <= 1);
    if (judgement->n_learnt == 0) {
        return BYTES_NULL;
    }
    CHECK_EQ(judgement->learnt[0].slot, SLOT_BOOT_KERNEL);
    CHECK_BYTES(judgement->learnt[0].name, bytes_str("svn:os"));
    return judgement->learnt[0].value;
}

static void
the_first_boot_leaves_its_svn(void)
{
    start(1, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_BYTES(learnt(), bytes_str("3"));
    CHECK(!rule_play_rule("mine")->learns); /* nothing waits to be pinned that the rule needs */
    rule_play.input.may_pin = false;
    CHECK(!learnt().p);
}

static void
a_newer_one_raises_it_and_the_same_does_not(void)
{
    start(2, "3");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_BYTES(learnt(), bytes_str("5")); /* the newest of the releases that it is of */
    start(2, "5");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(!learnt().p);
}

/* Though the floor is met. */
static void
an_older_one_than_before_is_a_rollback(void)
{
    start(1, "4");
    CHECK_EQ(rule_play_reason("mine"), REASON_OS_ROLLBACK);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_FAIL);
    CHECK_BYTES(rule_play_rule("mine")->token, bytes_str("svn 3 after 4"));
    CHECK(!learnt().p);
    CHECK_EQ(rule_play.judgement.n_shown, 1); /* an operator may say that it is well */
    CHECK_BYTES(rule_play.judgement.shown[0].name, bytes_str("svn:os"));
    CHECK_BYTES(rule_play.judgement.shown[0].value, bytes_str("3"));
    start(1, "3");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
}

/* What the class refuses no operator accepts for one device. */
static void
what_is_below_the_floor_is_not_shown(void)
{
    start(4, "4");
    CHECK_EQ(rule_play_reason("mine"), REASON_OS_ROLLBACK);
    CHECK(rule_play_rule("mine")->token.len == 0);
    CHECK_EQ(rule_play.judgement.n_shown, 0);
    CHECK(!learnt().p);
    start(1, "4"); /* and one that only the mark refuses, beside it */
    rule_play_event(SLOT_BOOT_KERNEL, 4, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_OS_ROLLBACK);
    CHECK_EQ(rule_play.judgement.n_shown, 0);
}

/* The oldest of what ran is what the device runs. */
static void
one_old_part_is_enough(void)
{
    start(2, "4");
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_OS_ROLLBACK);
    CHECK_EQ(rule_play_rule("mine")->event, 1);
    start(2, NULL);
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    CHECK_BYTES(learnt(), bytes_str("3"));
}

/* Slot A and slot B within the overlap: the state of the release warns, and no more. */
static void
who_falls_back_within_the_overlap_is_held_to_the_floor_alone(void)
{
    rule_play_rules(FLOOR, "release os corp 1 { svn 3 state retiring kernel " D(
                               "01") "}\n"
                                     "release os corp 2 { svn 4 kernel " D("02") "}\n");
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    rule_play_pin(SLOT_BOOT_KERNEL, "svn:os", bytes_str("4"));
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
}

/* It may never become active. */
static void
a_staged_release_raises_nothing(void)
{
    start(5, "4");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(!learnt().p);
}

static void
a_mark_is_of_its_component_and_slot(void)
{
    start(1, NULL);
    rule_play_pin(SLOT_BOOT_KERNEL, "svn:fw", bytes_str("9"));
    rule_play_pin(SLOT_BOOT_IMAGES, "svn:os", bytes_str("9"));
    rule_play_pin(SLOT_BOOT_KERNEL, "os", bytes_str("9"));
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    start(6, "9"); /* of another component: of none of this one's releases */
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

static void
what_is_no_number_holds_nobody(void)
{
    static const char *const odd[] = {"", "x", "4x", "-4", " 4", "99999999999999999999"};

    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        start(1, odd[i]);
        CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    }
    start(1, "9999999999999999999");
    CHECK_EQ(rule_play_reason("mine"), REASON_OS_ROLLBACK);
}

/* What a boot shows to other rules fills the room that is kept for words, and hides no mark. */
static void
a_room_that_is_full_hides_no_mark(void)
{
    static char word[1024];

    rule_play_rules("  rule a : boot.cmdline tokens @cmdline/c count 0..99 else warn\n" FLOOR,
                    RELEASES "cmdline c { bind a={a} }\n");
    memset(word, 'x', sizeof(word) - 1);
    memcpy(word, "a=", 2);
    for (int i = 0; i < 40; i++) {
        word[sizeof(word) - 2] = (char)('A' + i);
        rule_play_event(SLOT_BOOT_CMDLINE, (uint8_t)(0x20 + i), check_keep(strdup(word)));
    }
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    rule_play_pin(SLOT_BOOT_KERNEL, "svn:os", bytes_str("4"));
    rule_play_pin(SLOT_BOOT_CMDLINE, "a", bytes_str("other"));
    CHECK_EQ(rule_play_reason("mine"), REASON_OS_ROLLBACK);
}

/* Two rules of a slot, one mark. */
static void
the_same_asked_twice_is_kept_once(void)
{
    rule_play_rules(FLOOR "  rule too : boot.kernel at-least floor(os,2)\n", RELEASES);
    rule_play.input.may_pin = true;
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    CHECK_BYTES(learnt(), bytes_str("3"));
}

#define LONG_44 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr"

/* A component whose name leaves no room for the mark's has none. */
static void
a_component_of_the_longest_name_has_no_mark(void)
{
    rule_play_rules("  rule mine : boot.kernel at-least floor(" LONG_44 "s,3)\n",
                    "release " LONG_44 "s corp 1 { svn 3 k " D("01") "}\n");
    rule_play.input.may_pin = true;
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(!learnt().p);
    rule_play_rules("  rule mine : boot.kernel at-least floor(" LONG_44 ",3)\n",
                    "release " LONG_44 " corp 1 { svn 3 k " D("01") "}\n");
    rule_play.input.may_pin = true;
    rule_play_event(SLOT_BOOT_KERNEL, 1, NULL);
    (void)rule_play_rule("mine");
    CHECK_EQ(rule_play.judgement.n_learnt, 1);
}

CHECK_MAIN(CASE(the_first_boot_leaves_its_svn), CASE(a_newer_one_raises_it_and_the_same_does_not),
           CASE(an_older_one_than_before_is_a_rollback), CASE(what_is_below_the_floor_is_not_shown),
           CASE(one_old_part_is_enough),
           CASE(who_falls_back_within_the_overlap_is_held_to_the_floor_alone),
           CASE(a_staged_release_raises_nothing), CASE(a_mark_is_of_its_component_and_slot),
           CASE(what_is_no_number_holds_nobody), CASE(the_same_asked_twice_is_kept_once),
           CASE(a_component_of_the_longest_name_has_no_mark),
           CASE(a_room_that_is_full_hides_no_mark))
