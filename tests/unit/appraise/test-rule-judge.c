/* Each verb of the policy language on small boots: what passes, and the nearest that does not, with
 * its own outcome. */
#include "lib/alloc-count.h"
#include "lib/check.h"
#include "lib/rule-play.h"

static void
what_a_set_holds_passes_and_nothing_else(void)
{
    rule_play_rules("", "");
    rule_play_base();
    CHECK_EQ(rule_play_outcome("base-fw"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.tier, TIER_WARNING); /* nothing affirmed the configuration */
    CHECK_EQ(rule_play.judgement.unclaimed, RULE_NO_EVENT);
    rule_play_event(SLOT_FIRMWARE, 0x55, NULL);
    CHECK_EQ(rule_play_outcome("base-fw"), OUTCOME_UNKNOWN);
    CHECK_EQ(rule_play_rule("base-fw")->event, 2);
    CHECK_EQ(rule_play_reason("base-fw"), REASON_FW_UNKNOWN);
    CHECK_EQ(rule_play.judgement.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_HARDWARE], TIER_CONTRAINDICATED);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_AFFIRMING);
}

static void
a_digest_counts_in_its_own_bank_only(void)
{
    rule_play_rules("", "");
    rule_play_base();
    rule_play.input.bank = HASH_SHA384;
    CHECK_EQ(rule_play_outcome("base-fw"), OUTCOME_UNKNOWN);
}

static void
an_event_without_a_rule_refuses(void)
{
    rule_play_rules("", "");
    rule_play_base();
    rule_play_event(SLOT_GPT, 7, NULL); /* PCR 5 is not quoted */
    (void)rule_play_rule("base-fw");
    CHECK_EQ(rule_play.judgement.unclaimed, RULE_NO_EVENT);
    rule_play_event(SLOT_BOOT_SCRIPT, 7, "set x");
    (void)rule_play_rule("base-fw");
    CHECK_EQ(rule_play.judgement.unclaimed, 3);
    CHECK_EQ(rule_play.judgement.tier, TIER_CONTRAINDICATED);
}

static void
separators_need_no_rule(void)
{
    rule_play_rules("", "");
    rule_play_base();
    rule_play_event(SLOT_SEPARATOR, 7, NULL);
    (void)rule_play_rule("base-fw");
    CHECK_EQ(rule_play.judgement.unclaimed, RULE_NO_EVENT);
}

static void
executables_that_nothing_affirmed_refuse(void)
{
    rule_play_rules("  rule images : boot.images one-of @base/images count 0..4\n", "");
    rule_play_event(SLOT_FIRMWARE, 0xfe, NULL);
    (void)rule_play_rule("images");
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_CONTRAINDICATED);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_HARDWARE], TIER_AFFIRMING);
    rule_play_event(SLOT_BOOT_IMAGES, 0xfd, NULL);
    (void)rule_play_rule("images");
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_AFFIRMING);
}

/* That nothing is revoked does not say what runs. */
static void
a_list_of_denied_values_affirms_nothing(void)
{
    rule_play_rules("  rule listed : boot.images one-of @base/images count 0..4\n"
                    "  rule mine : boot.initrd not-in @bad\n  rule none : boot.dtb forbid\n",
                    "set digests bad { " D("09") "}\n");
    rule_play_event(SLOT_FIRMWARE, 0xfe, NULL);
    rule_play_event(SLOT_BOOT_INITRD, 3, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_EQ(rule_play_outcome("none"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.affirmed >> DIMENSION_EXECUTABLES & 1, 0);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_CONTRAINDICATED);
}

/* The image of the base stands in its list and affirms; the other slot's rule must not let what it
 * does not speak of slip through beside it. */
static void
what_is_only_not_denied_is_not_allowed(void)
{
    static const char *const rules[] = {
        "  rule mine : boot.initrd not-in @bad\n",
        "  rule mine : boot.initrd at-least floor(os)\n",
        "  rule mine : boot.initrd not-in @bad\n  rule floor : boot.initrd at-least floor(os)\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        rule_play_rules(rules[i], PLAY_OS "set digests bad { " D("09") "}\n");
        rule_play_base();
        rule_play_event(SLOT_BOOT_INITRD, 3, NULL);
        rule_play_event(SLOT_BOOT_INITRD, 0x55, NULL);
        CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
        CHECK_EQ(rule_play.judgement.unclaimed, 2);
        CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_CONTRAINDICATED);
        CHECK_EQ(rule_play.judgement.tier, TIER_CONTRAINDICATED);
    }
}

