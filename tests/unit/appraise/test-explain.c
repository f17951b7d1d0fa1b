/* appraise/explain: what a verdict is told as, member by member. */
#include "appraise/explain.h"

#include <jansson.h>

#include "base/hex.h"
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/rule-play.h"
#include "lib/slot-rig.h"

static struct slot_rig rig;
static struct boot_told told;
static struct verdict verdict;
static struct boot_ask ask;
static uint8_t room[EXPLAIN_ROOM];

#define HEAD "policy p version 3 schema 1 {\n  applies class in { c }\n  quote sha256 pcrs 0-9\n"
#define RULES                                                  \
    "  rule config : config device-pin\n"                      \
    "  rule chain : boot.images one-of @t/images count 1..2\n" \
    "  rule fw : firmware one-of @t/fw\n"                      \
    "  rule rom : driver any count 0..1\n"                     \
    "  rule sb : secureboot is on else warn\n"

static const char *
sha256(const char *content, char text[80])
{
    uint8_t digest[32];
    char hex[65];

    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str(content), digest), 0);
    snprintf(text, 80, "sha256:%s", hex_write(hex, BYTES_OF(digest)));
    return text;
}

/* Judges what was added under a policy; the caller has said slot_rig_new(). */
static void
judge(const char *head, const char *rules)
{
    static char text[72 * 1024];
    struct boot_room *judge_room = check_keep(boot_room_new());
    char names[2][80];

    CHECK(judge_room);
    snprintf(text, sizeof(text),
             "%s%s}\nset digests t/fw { %s \"1.42\" }\nset digests t/images { %s }\n", head, rules,
             sha256("fw", names[0]), sha256("kernel", names[1]));
    rule_play_start(text);
    slot_rig_assign(&rig);
    ask = (struct boot_ask){
        .book = rule_play.book, .log = &rig.log, .may_pin = true, .now_s = rule_play.input.now_s};
    verdict = (struct verdict){0};
#define VERDICT_FIELD(name) verdict.name = CHECK_PASSED;
    VERDICT_CHECKS(VERDICT_FIELD)
#undef VERDICT_FIELD
    CHECK_EQ(boot_judge(judge_room, rig.make.hasher, &ask, &verdict, &told), 0);
}

static void
measured(uint32_t pcr, uint32_t type, const char *content, const char *label)
{
    slot_rig_digest(&rig, pcr, type, bytes_str(content), bytes_str(label));
}

static void
boot(const char *fw, const char *image)
{
    slot_rig_new(&rig);
    measured(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, fw, "blob");
    measured(1, EV_PLATFORM_CONFIG_FLAGS, "flags", "flags");
    measured(4, EV_EFI_BOOT_SERVICES_APPLICATION, image, "\\vmlinuz");
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                   slot_rig_variable(RIG_GLOBAL, "SecureBoot", bytes_of("\x01", 1)));
}

/* The object, to be read with jansson; the caller's until the process ends. */
static json_t *
told_as(const struct boot_ask *asked)
{
    struct json_wr j = json_wr_init(room, sizeof(room));
    struct explain explain = {
        .verdict = &verdict, .tier = verdict_tier(&verdict), .ask = asked, .told = &told};
    json_t *root;

    json_wr_object(&j);
    explain_write(&j, &explain);
    json_wr_end_object(&j);
    CHECK(json_wr_done(&j).p);
    root = check_keep(
        json_loadb((const char *)room, json_wr_done(&j).len, JSON_REJECT_DUPLICATES, NULL));
    CHECK(root);
    return root;
}

static json_t *
at(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!value) {
        check_fail(__FILE__, __LINE__, "no member %s", key);
    }
    return value;
}

static const char *
str(json_t *object, const char *key)
{
    const char *text = json_string_value(at(object, key));

    return text ? text : "";
}

static json_t *
rule_of(json_t *root, const char *id)
{
    json_t *rules = at(root, "rules");

    for (size_t i = 0; i < json_array_size(rules); i++) {
        if (strcmp(str(json_array_get(rules, i), "id"), id) == 0) {
            return json_array_get(rules, i);
        }
    }
    check_fail(__FILE__, __LINE__, "no rule %s", id);
}

