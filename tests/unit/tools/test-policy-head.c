/* What a policy says of itself: settings, each once, and what it has from its base. */
#include <stdio.h>

#include "lib/check.h"
#include "lib/policy-mistake.h"
#include "lib/policy-text.h"

static void
settings_are_checked(void)
{
    static const struct mistake mistakes[] = {
        {BARE("  quote sha257 pcrs 0-9"), 4, 9, "a hash such as sha256"},
        {BARE("  quote sha256 pcrs 0-24"), 4, 21, "none above 23"},
        {BARE("  quote sha256 pcrs 9-0"), 4, 21, "PCRs are written"},
        {BARE("  quote sha256 pcrs 1,,2"), 4, 21, "PCRs are written"},
        {BARE("  quote sha256 0-9"), 4, 16, "pcrs and a list"},
        {WITH("  ak ecc-p521"), 4, 6, "a key such as ecc-p256"},
        {WITH("  token floor green"), 4, 15, "affirming or warning"},
        {WITH("  token ttl 11y"), 4, 13, "a span such as"},
        {WITH("  mode maybe"), 4, 8, "off, observe or enforce"},
        {WITH("  fresh else warn"), 4, 9, "else of what?"},
        {WITH("  fresh evidence 5m\n  limits log 4KiB else warn"), 5, 19, "behind fresh, on the"},
        {WITH("  fresh evidence 5m\n  else warn"), 5, 3, "else is written behind fresh"},
        {WITH("  fresh evidence 5m\n  fresh boot 3d else note"), 5, 3, "fresh stands above"},
        {WITH("  fresh evidence 5m else warn boot 30d"), 4, 31, "the end of the line"},
        {WITH("  fresh evidence 5m token ttl 1m boot 3d"), 4, 34, "boot is written behind fresh"},
        {WITH("  token mode enforce"), 4, 9, "mode is written apart from token"},
        {WITH("  limits"), 4, 9, "a policy has"},
        {WITH("  ttl 5m"), 4, 3, "ttl is written behind token"},
        {WITH("  token datagrams 5"), 4, 9, "datagrams is written behind limits"},
        {WITH("  mode enforce floor affirming"), 4, 16, "floor is written behind token"},
        {WITH("  token ttl 5m mode enforce floor warning"), 4, 29, "behind token"},
        {WITH("  limits datagrams 0"), 4, 20, "1 at least"},
        {WITH("  limits log 2MiB"), 4, 14, "1MiB at most"},
        {WITH("  limits datagrams many"), 4, 20, "a number of datagrams"},
        {BARE("  applies t14"), 4, 11, "class in { NAME"},
        {BARE("  applies class in { } group g"), 4, 24, "one class at least"},
        {BARE("  applies class in { c } group"), 4, 31, "a group"},
        {BARE("  applies class in { c } group a/b"), 4, 32, "groups are named by 1 to 63"},
        {BARE("  applies class in { c } group g h"), 4, 34, "a policy has"},
        {BARE("  applies class in { c } group { g }"), 4, 32, "a group"},
        {BARE("  applies group g"), 4, 11, "class in { NAME"},
        {BARE("  schema 2"), 4, 11, "knows schema 1"},
    };

    EACH(mistakes)
}