/* Beside a rule that allows it is the other's to say. */
static void
what_is_denied_is_so_beside_a_rule_that_allows(void)
{
    rule_play_rules("  rule mine : boot.initrd not-in @bad\n  rule all : boot.initrd one-of "
                    "@both\n",
                    "set digests bad { " D("09") "}\nset digests both { " D("09") D("0a") "}\n");
    rule_play_base();
    rule_play_event(SLOT_BOOT_INITRD, 0x0a, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.unclaimed, RULE_NO_EVENT);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_AFFIRMING);
    rule_play_event(SLOT_BOOT_INITRD, 9, NULL);
    CHECK_EQ(rule_play_outcome("all"), OUTCOME_PASSED);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_REVOKED);
    CHECK_EQ(rule_play.judgement.unclaimed, RULE_NO_EVENT);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_CONTRAINDICATED);
}

/* That a release is new enough is no word on who made it: alone it affirms no executables. */
static void
a_floor_affirms_nothing(void)
{
    rule_play_rules("  rule listed : boot.images one-of @base/images count 0..4\n"
                    "  rule mine : boot.initrd at-least floor(os)\n",
                    PLAY_OS);
    rule_play_event(SLOT_FIRMWARE, 0xfe, NULL);
    rule_play_event(SLOT_BOOT_INITRD, 3, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.affirmed >> DIMENSION_EXECUTABLES & 1, 0);
}

static void
observed_boots_are_a_warning_at_best_and_at_worst(void)
{
    static const char text[] =
        "policy p version 1 schema 1 {\n  applies class in { c }\n"
        "  quote sha256 pcrs 0\n  mode observe\n"
        "  rule fw : firmware one-of @fw\n}\nset digests fw { " D("01") "}\n";

    rule_play_start(text);
    rule_play_event(SLOT_FIRMWARE, 1, NULL);
    CHECK_EQ(rule_play_outcome("fw"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.tier, TIER_WARNING);
    rule_play.events[0].digest = BYTES_OF(rule_play.digests[2]);
    CHECK_EQ(rule_play_outcome("fw"), OUTCOME_UNKNOWN);
    CHECK_EQ(rule_play.judgement.tier, TIER_WARNING);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_HARDWARE], TIER_CONTRAINDICATED);
}

static void
counts_have_two_ends(void)
{
    rule_play_rules("  rule mine : boot.images one-of @base/images count 2..3\n", "");
    rule_play_base();
    CHECK_EQ(rule_play_reason("mine"), REASON_EVT_COUNT_LOW);
    rule_play_event(SLOT_BOOT_IMAGES, 0xfd, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_NONE);
    rule_play_event(SLOT_BOOT_IMAGES, 0xfd, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_NONE);
    rule_play_event(SLOT_BOOT_IMAGES, 0xfd, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_EVT_COUNT_HIGH);
    CHECK_EQ(rule_play_rule("mine")->event, 4); /* the first that is too many */
    CHECK_EQ(rule_play_rule("mine")->n_events, 4);
}

static void
else_and_its_span_give_the_effect(void)
{
    rule_play_rules("  rule w : boot.images one-of @os.kernel else warn\n"
                    "  rule n : mok not-in @bad else note\n"
                    "  rule t : boot.images one-of @late else warn for 14d then fail\n",
                    "release os corp 1 { kernel " D("01") "}\nset digests bad { " D(
                        "09") "}\n"
                              "set digests late published 2026-09-21 { " D("01") "}\n");
    rule_play_event(SLOT_BOOT_IMAGES, 9, NULL);
    rule_play_event(SLOT_MOK, 9, NULL);
    CHECK_EQ(rule_play_rule("w")->effect, EFFECT_WARN);
    CHECK_EQ(rule_play_outcome("n"), OUTCOME_REVOKED);
    CHECK_EQ(rule_play_rule("n")->effect, EFFECT_NOTE);
    rule_play.input.now_s = 1790000000 / 86400 * 86400 + 14 * 86400 - 1;
    CHECK_EQ(rule_play_rule("t")->effect, EFFECT_WARN);
    rule_play.input.now_s++;
    CHECK_EQ(rule_play_rule("t")->effect, EFFECT_FAIL);
}

static void
a_sequence_is_in_order_and_whole(void)
{
    rule_play_rules("  rule mine : boot.images sequence @os.shim @os.kernel{1..2}\n", PLAY_OS);
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_FEW);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_ORDER);
    CHECK_EQ(rule_play_rule("mine")->event, 3);
}