static void
a_trusted_boot_tells_its_policy_rules_and_facts(void)
{
    json_t *root;

    boot("fw", "kernel");
    judge(HEAD, RULES);
    root = told_as(&ask);
    CHECK_STR(str(root, "tier"), "affirming");
    CHECK_STR(str(at(root, "policy"), "name"), "p");
    CHECK_EQ(json_integer_value(at(at(root, "policy"), "version")), 3);
    CHECK_STR(str(at(root, "policy"), "mode"), "enforce");
    CHECK(json_is_null(at(root, "first_cause")));
    CHECK_EQ(json_array_size(at(root, "reasons")), 0);
    CHECK_EQ(json_array_size(at(root, "rules")), 5);
    CHECK_STR(str(rule_of(root, "fw"), "outcome"), "passed");
    CHECK_STR(str(rule_of(root, "fw"), "verb"), "one-of");
    CHECK_STR(str(rule_of(root, "fw"), "slot"), "firmware");
    CHECK(!json_object_get(rule_of(root, "fw"), "effect"));
    CHECK(json_is_false(at(rule_of(root, "fw"), "learns")));
    CHECK(json_is_true(at(rule_of(root, "config"), "learns")));
    CHECK_EQ(json_integer_value(at(rule_of(root, "config"), "events")), 1);
    CHECK(json_is_null(at(root, "unclaimed")));
    CHECK_STR(str(at(root, "checks"), "reference"), "passed");
    CHECK_STR(str(at(root, "facts"), "secureboot"), "on");
    CHECK_STR(str(at(root, "facts"), "rtm"), "sw");
    CHECK(json_is_null(at(at(root, "facts"), "mode")));
    CHECK(json_is_null(at(at(root, "facts"), "sbat_level")));
    CHECK(json_is_false(at(at(root, "facts"), "debug")));
    CHECK_EQ(json_object_size(at(at(root, "facts"), "lists")), 0);
    CHECK_EQ(json_array_size(at(root, "quirks")), 0);
    CHECK_STR(str(at(root, "claims"), "secureboot"), "on");
    CHECK_STR(str(at(root, "claims"), "mode"), "enforce");
    CHECK_EQ(json_array_size(at(at(root, "claims"), "pins.changed")), 0);
    CHECK(!json_object_get(at(root, "claims"), "dbx.level"));
    CHECK(!json_object_get(at(root, "claims"), "ek.chain"));
    CHECK_EQ(json_integer_value(at(at(root, "dimensions"), "executables")), 3);
    CHECK_EQ(json_integer_value(at(at(root, "dimensions"), "identity")), 2);
}

static void
the_first_cause_names_rule_event_seen_and_expected(void)
{
    json_t *root;
    json_t *first;
    char digest[80];

    boot("other", "evil");
    judge(HEAD, RULES);
    root = told_as(&ask);
    first = at(root, "first_cause");
    CHECK_STR(str(root, "tier"), "contraindicated");
    CHECK_EQ(json_integer_value(at(first, "number")), REASON_FW_UNKNOWN);
    CHECK_STR(str(first, "name"), "FW_UNKNOWN");
    CHECK_STR(str(first, "rule"), "fw");
    CHECK_EQ(json_integer_value(at(first, "event")), 1);
    CHECK_EQ(json_integer_value(at(first, "pcr")), 0);
    CHECK(strstr(str(first, "seen"), sha256("other", digest)));
    CHECK(strstr(str(first, "expected"), "1.42"));
    CHECK(json_is_null(at(first, "check")));
    CHECK(json_is_null(at(first, "clause")));
    CHECK_STR(str(rule_of(root, "chain"), "outcome"), "unknown");
    CHECK_STR(str(rule_of(root, "chain"), "effect"), "fail");
    CHECK_STR(str(rule_of(root, "chain"), "name"), "BOOT_IMAGE_UNKNOWN");
    CHECK_EQ(json_integer_value(at(rule_of(root, "chain"), "pcr")), 4);
    CHECK(strstr(str(rule_of(root, "chain"), "seen"), sha256("evil", digest)));
    CHECK(str(rule_of(root, "chain"), "expected")[0] != '\0');
    CHECK_EQ(json_array_size(at(root, "reasons")), 2);
    CHECK_STR(str(json_array_get(at(root, "reasons"), 1), "effect"), "fail");
    CHECK_STR(str(at(root, "checks"), "reference"), "failed");
    CHECK_EQ(json_integer_value(at(at(root, "dimensions"), "hardware")), 97);
}