/* Of two that stand apart in a long policy, the last one won. */
static void
what_is_said_twice_is_refused(void)
{
    static const struct mistake mistakes[] = {
        {WITH("  mode enforce\n  mode observe"), 5, 3, "mode stands above"},
        {WITH("  token ttl 1m\n  token ttl 10m"), 5, 9, "ttl stands above"},
        {WITH("  token floor affirming floor warning"), 4, 25, "floor stands above"},
        {WITH("  quote sha256 pcrs 0-7"), 4, 3, "quote stands above"},
        {WITH("  applies class in { b }"), 4, 3, "applies stands above"},
        {WITH("  schema 1"), 4, 3, "schema stands above"},
        {WITH("  ak ecc-p256\n  ak rsa-2048"), 5, 3, "ak stands above"},
        {WITH("  min-hash sha384\n  min-hash sha1"), 5, 3, "min-hash stands above"},
        {WITH("  profile a profile b"), 4, 13, "profile stands above"},
        {WITH("  fresh boot 1d evidence 1m boot 9d"), 4, 29, "boot stands above"},
        {WITH("  limits log 4KiB log 8KiB"), 4, 19, "log stands above"},
        {WITH("  exit-events"), 4, 14, "exit-events are logged, or optional"},
        {WITH("  exit-events maybe"), 4, 15, "exit-events are logged, or optional"},
        {WITH("  exit-events logged exit-events optional"), 4, 22, "exit-events stands above"},
        {WITH("  limits datagrams 1 datagrams 9"), 4, 22, "datagrams stands above"},
        {"policy b { }\n" WITH("  extends b\n  extends b"), 6, 3, "extends stands above"},
        {WITH("  rule x : gpt device-pin count 1..1 count 0..9"), 4, 38, "count stands above"},
        {WITH("  rule x : gpt device-pin else fail else warn"), 4, 37, "else stands above"},
        {WITH("  rule x : secureboot is on claim secureboot claim secureboot"), 4, 46,
         "claim stands above"},
        {WITH("  rule x : boot.files one-of @os.shim or-pin 1 or-pin 9"), 4, 48, "or-pin stands"},
        {WITH("  rule x : boot.files one-of @os.shim whole whole"), 4, 45, "whole stands"},
        {"release os c 1 { state active state revoked }\n", 1, 31, "state stands above"},
        {"release os c 1 { svn 9 svn 1 }\n", 1, 24, "svn stands above"},
        {"release os c 1 { active 2026-01-01 active 2026-01-02 }\n", 1, 36, "active stands above"},
        {"release os c 1 { retire 2026-01-01 retire 2027-01-02 }\n", 1, 36, "retire stands above"},
        {"release os c 1 { source a b source c d }\n", 1, 29, "source stands above"},
        {"release os c 1 { replaces a replaces b }\n", 1, 29, "replaces stands above"},
        {"release os c 1 { overlap 1d overlap 2d }\n", 1, 29, "overlap stands above"},
        {"release os c 1 { slots A B slots C }\n", 1, 28, "slots stands above"},
        {"cmdline x { require ro }\nrelease os c 1 { cmdline x cmdline x }\n", 2, 28, "cmdline"},
        {"release os c 1 { initrd announced-by-device signed-kernel initrd announced-by-device "
         "signed-kernel }\n",
         1, 66, "announced-by-device stands above"},
        {"cmdline x { require ro\n other fail\n other note\n}\n", 3, 2, "other stands above"},
        {"grubcmd x { words a\n other fail\n other note\n}\n", 3, 2, "other stands above"},
        {"ima x { skip /a\n unknown fail\n unknown note }\n", 3, 2, "unknown stands above"},
        {"ima x { violations fail violations warn max 1 }\n", 1, 25, "violations stands above"},
        {"ima x { pcr 10 pcr 11 }\n", 1, 16, "pcr stands above"},
        {"ima x { min-digest sha512 min-digest sha1 }\n", 1, 27, "min-digest stands above"},
        {"ima x { min-key ecc-p384 min-digest sha1 min-key rsa-2048 }\n", 1, 42, "min-key stands"},
    };

    EACH(mistakes)
    CHECK_EQ(policy_text(WITH("  token ttl 5m\n  token floor warning\n  limits log 4KiB\n"
                              "  limits datagrams 5")),
             0);
}

static void
a_base_is_extended_and_its_rules_replaced(void)
{
    CHECK_EQ(policy_text("policy base version 3 {\n  ak ecc-p256\n  rule sb : secureboot is on\n"
                         "  rule t : gpt device-pin\n}\n" POLICY_HEAD
                         "  extends base version 3\n  rule t : gpt any\n" POLICY_RULES POLICY_TAIL),
             0);
    CHECK_EQ(policy_bundle.n_policies, 2);
    CHECK_EQ(policy_bundle.policies[1].n_rules, 5);
    CHECK_EQ(policy_bundle.policies[1].ak, BUNDLE_KEY_P256);
    CHECK_EQ(policy_bundle.policies[1].base_version, 3);
    CHECK_EQ(policy_bundle.rules[policy_bundle.policies[1].first_rule + 1].verb, VERB_ANY);
    CHECK_EQ(policy_bundle.rules[policy_bundle.policies[0].first_rule + 1].verb, VERB_DEVICE_PIN);
    CHECK_EQ(policy_bundle.policies[1].n_classes, 1);
    CHECK_EQ(policy_text("policy base version 3 {\n  ak ecc-p256\n}\n" WITH("  extends base")), 1);
    CHECK(strstr(policy_said.items[0].text, "this policy has version 3") != NULL);
}