static void
a_sequence_tells_unknown_from_misplaced(void)
{
    rule_play_rules("  rule mine : boot.images sequence @os.shim @os.kernel\n", PLAY_OS);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_BOOT_ORDER_UNEXPECTED);
    rule_play.input.n_events = 0;
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 9, NULL);
    CHECK_EQ(rule_play_reason("mine"), REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(rule_play_rule("mine")->event, 1);
}

/* One digest may be of two members: every reading is followed. */
static void
a_sequence_finds_the_reading_that_fits(void)
{
    rule_play_rules("  rule mine : boot.images sequence @a{1..3} @b{2..2}\n",
                    "set digests a { " D("01") D("02") "}\nset digests b { " D("01") "}\n");
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_ORDER);
}

static void
a_sequence_of_words_may_end_early(void)
{
    rule_play_rules("  rule mine : os.phase sequence enter-initrd leave-initrd ready prefix-ok "
                    "count 0..9\n  rule uki : uki any count 0..9\n",
                    "");
    rule_play_base();
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_OS_PHASE, 1, "enter-initrd");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_OS_PHASE, 2, "ready");
    CHECK_EQ(rule_play_reason("mine"), REASON_PHASE_ORDER);
    rule_play.events[3].text = bytes_str("leave-initrd");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.events[3].verified = false;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

/* systemd's last phases, behind those that the rule tells of and behind some of them; nothing comes
 * after them, and no other slot has them. */
static void
a_system_on_its_way_down_is_a_remark(void)
{
    rule_play_rules("  rule mine : os.phase sequence enter-initrd ready prefix-ok count 0..9\n"
                    "  rule uki : uki any count 0..9\n",
                    "");
    rule_play_base();
    rule_play_event(SLOT_OS_PHASE, 1, "enter-initrd");
    rule_play_event(SLOT_OS_PHASE, 2, "shutdown");
    CHECK_EQ(rule_play_reason("mine"), REASON_PHASE_SHUTDOWN);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_WARN);
    CHECK_EQ(rule_play_rule("mine")->event, 3);
    rule_play_event(SLOT_OS_PHASE, 3, "final");
    CHECK_EQ(rule_play_reason("mine"), REASON_PHASE_SHUTDOWN);
    rule_play_event(SLOT_OS_PHASE, 4, "ready");
    CHECK_EQ(rule_play_reason("mine"), REASON_PHASE_ORDER);
    rule_play.events[5].text = bytes_str("final");
    rule_play.events[3].text = bytes_str("shutdown now");
    CHECK_EQ(rule_play_reason("mine"), REASON_PHASE_ORDER);
    rule_play.events[3].text = bytes_str("shutdown");
    rule_play.events[3].verified = false;
    CHECK_EQ(rule_play_reason("mine"), REASON_PHASE_ORDER);
}

/* A rule that lists them asks for them. */
static void
a_last_phase_that_is_asked_for_is_none_to_remark(void)
{
    rule_play_rules("  rule mine : os.phase sequence enter-initrd shutdown prefix-ok count 0..9\n"
                    "  rule uki : uki any count 0..9\n",
                    "");
    rule_play_base();
    rule_play_event(SLOT_OS_PHASE, 1, "enter-initrd");
    rule_play_event(SLOT_OS_PHASE, 2, "shutdown");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_OS_PHASE, 3, "final");
    CHECK_EQ(rule_play_reason("mine"), REASON_PHASE_SHUTDOWN);
}

static void
what_gave_up_before_must_be_known_too(void)
{
    rule_play_rules("  rule mine : boot.images sequence @os.shim @os.kernel\n", PLAY_OS);
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    rule_play.events[1].attempt = rule_play.events[2].attempt = 1;
    CHECK_EQ(rule_play_reason("mine"), REASON_BOOT_RETRY);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_WARN);
    rule_play.events[0].digest = BYTES_OF(rule_play.digests[9]); /* a shell ran first */
    CHECK_EQ(rule_play_reason("mine"), REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(rule_play_rule("mine")->event, 0);
}