static void
a_warning_is_no_first_cause(void)
{
    json_t *root;

    slot_rig_new(&rig);
    measured(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, "fw", "blob");
    measured(1, EV_PLATFORM_CONFIG_FLAGS, "flags", "flags");
    measured(4, EV_EFI_BOOT_SERVICES_APPLICATION, "kernel", "\\vmlinuz");
    judge(HEAD, RULES);
    root = told_as(&ask);
    CHECK_STR(str(root, "tier"), "warning");
    CHECK(json_is_null(at(root, "first_cause")));
    CHECK_STR(str(json_array_get(at(root, "reasons"), 0), "effect"), "warn");
    CHECK_STR(str(rule_of(root, "sb"), "effect"), "warn");
    CHECK(json_is_null(at(rule_of(root, "sb"), "event")));
    CHECK(json_is_null(at(rule_of(root, "sb"), "pcr")));
    CHECK(json_is_null(at(rule_of(root, "sb"), "seen")));
    CHECK(json_is_null(at(at(root, "facts"), "secureboot")));
}

static void
an_event_without_a_rule_is_named(void)
{
    json_t *root;

    boot("fw", "kernel");
    measured(3, EV_NONHOST_CONFIG, "what", "ever");
    judge(HEAD, RULES);
    root = told_as(&ask);
    CHECK_STR(str(at(root, "unclaimed"), "slot"), "pcr3");
    CHECK_EQ(json_integer_value(at(at(root, "unclaimed"), "event")), 5);
    CHECK_EQ(json_integer_value(at(at(root, "unclaimed"), "pcr")), 3);
    CHECK(strstr(str(at(root, "unclaimed"), "seen"), "sha256:"));
    CHECK_STR(str(at(root, "first_cause"), "name"), "EVT_UNCLAIMED");
}

static void
what_would_fail_warns_in_mode_observe(void)
{
    json_t *root;

    boot("other", "kernel");
    judge(HEAD "  mode observe\n", RULES);
    root = told_as(&ask);
    CHECK_STR(str(root, "tier"), "warning");
    CHECK_STR(str(at(root, "policy"), "mode"), "observe");
    CHECK(json_is_null(at(root, "first_cause")));
    CHECK_STR(str(rule_of(root, "fw"), "effect"), "warn");
    CHECK_STR(str(rule_of(root, "fw"), "outcome"), "unknown");
}

static void
lists_levels_versions_and_flags_are_told(void)
{
    static const char level[] = "sbat,1,2024010900\nshim,4\ngrub,3\n";
    json_t *facts;

    boot("fw", "kernel");
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                   slot_rig_variable(RIG_SECURITY, "db", BYTES_NULL));
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_AUTHORITY,
                   slot_rig_variable(RIG_SHIM, "SbatLevel", bytes_of(level, sizeof(level) - 1)));
    slot_rig_text(&rig, 7, EV_EFI_ACTION, "DMA Protection Disabled");
    slot_rig_text(&rig, 7, EV_EFI_ACTION, "UEFI Debug Mode");
    judge(HEAD, RULES);
    facts = at(told_as(&ask), "facts");
    CHECK_EQ(json_integer_value(at(facts, "sbat_level")), 2024010900);
    CHECK_EQ(json_integer_value(at(at(facts, "lists"), "sb.db")), 0);
    CHECK_EQ(json_array_size(at(facts, "numbers")), 2);
    CHECK_STR(str(json_array_get(at(facts, "numbers"), 0), "name"), "shim");
    CHECK_EQ(json_integer_value(at(json_array_get(at(facts, "numbers"), 0), "number")), 4);
    CHECK(json_is_true(at(facts, "dma_unprotected")));
    CHECK(json_is_true(at(facts, "debug")));
}

static void
a_denied_word_is_what_was_seen(void)
{
    json_t *root;

    boot("fw", "kernel");
    slot_rig_digest(&rig, 8, EV_IPL, bytes_str("/vmlinuz ro init=/bin/sh"),
                    bytes_str("kernel_cmdline: /vmlinuz ro init=/bin/sh"));
    judge("cmdline l {\n  require ro\n  deny init=*\n  other warn\n}\n" HEAD,
          RULES "  rule line : boot.cmdline tokens @cmdline/l\n");
    root = told_as(&ask);
    CHECK_STR(str(rule_of(root, "line"), "outcome"), "denied");
    CHECK_STR(str(rule_of(root, "line"), "seen"), "init=/bin/sh");
    CHECK_STR(str(at(root, "first_cause"), "seen"), "init=/bin/sh");
}