static void
a_class_has_one_policy(void)
{
    CHECK_EQ(
        policy_text(
            POLICY_HEAD POLICY_RULES
            "}\n"
            "policy other {\n  applies class in { t14g3 }\n  quote sha256 pcrs 0-9\n" POLICY_RULES
                POLICY_TAIL),
        1);
    CHECK(strstr(policy_said.items[0].text, "class t14g3 has policy laptop already") != NULL);
}

#define OTHER(applies)                                          \
    "policy other {\n  applies class in { t14g3 }" applies "\n" \
    "  quote sha256 pcrs 0-9\n" POLICY_RULES POLICY_TAIL

static void
a_class_has_one_policy_for_each_group(void)
{
    CHECK_EQ(policy_text(POLICY_HEAD POLICY_RULES "}\n" OTHER(" group laptops-1.b_C")), 0);
    CHECK_BYTES(policy_bundle.policies[1].group, bytes_str("laptops-1.b_C"));
    CHECK_EQ(policy_bundle.policies[0].group.len, 0);
    CHECK_EQ(policy_text("policy laptop {\n  applies class in { t14g3 x } group g\n"
                         "  quote sha256 pcrs 0-9\n" POLICY_RULES "}\n" OTHER(" group h")),
             0);
    CHECK_EQ(policy_text("policy laptop {\n  applies class in { t14g3 x } group g\n"
                         "  quote sha256 pcrs 0-9\n" POLICY_RULES "}\n" OTHER(" group g")),
             1);
    CHECK(strstr(policy_said.items[0].text, "class t14g3 of group g has policy laptop already") !=
          NULL);
    /* whose base is for a group is for none itself */
    CHECK_EQ(policy_text(
                 POLICY_HEAD POLICY_RULES
                 "}\n"
                 "policy kin {\n  applies class in { z } group g\n"
                 "  quote sha256 pcrs 0-9\n" POLICY_RULES "}\n"
                 "policy other {\n  applies class in { y }\n  extends kin version 1\n" POLICY_TAIL),
             0);
    CHECK_EQ(policy_bundle.policies[2].group.len, 0);
}

#define FRESH_BASE                                                                            \
    "policy base {\n  fresh evidence 5m boot 30d else warn\n  token ttl 9m floor affirming\n" \
    "  mode observe\n}\n"

static const struct bundle_policy *
extending(const char *before, const char *behind)
{
    static char text[4096];

    snprintf(text, sizeof(text), "%s%s%s  extends base\n%s%s%s", FRESH_BASE, POLICY_HEAD, before,
             behind, POLICY_RULES, POLICY_TAIL);
    CHECK_EQ(policy_text(text), 0);
    CHECK_EQ(policy_bundle.n_policies, 2);
    return &policy_bundle.policies[1];
}