static void
some_values_may_be_pinned_instead(void)
{
    rule_play_rules("  rule mine : boot.files one-of @f or-pin 1\n",
                    "set digests f { " D("01") "}\n");
    rule_play_event(SLOT_BOOT_FILES, 1, NULL);
    rule_play_event(SLOT_BOOT_FILES, 2, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
    rule_play.input.may_pin = true;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(rule_play_rule("mine")->learns);
    rule_play_event(SLOT_BOOT_FILES, 3, NULL); /* one pin is allowed, not two */
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
    rule_play.input.n_events--;
    rule_play_pin(SLOT_BOOT_FILES, "", BYTES_OF(rule_play.digests[2]));
    rule_play.input.may_pin = false;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(!rule_play_rule("mine")->learns);
    rule_play.pins[0].slot = SLOT_CONFIG;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

static void
a_pinned_slot_neither_gains_nor_loses(void)
{
    rule_play_rules("  rule mine : boot.initrd device-pin\n", "");
    rule_play_event(SLOT_BOOT_INITRD, 1, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    rule_play.input.may_pin = true;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(rule_play_rule("mine")->learns);
    rule_play_pin(SLOT_BOOT_INITRD, "", BYTES_OF(rule_play.digests[1]));
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK(!rule_play_rule("mine")->learns);
    rule_play_event(SLOT_BOOT_INITRD, 2, NULL);
    CHECK_EQ(rule_play_rule("mine")->event, 1);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    rule_play_pin(SLOT_BOOT_INITRD, "", BYTES_OF(rule_play.digests[2]));
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.input.n_events--;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    CHECK_EQ(rule_play_rule("mine")->event, RULE_NO_EVENT);
}

/* What an operator may accept: all of the slot, of a rule that does not pass, and of no other. */
static void
a_rule_that_fails_shows_what_it_saw(void)
{
    rule_play_rules("  rule mine : boot.initrd device-pin else warn\n"
                    "  rule file : boot.files one-of @f or-pin 1\n",
                    "set digests f { " D("05") "}\n");
    rule_play_event(SLOT_BOOT_INITRD, 1, NULL);
    rule_play_event(SLOT_BOOT_INITRD, 2, NULL);
    rule_play_event(SLOT_BOOT_FILES, 5, NULL);
    rule_play_event(SLOT_BOOT_FILES, 6, NULL);
    rule_play_pin(SLOT_BOOT_INITRD, "", BYTES_OF(rule_play.digests[1]));
    rule_play_pin(SLOT_BOOT_FILES, "", BYTES_OF(rule_play.digests[6]));
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    CHECK_EQ(rule_play.judgement.n_shown, 2);
    CHECK_EQ(rule_play.judgement.shown[1].slot, SLOT_BOOT_INITRD);
    CHECK_BYTES(rule_play.judgement.shown[1].value, BYTES_OF(rule_play.digests[2]));
    rule_play_pin(SLOT_BOOT_INITRD, "", BYTES_OF(rule_play.digests[2]));
    rule_play.pins[1].value = BYTES_OF(rule_play.digests[7]);
    CHECK_EQ(rule_play_outcome("file"), OUTCOME_UNKNOWN);
    CHECK_EQ(rule_play.judgement.n_shown, 1); /* what the set has needs no pin */
    CHECK_BYTES(rule_play.judgement.shown[0].value, BYTES_OF(rule_play.digests[6]));
    rule_play.pins[1].value = BYTES_OF(rule_play.digests[6]);
    CHECK_EQ(rule_play_outcome("file"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.n_shown, 0);
    rule_play.input.n_events = 0;
    rule_play.pins[1].slot = SLOT_NONE;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    CHECK_EQ(rule_play.judgement.shown[0].value.len, 0); /* that there is nothing */
}

/* systemd measures the machine's identity before its phase `sysinit`, and evidence may come before
 * that: then there is nothing yet to be held to. */
static void
an_identity_is_learnt_when_it_can_all_be_there(void)
{
    static const struct {
        const char *phase;
        bool event;
        size_t learnt;
    } rows[] = {
        {NULL, false, 0},          {NULL, true, 1},       {"enter-initrd", false, 0},
        {"enter-initrd", true, 0}, {"sysinit", false, 1}, {"sysinit", true, 1},
        {"sysinit!", false, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rule_play_rules("  rule mine : os.identity device-pin count 0..9\n"
                        "  rule ph : os.phase any count 0..9\n",
                        "");
        rule_play.input.may_pin = true;
        if (rows[i].phase) {
            rule_play_event(SLOT_OS_PHASE, 1, "enter-initrd");
            rule_play_event(SLOT_OS_PHASE, 2, rows[i].phase);
        }
        if (rows[i].event) {
            rule_play_event(SLOT_OS_IDENTITY, 3, NULL);
        }
        CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
        CHECK_EQ(rule_play_rule("mine")->learns, rows[i].learnt > 0);
        CHECK_EQ(rule_play.judgement.n_learnt, rows[i].learnt);
    }
    rule_play.events[rule_play.input.n_events - 1].verified = false; /* a phase that is a label */
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.n_learnt, 0);
}

/* Once pinned it must be there, or who leaves systemd's measuring out would be free of it. Nothing
 * that came too early is offered as its value. */
static void
a_pinned_identity_is_asked_for_in_every_phase(void)
{
    rule_play_rules("  rule mine : os.identity device-pin count 0..9\n"
                    "  rule ph : os.phase any count 0..9\n",
                    "");
    rule_play.input.may_pin = true;
    rule_play_pin(SLOT_OS_IDENTITY, "", BYTES_OF(rule_play.digests[3]));
    rule_play_event(SLOT_OS_PHASE, 1, "enter-initrd");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    CHECK_EQ(rule_play.judgement.n_shown, 0);
    rule_play_event(SLOT_OS_PHASE, 2, "sysinit");
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_CHANGED);
    CHECK_EQ(rule_play.judgement.n_shown, 1);
    rule_play_event(SLOT_OS_IDENTITY, 3, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
}

static void
any_code_is_a_warning_and_any_text_must_be_bound(void)
{
    rule_play_rules("  rule code : boot.initrd any\n  rule text : boot.cmdline any\n", "");
    rule_play_event(SLOT_BOOT_INITRD, 1, NULL);
    rule_play_event(SLOT_BOOT_CMDLINE, 2, "ro");
    CHECK_EQ(rule_play_reason("code"), REASON_UNPINNED_CODE);
    CHECK_EQ(rule_play_rule("code")->effect, EFFECT_WARN);
    CHECK_EQ(rule_play_outcome("text"), OUTCOME_PASSED);
    rule_play.events[1].verified = false;
    CHECK_EQ(rule_play_outcome("text"), OUTCOME_UNKNOWN);
}

static void
what_is_forbidden_may_not_be_there(void)
{
    rule_play_rules("  rule mine : boot.initrd forbid\n", "");
    rule_play_base();
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play_event(SLOT_BOOT_INITRD, 1, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_UNKNOWN);
}

/* Each judgement of this program and its neighbours is held against it, in lib/rule-play.c. */
static void
allocations_are_counted(void)
{
    size_t before = alloc_count();

    rule_play_rules("", "");
    CHECK(alloc_count() > before); /* the book */
    before = alloc_count();
    rule_play_base();
    CHECK_EQ(rule_play_outcome("base-fw"), OUTCOME_PASSED);
    CHECK_EQ(alloc_count(), before);
}

CHECK_MAIN(CASE(allocations_are_counted), CASE(what_a_set_holds_passes_and_nothing_else),
           CASE(a_digest_counts_in_its_own_bank_only), CASE(an_event_without_a_rule_refuses),
           CASE(separators_need_no_rule), CASE(executables_that_nothing_affirmed_refuse),
           CASE(a_list_of_denied_values_affirms_nothing),
           CASE(what_is_only_not_denied_is_not_allowed),
           CASE(what_is_denied_is_so_beside_a_rule_that_allows), CASE(a_floor_affirms_nothing),
           CASE(observed_boots_are_a_warning_at_best_and_at_worst), CASE(counts_have_two_ends),
           CASE(else_and_its_span_give_the_effect), CASE(a_sequence_is_in_order_and_whole),
           CASE(a_sequence_tells_unknown_from_misplaced),
           CASE(a_sequence_finds_the_reading_that_fits), CASE(a_sequence_of_words_may_end_early),
           CASE(a_system_on_its_way_down_is_a_remark),
           CASE(a_last_phase_that_is_asked_for_is_none_to_remark),
           CASE(what_gave_up_before_must_be_known_too), CASE(some_values_may_be_pinned_instead),
           CASE(a_pinned_slot_neither_gains_nor_loses), CASE(a_rule_that_fails_shows_what_it_saw),
           CASE(an_identity_is_learnt_when_it_can_all_be_there),
           CASE(a_pinned_identity_is_asked_for_in_every_phase),
           CASE(any_code_is_a_warning_and_any_text_must_be_bound),
           CASE(what_is_forbidden_may_not_be_there))
