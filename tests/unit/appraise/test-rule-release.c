/* What a release makes of a digest: its state, its day, the others that replace it, the parts that
 * belong together, its variants and its model. */
#include "lib/check.h"
#include "lib/rule-play.h"

#define STATES                                                                                   \
    "release os corp 1 { kernel " D(                                                             \
        "01") "}\n"                                                                              \
              "release os corp 2 { state staged kernel " D(                                      \
                  "02") "}\n"                                                                    \
                        "release os corp 3 { state retiring kernel " D(                          \
                            "03") "}\n"                                                          \
                                  "release os corp 4 { state retired kernel " D(                 \
                                      "04") "}\n"                                                \
                                            "release os corp 5 { state revoked kernel " D(       \
                                                "05") "}\n"                                      \
                                                      "release os corp 6 { active 2030-01-01 "   \
                                                      "kernel " D(                               \
                                                          "06") "}\n"                            \
                                                                "release os corp 7 { retire "    \
                                                                "2020-01-01 kernel " D(          \
                                                                    "07") "}\n"                  \
                                                                          "release os corp 8 { " \
                                                                          "kernel " D("05")      \
                                                                              D("08") "}\n"

static void
states_of_releases_are_told_apart(void)
{
    static const struct {
        uint8_t digest;
        enum policy_outcome outcome;
    } rows[] = {
        {1, OUTCOME_PASSED},  {2, OUTCOME_PENDING}, {3, OUTCOME_RETIRING}, {4, OUTCOME_RETIRED},
        {5, OUTCOME_PASSED}, /* an active release has it too */
        {6, OUTCOME_PENDING}, {7, OUTCOME_RETIRED}, {8, OUTCOME_PASSED},   {9, OUTCOME_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rule_play_rules("  rule mine : boot.images one-of @os.kernel\n", STATES);
        rule_play_event(SLOT_BOOT_IMAGES, rows[i].digest, NULL);
        CHECK_EQ(rule_play_outcome("mine"), rows[i].outcome);
    }
}

static void
what_retires_is_a_warning_and_what_is_staged_refuses(void)
{
    rule_play_rules("  rule mine : boot.images one-of @os.kernel\n", STATES);
    rule_play_event(SLOT_BOOT_IMAGES, 3, NULL);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_WARN);
    CHECK_EQ(rule_play_reason("mine"), REASON_RELEASE_RETIRING);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    CHECK_EQ(rule_play_rule("mine")->effect, EFFECT_FAIL);
    CHECK_EQ(rule_play_reason("mine"), REASON_BOOT_IMAGE_PENDING);
    CHECK_EQ(rule_play_rule("mine")->event, 1); /* the graver one is the first cause */
}

static void
a_replaced_release_passes_for_its_overlap(void)
{
    const uint64_t start = 1790000000 / 86400 * 86400;

    rule_play_rules(
        "  rule mine : boot.images one-of @os.kernel\n",
        "release os corp 1 { kernel " D(
            "01") "}\n"
                  "release os corp 2 { active 2026-09-21 replaces 1 overlap 30d kernel " D(
                      "02") "}\n");
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    rule_play.input.now_s = start - 1;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
    rule_play.input.now_s = start;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_RETIRING);
    rule_play.input.now_s = start + 30 * 86400 - 1;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_RETIRING);
    rule_play.input.now_s = start + 30 * 86400;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_RETIRED);
    rule_play.events[0].digest = BYTES_OF(rule_play.digests[2]);
    rule_play.input.now_s = start - 1;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PENDING);
    rule_play.input.now_s = start;
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
}

static void
a_staged_release_replaces_nothing_yet(void)
{
    rule_play_rules(
        "  rule mine : boot.images one-of @os.kernel\n",
        "release os corp 1 { kernel " D("01") "}\n"
                                              "release os corp 2 { state staged active 2026-09-01 "
                                              "replaces 1 overlap 1d kernel " D("02") "}\n");
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_PASSED);
}

/* Two models with a firmware each, and a blob that both have. */
#define MODELS                                                                 \
    "release fw mine 1 { variant { " D("01")                                   \
        D("02") "} }\n"                                                        \
                "release fw other 1 { variant { " D("01")                      \
                    D("03") "} }\n"                                            \
                            "release fw other 2 { state revoked variant { " D( \
                                "04") "} }\n"                                  \
                                      "release os mine 1 { svn 1 kernel " D("05") "}\n"

static enum reason
firmware(const char *rule, uint8_t first, uint8_t second)
{
    rule_play_rules(rule, MODELS);
    rule_play_event(SLOT_FIRMWARE, first, NULL);
    rule_play_event(SLOT_FIRMWARE, second, NULL);
    return rule_play_reason("mine");
}

static void
firmware_of_another_model_is_hardware_of_another_class(void)
{
    static const char whole[] = "  rule mine : firmware one-of @fw/mine whole\n";
    static const char each[] = "  rule mine : firmware one-of @fw/mine\n";

    CHECK_EQ(firmware(whole, 1, 2), REASON_NONE);
    CHECK_EQ(firmware(whole, 1, 3), REASON_CLASS_MISMATCH);
    CHECK_EQ(rule_play_rule("mine")->event, 1);
    CHECK_EQ(rule_play_rule("mine")->code.dimension, DIMENSION_HARDWARE);
    CHECK_EQ(firmware(whole, 1, 9), REASON_FW_UNKNOWN);
    CHECK_EQ(firmware(whole, 4, 2), REASON_FW_UNKNOWN); /* revoked there too */
    CHECK_EQ(firmware(whole, 5, 2), REASON_FW_UNKNOWN); /* of no firmware */
    CHECK_EQ(firmware(each, 1, 3), REASON_CLASS_MISMATCH);
    CHECK_EQ(firmware(each, 1, 9), REASON_FW_UNKNOWN);
}