static void
a_quirk_is_named(void)
{
    json_t *quirks;

    boot("fw", "kernel");
    slot_rig_digest(&rig, 4, EV_EFI_BOOT_SERVICES_APPLICATION, bytes_str("kernel"),
                    bytes_str("\\vmlinuz"));
    judge(HEAD, RULES);
    quirks = at(told_as(&ask), "quirks");
    CHECK_EQ(json_array_size(quirks), (size_t)__builtin_popcount(told.map->quirks));
}

static void
without_a_policy_the_checks_tell(void)
{
    static const char *const of_policy[] = {"policy",     "rules", "unclaimed", "facts", "quirks",
                                            "dimensions", "ima",   "tpm",       "claims"};
    struct fault fault = {.rule = RULE_REPLAY_PCR, .event = FAULT_NO_EVENT};
    json_t *root;
    json_t *first;

    verdict = (struct verdict){.form = CHECK_PASSED, .replay = CHECK_FAILED};
    verdict_add(&verdict, REASON_LOG_REPLAY, &fault, 7, "aa", "bb");
    root = told_as(NULL);
    first = at(root, "first_cause");
    for (size_t i = 0; i < ARRAY_LEN(of_policy); i++) {
        CHECK(json_is_null(at(root, of_policy[i])));
    }
    CHECK_STR(str(root, "tier"), "contraindicated");
    CHECK_STR(str(at(root, "checks"), "form"), "passed");
    CHECK_STR(str(at(root, "checks"), "replay"), "failed");
    CHECK_STR(str(at(root, "checks"), "signature"), "not-run");
    CHECK(json_is_null(at(first, "rule")));
    CHECK_STR(str(first, "check"), "replay-pcr");
    CHECK_STR(str(first, "clause"), rule_clause(RULE_REPLAY_PCR));
    CHECK_STR(str(first, "text"), rule_text(RULE_REPLAY_PCR));
    CHECK(json_is_null(at(first, "event")));
    CHECK_EQ(json_integer_value(at(first, "pcr")), 7);
    CHECK_STR(str(first, "expected"), "aa");
    CHECK_STR(str(first, "seen"), "bb");
}

/* Most rules, all failing with long texts. */
static void
the_longest_object_fits_and_a_smaller_room_says_so(void)
{
    static char head[32 * 1024];
    static char rules[32 * 1024];
    size_t at_head = 0;
    size_t at_rules = (size_t)snprintf(rules, sizeof(rules), "%s", RULES);
    struct explain explain = {.verdict = &verdict, .ask = &ask, .told = &told};
    struct json_wr j;
    json_t *root;
    char digest[80];

    boot("other", "evil");
    for (int i = 5; i < (int)LIMIT_POLICY_RULES; i++) {
        at_head +=
            (size_t)snprintf(head + at_head, sizeof(head) - at_head,
                             "set digests t/%d { %s \"%060d\" }\n", i, sha256("fw", digest), i);
        at_rules += (size_t)snprintf(rules + at_rules, sizeof(rules) - at_rules,
                                     "  rule %040d : boot.images one-of @t/%d\n", i, i);
    }
    CHECK(at_head + sizeof(HEAD) < sizeof(head) && at_rules < sizeof(rules));
    snprintf(head + at_head, sizeof(head) - at_head, "%s", HEAD);
    judge(head, rules);
    root = told_as(&ask);
    CHECK_EQ(json_array_size(at(root, "rules")), LIMIT_POLICY_RULES);
    j = json_wr_init(room, 4096);
    json_wr_object(&j);
    explain_write(&j, &explain);
    json_wr_end_object(&j);
    CHECK(!json_wr_done(&j).p);
}

CHECK_MAIN(CASE(a_trusted_boot_tells_its_policy_rules_and_facts),
           CASE(the_first_cause_names_rule_event_seen_and_expected),
           CASE(a_warning_is_no_first_cause), CASE(an_event_without_a_rule_is_named),
           CASE(what_would_fail_warns_in_mode_observe),
           CASE(lists_levels_versions_and_flags_are_told), CASE(a_denied_word_is_what_was_seen),
           CASE(a_quirk_is_named), CASE(without_a_policy_the_checks_tell),
           CASE(the_longest_object_fits_and_a_smaller_room_says_so))