/* `fresh boot 1d` above extends took the base's evidence away, below it did not. */
static void
where_extends_stands_does_not_matter(void)
{
    static const struct {
        const char *line;
        uint32_t evidence_s, boot_s;
        enum reason_effect otherwise;
    } rows[] = {
        {"  mode enforce\n", 300, 30 * 86400, EFFECT_WARN},
        {"  fresh boot 1d\n  mode enforce\n", 300, 86400, EFFECT_WARN},
        {"  fresh evidence 1m else note\n  mode enforce\n", 60, 30 * 86400, EFFECT_NOTE},
        {"  fresh evidence 1m else fail\n  mode enforce\n", 60, 30 * 86400, EFFECT_FAIL},
    };

    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        const char *line = rows[i / 2].line;
        const struct bundle_policy *own = extending(i % 2 ? line : "", i % 2 ? "" : line);

        CHECK_EQ(own->fresh_evidence_s, rows[i / 2].evidence_s);
        CHECK_EQ(own->fresh_boot_s, rows[i / 2].boot_s);
        CHECK_EQ(own->fresh_else, rows[i / 2].otherwise);
        CHECK_EQ(own->mode, BUNDLE_MODE_ENFORCE);
        CHECK_EQ(own->token_ttl_s, 540);
        CHECK_EQ(own->token_floor, BUNDLE_TIER_AFFIRMING);
    }
}

/* Of a policy with this line, whose base has that one. */
static bool
exit_events(const char *own, const char *base)
{
    static char text[4096];

    snprintf(text, sizeof(text), "policy base version 1 {\n%s}\n%s  extends base\n%s%s%s", base,
             POLICY_HEAD, own, POLICY_RULES, POLICY_TAIL);
    CHECK_EQ(policy_text(text), 0);
    return policy_bundle.policies[1].exit_events_optional;
}

static void
exit_events_are_the_bases_word_unless_they_are_said(void)
{
    CHECK(!exit_events("", ""));
    CHECK(exit_events("  exit-events optional\n", ""));
    CHECK(exit_events("", "  exit-events optional\n"));
    CHECK(!exit_events("  exit-events logged\n", "  exit-events optional\n"));
}

/* Of a base without rules the first own one counted as the base's, and was replaced in silence; so
 * was one that had replaced the base's already. */
static void
an_own_rule_is_not_replaced(void)
{
    static const struct mistake mistakes[] = {
        {"policy base { }\n" WITH("  extends base\n  rule x : gpt device-pin\n  mode enforce\n"
                                  "  rule x : gpt any"),
         8, 8, "a rule of this name stands above"},
        {"policy base {\n  rule x : gpt device-pin\n}\n" WITH(
             "  extends base\n  rule x : gpt forbid\n  rule x : gpt any"),
         9, 8, "a rule of this name stands above"},
        {"policy base { }\n" WITH("  rule x : gpt any\n  extends base"), 6, 11,
         "before the first rule"},
    };

    EACH(mistakes)
}

static void
a_table_that_is_full_is_told_as_such(void)
{
    static char text[65536];
    size_t len = (size_t)snprintf(text, sizeof(text), "policy base {\n");

    for (int i = 0; i < 128; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "rule r%d : gpt at-least "
                                "floor(fw,%d)\n",
                                i, i + 1);
    }
    len += (size_t)snprintf(text + len, sizeof(text) - len, "}\n");
    for (int i = 0; i < 8; i++) {
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "policy p%d {\n extends base\n}\n", i);
    }
    CHECK_EQ(policy_text(text), 1);
    CHECK_EQ(policy_said.n_errors, 1);
    CHECK(strstr(policy_said.items[0].text, "more than 1024 rules in all") != NULL);
    CHECK_EQ(policy_said.items[0].line, 130 + 3 * 7 + 2);
}

/* What follows a line that is wrong is read as it stands. */
static void
a_wrong_line_with_a_block_ends_with_it(void)
{
    CHECK_EQ(policy_text(WITH("  applies class in { b }\n  mode mad")), 1);
    CHECK_EQ(policy_said.n_errors, 2);
    CHECK_EQ(policy_said.items[1].line, 5);
    CHECK_EQ(policy_said.items[1].column, 8);
}

CHECK_MAIN(CASE(settings_are_checked), CASE(what_is_said_twice_is_refused),
           CASE(a_base_is_extended_and_its_rules_replaced), CASE(a_class_has_one_policy),
           CASE(a_class_has_one_policy_for_each_group), CASE(where_extends_stands_does_not_matter),
           CASE(exit_events_are_the_bases_word_unless_they_are_said),
           CASE(an_own_rule_is_not_replaced), CASE(a_table_that_is_full_is_told_as_such),
           CASE(a_wrong_line_with_a_block_ends_with_it))