static void
digests_of_two_releases_do_not_mix(void)
{
    static const char rules[] = "  rule chain : boot.images sequence @os.shim @os.kernel "
                                "same-release\n  rule initrd : boot.initrd one-of @os.initrd "
                                "same-release\n";

    rule_play_rules(rules, PLAY_OS);
    rule_play_event(SLOT_BOOT_IMAGES, 1, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    rule_play_event(SLOT_BOOT_INITRD, 3, NULL);
    CHECK_EQ(rule_play_outcome("chain"), OUTCOME_PASSED);
    CHECK_EQ(rule_play_outcome("initrd"), OUTCOME_PASSED);
    rule_play.events[2].digest = BYTES_OF(rule_play.digests[0x13]);
    CHECK_EQ(rule_play_outcome("chain"), OUTCOME_PASSED);
    CHECK_EQ(rule_play_reason("initrd"), REASON_RELEASE_MIXED);
    CHECK_EQ(rule_play_rule("initrd")->event, 2);
}

/* Firmware and system are released apart. */
static void
releases_of_two_components_need_not_meet(void)
{
    rule_play_rules("  rule fw : firmware one-of @fw.rom same-release\n"
                    "  rule img : boot.images one-of @os.kernel same-release\n",
                    PLAY_OS "release fw t14 1 { rom " D("05") "}\n");
    rule_play_event(SLOT_FIRMWARE, 5, NULL);
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    CHECK_EQ(rule_play_outcome("fw"), OUTCOME_PASSED);
    CHECK_EQ(rule_play_outcome("img"), OUTCOME_PASSED);
    rule_play_event(SLOT_BOOT_IMAGES, 0x12, NULL);
    CHECK_EQ(rule_play_outcome("img"), OUTCOME_MIXED);
}

/* The kernel of another set does not save a release. */
static void
only_the_sets_that_a_rule_names_join(void)
{
    rule_play_rules(
        "  rule chain : boot.images one-of @os.kernel same-release\n"
        "  rule initrd : boot.initrd one-of @os.initrd same-release\n",
        "release os corp 1 { kernel " D("02") "initrd " D(
            "03") "}\n"
                  "release os corp 2 { kernel " D("12") "initrd " D("13") "files " D("02") "}\n");
    rule_play_event(SLOT_BOOT_IMAGES, 2, NULL);
    rule_play_event(SLOT_BOOT_INITRD, 0x13, NULL);
    CHECK_EQ(rule_play_outcome("initrd"), OUTCOME_MIXED);
}

#define VARIANTS                                                                               \
    "release fw t14 1 { variant { " D("01") D("02") "optional " D("03") "} variant { " D("01") \
        D("04") "} }\n"

static void
a_whole_variant_is_in_order_and_complete(void)
{
    static const struct {
        uint8_t digests[4];
        enum policy_outcome outcome;
        uint32_t event;
    } rows[] = {
        {{1, 2, 3}, OUTCOME_PASSED, RULE_NO_EVENT},
        {{1, 3}, OUTCOME_PASSED, RULE_NO_EVENT},
        {{1, 4}, OUTCOME_PASSED, RULE_NO_EVENT},
        {{1}, OUTCOME_UNKNOWN, 0},
        {{1, 2}, OUTCOME_UNKNOWN, 1},
        {{1, 3, 2}, OUTCOME_UNKNOWN, 2},
        {{3, 1}, OUTCOME_UNKNOWN, 1},
        {{1, 2, 4}, OUTCOME_UNKNOWN, 2},
        {{1, 3, 3}, OUTCOME_UNKNOWN, 2},
        {{9}, OUTCOME_UNKNOWN, 0},
        {{1, 2, 3, 9}, OUTCOME_UNKNOWN, 3},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rule_play_rules("  rule mine : firmware one-of @fw/t14 whole\n", VARIANTS);
        for (size_t k = 0; k < 4 && rows[i].digests[k]; k++) {
            rule_play_event(SLOT_FIRMWARE, rows[i].digests[k], NULL);
        }
        CHECK_EQ(rule_play_outcome("mine"), rows[i].outcome);
        CHECK_EQ(rule_play_rule("mine")->event, rows[i].event);
    }
}

static void
a_variant_of_another_set_is_none(void)
{
    rule_play_rules("  rule mine : firmware one-of @fw/x13 whole\n",
                    VARIANTS "release fw x13 1 { variant { " D("07") "} }\n");
    rule_play_event(SLOT_FIRMWARE, 1, NULL);
    rule_play_event(SLOT_FIRMWARE, 4, NULL);
    CHECK_EQ(rule_play_outcome("mine"), OUTCOME_ELSEWHERE);
}

CHECK_MAIN(CASE(states_of_releases_are_told_apart),
           CASE(what_retires_is_a_warning_and_what_is_staged_refuses),
           CASE(a_replaced_release_passes_for_its_overlap),
           CASE(a_staged_release_replaces_nothing_yet),
           CASE(firmware_of_another_model_is_hardware_of_another_class),
           CASE(digests_of_two_releases_do_not_mix), CASE(releases_of_two_components_need_not_meet),
           CASE(only_the_sets_that_a_rule_names_join),
           CASE(a_whole_variant_is_in_order_and_complete), CASE(a_variant_of_another_set_is_none))
