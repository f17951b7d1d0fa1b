/* appraise/boot: what a policy says of a boot becomes a verdict. */
#include "appraise/boot.h"

#include "base/hex.h"
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/rule-play.h"
#include "lib/slot-rig.h"

static struct slot_rig rig;
static struct boot_room *room;
static struct boot_told told;
static struct verdict verdict;
static struct boot_ask ask;

static const char *
sha256(const char *content, char text[80])
{
    uint8_t digest[32];
    char hex[65];

    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str(content), digest), 0);
    snprintf(text, 80, "sha256:%s", hex_write(hex, BYTES_OF(digest)));
    return text;
}

#define HEAD                          \
    "policy p version 3 schema 1 {\n" \
    "  applies class in { c }\n"      \
    "  quote sha256 pcrs 0-9\n"
#define RULES                                                   \
    "  rule config : config device-pin\n"                       \
    "  rule chain : boot.images one-of @os.kernel count 1..2\n" \
    "  rule fw : firmware one-of @a/fw\n"                       \
    "  rule rom : driver any count 0..1\n"                      \
    "  rule kernel : boot.initrd one-of @a/initrd count 0..1\n"

static void
load(const char *head, const char *rules)
{
    static char text[4096];
    char names[4][80];

    snprintf(text, sizeof(text),
             "%s%s}\nset digests a/fw { %s \"1.42\" }\nset digests a/initrd { %s }\n"
             "release os corp 7 { svn 4 kernel %s }\n"
             "release os corp 8 { svn 5 state staged kernel %s }\n",
             head, rules, sha256("fw", names[0]), sha256("initrd", names[1]),
             sha256("kernel", names[2]), sha256("next", names[3]));
    rule_play_start(text);
    ask = (struct boot_ask){
        .book = rule_play.book, .log = &rig.log, .may_pin = true, .now_s = rule_play.input.now_s};
}

static void
start(const char *head, const char *rules)
{
    slot_rig_new(&rig);
    load(head, rules);
    room = check_keep(boot_room_new());
    CHECK(room);
}

static void
firmware(const char *content)
{
    slot_rig_digest(&rig, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, bytes_str(content), bytes_str("blob"));
}

static void
config(const char *content)
{
    slot_rig_digest(&rig, 1, EV_PLATFORM_CONFIG_FLAGS, bytes_str(content), bytes_str("flags"));
}

static void
image(const char *content)
{
    slot_rig_digest(&rig, 4, EV_EFI_BOOT_SERVICES_APPLICATION, bytes_str(content),
                    bytes_str("\\vmlinuz"));
}

static void
command(const char *line)
{
    char text[64];

    snprintf(text, sizeof(text), "grub_cmd: %s", line);
    slot_rig_digest(&rig, 8, EV_IPL, bytes_str(line), bytes_str(text));
}

static void
file(const char *path, const char *content)
{
    slot_rig_digest(&rig, 9, EV_IPL, bytes_str(content), bytes_str(path));
}

/* A fresh verdict in which every other check has passed. */
static void
judge_read(void)
{
    verdict = (struct verdict){0};
#define VERDICT_FIELD(name) verdict.name = CHECK_PASSED;
    VERDICT_CHECKS(VERDICT_FIELD)
#undef VERDICT_FIELD
    CHECK_EQ(boot_judge(room, rig.make.hasher, &ask, &verdict, &told), 0);
}

static void
judge(void)
{
    slot_rig_assign(&rig);
    judge_read();
}

static void
good_boot(void)
{
    firmware("fw");
    config("flags 1");
    image("kernel");
}

static enum reason_effect
effect_of(enum reason reason)
{
    for (size_t i = 0; i < verdict.n_reasons; i++) {
        if (verdict.reasons[i] == reason) {
            return verdict.effects[i];
        }
    }
    check_fail(__FILE__, __LINE__, "no %s", reason_name(reason));
}

static void
what_the_policy_allows_is_trusted(void)
{
    start(HEAD, RULES);
    good_boot();
    judge();
    CHECK_EQ(verdict.n_reasons, 0);
    CHECK_EQ(verdict.reference, CHECK_PASSED);
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
    CHECK_EQ(told.vector.identity, 2);
    CHECK_EQ(told.vector.configuration, 2);
    CHECK_EQ(told.vector.executables, 3);
    CHECK_EQ(told.vector.hardware, 2);
    CHECK_EQ(told.n_events, 3);
    CHECK(bytes_equal(told.policy->name, bytes_str("p")));
    CHECK(!told.observed);
    slot_rig_done(&rig);
}

/* boot.kernel is of PCR 8 or 9: a good digest in the one that no quote covers is as if it were not
 * there, and a bad one is nobody's fault. */
static void
what_no_quote_covers_meets_no_rule_and_fails_none(void)
{
    static const char head[] = "policy p version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-8\n";
    static const char kernel[] = "  rule fw : firmware one-of @a/fw\n"
                                 "  rule rom : driver any count 0..1\n"
                                 "  rule chain : boot.images one-of @os.kernel\n"
                                 "  rule config : config device-pin\n"
                                 "  rule kernel : boot.kernel one-of @a/initrd count 1..1\n";

    start(head, kernel);
    good_boot();
    file("/vmlinuz", "initrd"); /* the digest that the rule wants */
    judge();
    CHECK_EQ(verdict.reasons[0], REASON_EVT_COUNT_LOW);
    CHECK_STR(verdict.policy_rule, "kernel");
    CHECK_EQ(told.n_events, 3);
    slot_rig_done(&rig);
    start(head, "  rule fw : firmware one-of @a/fw\n  rule rom : driver any count 0..1\n"
                "  rule chain : boot.images one-of @os.kernel\n  rule config : config device-pin\n"
                "  rule kernel : boot.kernel forbid\n");
    good_boot();
    file("/vmlinuz", "evil");
    judge();
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
    slot_rig_done(&rig);
}

static void
the_first_event_at_fault_is_the_cause(void)
{
    char digest[80];

    start(HEAD, RULES); /* the rule of images stands before the one of firmware */
    firmware("other fw");
    config("flags 1");
    image("evil");
    judge();
    CHECK_EQ(verdict.reference, CHECK_FAILED);
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED);
    CHECK_EQ(verdict.n_reasons, 2);
    CHECK_EQ(verdict.reasons[0], REASON_FW_UNKNOWN);
    CHECK_EQ(verdict.reasons[1], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_STR(verdict.policy_rule, "fw");
    CHECK_EQ(verdict.fault.event, 1);
    CHECK_EQ(verdict.pcr, 0);
    CHECK(strstr(verdict.seen, sha256("other fw", digest)));
    CHECK(strstr(verdict.expected, "1.42"));
    CHECK_EQ(told.vector.hardware, 97);
    CHECK_EQ(told.vector.executables, 96);
    slot_rig_done(&rig);
}

static void
releases_that_may_run_are_told_and_no_others(void)
{
    start(HEAD, RULES);
    firmware("fw");
    config("flags 1");
    image("evil");
    judge();
    CHECK_EQ(verdict.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK(strstr(verdict.expected, "corp 7 "));
    CHECK(strstr(verdict.expected, "(active)"));
    CHECK(!strstr(verdict.expected, "corp 8"));
    slot_rig_done(&rig);
}

static void
what_is_missing_comes_behind_what_is_there(void)
{
    start(HEAD, "  rule initrd : boot.initrd one-of @a/initrd\n"
                "  rule config : config device-pin\n"
                "  rule chain : boot.images one-of @os.kernel count 1..2\n"
                "  rule fw : firmware one-of @a/fw\n"
                "  rule rom : driver any count 0..1\n");
    firmware("fw");
    config("flags 1");
    image("evil");
    judge();
    CHECK_EQ(verdict.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(verdict.reasons[1], REASON_INITRD_MISSING);
    CHECK_STR(verdict.policy_rule, "chain");
    slot_rig_done(&rig);
    slot_rig_new(&rig);
    good_boot();
    judge();
    CHECK_EQ(verdict.reasons[0], REASON_INITRD_MISSING);
    CHECK_EQ(verdict.fault.event, FAULT_NO_EVENT);
    CHECK_EQ(verdict.pcr, FAULT_NO_EVENT);
    CHECK_STR(verdict.seen, "");
    slot_rig_done(&rig);
}

static void
an_event_without_a_rule_refuses_at_its_place(void)
{
    start(HEAD, RULES);
    good_boot();
    command("set x=1");
    judge();
    CHECK_EQ(verdict.reasons[0], REASON_EVT_UNCLAIMED);
    CHECK_EQ(verdict.fault.event, 4);
    CHECK_EQ(verdict.pcr, 8);
    CHECK_STR(verdict.expected, "a rule for the slot boot.script");
    CHECK_STR(verdict.policy_rule, "");
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED);
    slot_rig_done(&rig);
}

static void
an_event_without_a_slot_refuses(void)
{
    start(HEAD, RULES);
    good_boot();
    slot_rig_label(&rig, 0, EV_EFI_GPT_EVENT, bytes_str("no place in PCR 0"));
    judge();
    CHECK_EQ(verdict.reasons[0], REASON_EVT_TYPE_FORBIDDEN);
    CHECK_EQ(verdict.reference, CHECK_FAILED);
    slot_rig_done(&rig);
}

static void
a_rule_s_own_effect_counts(void)
{
    start(HEAD, "  rule config : config device-pin\n"
                "  rule chain : boot.images one-of @os.kernel count 1..2 else warn\n"
                "  rule fw : firmware one-of @a/fw\n"
                "  rule rom : driver any count 0..1\n");
    firmware("fw");
    config("flags 1");
    image("kernel");
    image("evil");
    judge();
    CHECK_EQ(effect_of(REASON_BOOT_IMAGE_UNKNOWN), EFFECT_WARN);
    CHECK_EQ(effect_of(REASON_DIMENSION_UNASSERTED), EFFECT_FAIL); /* nothing affirmed what ran */
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED); /* a device can bring that about */
    slot_rig_done(&rig);
    start(HEAD, "  rule config : config device-pin else note\n"
                "  rule chain : boot.images one-of @os.kernel count 1..2\n"
                "  rule fw : firmware one-of @a/fw else warn\n"
                "  rule rom : driver any count 0..1\n");
    firmware("other fw");
    config("flags 1");
    image("kernel");
    judge();
    CHECK_EQ(effect_of(REASON_FW_UNKNOWN), EFFECT_WARN);
    CHECK_EQ(verdict.reference, CHECK_PASSED);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    CHECK_EQ(verdict.policy_rule[0], '\0'); /* there is no refusal to explain */
    slot_rig_done(&rig);
}

static void
a_dimension_that_nothing_affirmed_warns(void)
{
    start(HEAD, "  rule chain : boot.images one-of @os.kernel count 1..2\n"
                "  rule fw : firmware one-of @a/fw\n"
                "  rule rom : driver any count 0..1\n");
    firmware("fw");
    image("kernel");
    judge();
    CHECK_EQ(effect_of(REASON_DIMENSION_UNASSERTED), EFFECT_WARN);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    CHECK_EQ(told.vector.configuration, 0);
    slot_rig_done(&rig);
}

/* A version says something of the hardware, which a warning is worth, and affirms nothing. */
static void
a_text_alone_is_worth_a_warning_and_affirms_nothing(void)
{
    start("policy p version 3 schema 1 {\n  applies class in { c }\n  profile uboot-bootm\n"
          "  quote sha256 pcrs 0,8\n",
          "  rule version : crtm.version match \"U-Boot *\" count 0..1\n"
          "  rule kernel : boot.kernel one-of @os.kernel\n");
    slot_rig_text(&rig, 0, EV_S_CRTM_VERSION, "U-Boot 2025.07");
    slot_rig_digest(&rig, 8, EV_COMPACT_HASH, bytes_str("kernel"), bytes_of("linux", 6));
    judge();
    CHECK_EQ(told.vector.hardware, 32);
    CHECK_EQ(effect_of(REASON_DIMENSION_UNASSERTED), EFFECT_WARN);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    slot_rig_done(&rig);
    slot_rig_new(&rig); /* without it nobody said a word */
    slot_rig_digest(&rig, 8, EV_COMPACT_HASH, bytes_str("kernel"), bytes_of("linux", 6));
    judge();
    CHECK_EQ(told.vector.hardware, 0);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    slot_rig_done(&rig);
}

static void
who_is_observed_is_never_refused_and_never_affirming(void)
{
    start(HEAD "  mode observe\n", RULES);
    firmware("other fw");
    config("flags 1");
    image("evil");
    command("set x=1");
    slot_rig_label(&rig, 0, EV_EFI_GPT_EVENT, bytes_str("no place in PCR 0"));
    judge();
    CHECK(told.observed);
    CHECK_EQ(verdict.reference, CHECK_PASSED);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    CHECK_EQ(effect_of(REASON_FW_UNKNOWN), EFFECT_WARN);
    CHECK_EQ(effect_of(REASON_BOOT_IMAGE_UNKNOWN), EFFECT_WARN);
    CHECK_EQ(effect_of(REASON_EVT_UNCLAIMED), EFFECT_WARN);
    CHECK_EQ(effect_of(REASON_EVT_TYPE_FORBIDDEN), EFFECT_WARN);
    CHECK_EQ(effect_of(REASON_MODE_OBSERVE), EFFECT_WARN);
    CHECK(told.vector.hardware < 96 && told.vector.executables < 96);
    slot_rig_done(&rig);
    start(HEAD "  mode observe\n", RULES);
    good_boot();
    judge();
    CHECK_EQ(verdict.n_reasons, 1);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    slot_rig_done(&rig);
}

/* Mode observe forgives what the policy says, and nothing that was found before. */
static void
what_failed_elsewhere_fails_an_observed_boot(void)
{
    start(HEAD "  mode observe\n", RULES);
    good_boot();
    slot_rig_assign(&rig);
    verdict = (struct verdict){0};
    verdict_add(&verdict, REASON_LOG_REPLAY, NULL, 4, "a", "b");
    CHECK_EQ(boot_judge(room, rig.make.hasher, &ask, &verdict, &told), 0);
    CHECK_EQ(verdict.reasons[0], REASON_LOG_REPLAY);
    CHECK_EQ(verdict.effects[0], EFFECT_FAIL);
    CHECK(!verdict_trusted(&verdict));
    slot_rig_done(&rig);
}

static void
a_bank_that_the_log_lacks_refuses(void)
{
    start("policy p version 3 schema 1 {\n  applies class in { c }\n  quote sha384 pcrs 0-9\n",
          RULES);
    good_boot();
    judge();
    CHECK_EQ(verdict.reasons[0], REASON_BANK_MISSING_IN_LOG);
    CHECK_STR(verdict.expected, "sha384");
    CHECK_EQ(verdict.reference, CHECK_FAILED);
    slot_rig_done(&rig);
}

static void
what_is_learnt_is_told_and_holds_from_then_on(void)
{
    struct rule_pin pin;
    uint8_t value[32];

    start(HEAD, RULES);
    good_boot();
    judge();
    CHECK_EQ(told.judgement->n_learnt, 1);
    pin = told.judgement->learnt[0];
    CHECK_EQ(pin.slot, SLOT_CONFIG);
    CHECK_EQ(pin.value.len, 32);
    memcpy(value, pin.value.p, sizeof(value));
    pin = (struct rule_pin){SLOT_CONFIG, BYTES_NULL, BYTES_OF(value)};
    ask.pins = &pin;
    ask.n_pins = 1;
    judge();
    CHECK_EQ(told.judgement->n_learnt, 0);
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
    slot_rig_done(&rig);
    slot_rig_new(&rig);
    firmware("fw");
    config("flags 2");
    image("kernel");
    judge();
    CHECK_EQ(told.judgement->n_learnt, 0);
    CHECK_EQ(effect_of(REASON_CONFIG_CHANGED), EFFECT_FAIL);
    slot_rig_done(&rig);
}

/* A slot that was empty when its rule learnt has a value too: nothing. */
static void
nothing_is_learnt_as_a_value(void)
{
    struct rule_pin pin;

    start(HEAD, RULES);
    firmware("fw");
    image("kernel");
    judge();
    CHECK_EQ(told.judgement->n_learnt, 1);
    pin = told.judgement->learnt[0];
    CHECK_EQ(pin.value.len, 0);
    ask.pins = &pin;
    ask.n_pins = 1;
    pin.slot = SLOT_CONFIG;
    judge();
    CHECK(verdict_trusted(&verdict));
    slot_rig_done(&rig);
    slot_rig_new(&rig);
    good_boot();
    judge();
    CHECK_EQ(effect_of(REASON_CONFIG_CHANGED), EFFECT_FAIL);
    slot_rig_done(&rig);
}

static void
who_may_not_learn_fails_without_pins(void)
{
    start(HEAD, RULES);
    good_boot();
    ask.may_pin = false;
    judge();
    CHECK_EQ(effect_of(REASON_CONFIG_CHANGED), EFFECT_FAIL);
    CHECK_EQ(told.judgement->n_learnt, 0);
    slot_rig_done(&rig);
}

/* Else a rule whose set held all at enrolment would take whatever comes a year later. */
static void
a_rule_that_needs_no_pin_learns_that_it_has_none(void)
{
    struct rule_pin pins[2];

    start(HEAD "  rule files : boot.files one-of @a/initrd or-pin 3 count 0..9\n", RULES);
    good_boot();
    judge();
    CHECK_EQ(told.judgement->n_learnt, 2);
    pins[0] = (struct rule_pin){SLOT_BOOT_FILES, BYTES_NULL, BYTES_NULL};
    ask.pins = pins;
    ask.n_pins = 1;
    slot_rig_done(&rig);
    slot_rig_new(&rig);
    good_boot();
    file("/evil", "evil");
    judge();
    CHECK_EQ(effect_of(REASON_BOOT_FILE_UNKNOWN), EFFECT_FAIL);
    ask.n_pins = 0; /* at enrolment it is learnt */
    judge();
    CHECK(verdict_trusted(&verdict));
    slot_rig_done(&rig);
}

/* A denied word of a line that only warns must not be what the device is held to. */
static void
what_fails_is_not_learnt_though_it_only_warns(void)
{
    start(HEAD "  rule files : boot.files one-of @a/initrd or-pin 1 count 0..9 else warn\n", RULES);
    good_boot();
    file("/one", "one");
    judge();
    CHECK_EQ(told.judgement->n_learnt, 2);
    file("/two", "two");
    judge();
    CHECK_EQ(effect_of(REASON_BOOT_FILE_UNKNOWN), EFFECT_WARN);
    CHECK_EQ(told.judgement->n_learnt, 1);
    slot_rig_done(&rig);
}

static void
more_than_can_be_pinned_is_not_learnt(void)
{
    char text[16];

    start(HEAD "  rule files : boot.files one-of @a/initrd or-pin 30 count 0..999\n", RULES);
    ask.may_pin = true;
    good_boot();
    for (unsigned i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "/file%u", i);
        file(text, text);
    }
    judge();
    CHECK_EQ(told.judgement->n_learnt, 21);
    CHECK(verdict_trusted(&verdict));
    slot_rig_done(&rig);
}

static void
a_file_of_pcr_9_is_what_its_digest_is_known_as(void)
{
    start(HEAD "  rule files : boot.files any count 0..9\n", RULES);
    good_boot();
    file("/boot/grub/grub.cfg", "initrd");
    judge();
    CHECK_EQ(told.map->counts[SLOT_BOOT_INITRD], 1);
    CHECK_EQ(told.map->counts[SLOT_BOOT_FILES], 0);
    slot_rig_done(&rig);
}

static void
the_label_of_a_file_is_shown(void)
{
    start(HEAD "  rule files : boot.files forbid\n", RULES);
    good_boot();
    file("/boot/grub/grub.cfg", "menu");
    slot_rig_assign(&rig);
    rig.events[4].label = bytes_str("/boot/grub/grub.cfg"); /* as a reader tells it */
    judge_read();
    CHECK(strstr(verdict.seen, "/boot/grub/grub.cfg"));
    CHECK_STR(verdict.expected, "forbid");
    slot_rig_done(&rig);
}

static void
a_release_that_is_staged_passes_where_a_policy_warns(void)
{
    start(HEAD, "  rule config : config device-pin\n"
                "  rule chain : boot.images one-of @os.kernel count 1..2 else warn\n"
                "  rule fw : firmware one-of @a/fw\n"
                "  rule rom : driver any count 0..1\n");
    firmware("fw");
    config("flags 1");
    image("next");
    judge();
    CHECK_EQ(effect_of(REASON_BOOT_IMAGE_PENDING), EFFECT_WARN);
    CHECK_EQ(verdict.n_reasons, 1);
    CHECK_EQ(verdict_tier(&verdict), TIER_WARNING);
    slot_rig_done(&rig);
    start(HEAD, RULES);
    firmware("fw");
    config("flags 1");
    image("next");
    judge();
    CHECK_EQ(effect_of(REASON_BOOT_IMAGE_PENDING), EFFECT_FAIL);
    CHECK_EQ(verdict_tier(&verdict), TIER_CONTRAINDICATED);
    slot_rig_done(&rig);
}

static void
a_measurer_s_oddity_is_noted(void)
{
    start(HEAD, RULES);
    good_boot();
    image("kernel");
    judge();
    CHECK_EQ(effect_of(REASON_QUIRK_USED), EFFECT_NOTE);
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
    CHECK_EQ(told.n_events, 3); /* the echo is no event of its own */
    slot_rig_done(&rig);
}

static struct bytes
secure_boot(uint8_t value)
{
    static uint8_t values[2];

    values[value] = value;
    return slot_rig_variable(RIG_GLOBAL, "SecureBoot", bytes_of(&values[value], 1));
}

/* A log that is kept is read once; under another selection its slots are others, so again. */
static void
what_a_log_tells_is_kept_with_it(void)
{
    struct boot_memo *memo = boot_memo_new();

    CHECK(memo);
    start(HEAD "  rule sb : secureboot is on\n", RULES);
    good_boot();
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, secure_boot(1));
    slot_rig_assign(&rig);
    rig.log.boot = memo;
    judge_read();
    CHECK_EQ(told.facts->secureboot, FACT_ON);
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
    judge_read();
    CHECK_EQ(verdict_tier(&verdict), TIER_AFFIRMING);
    slot_rig_done(&rig);
    slot_rig_new(&rig);
    good_boot();
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, secure_boot(0));
    slot_rig_assign(&rig);
    judge_read(); /* another log has nothing of it */
    CHECK_EQ(effect_of(REASON_SB_OFF), EFFECT_FAIL);
    rig.log.boot = memo;
    judge_read();
    CHECK_EQ(told.facts->secureboot, FACT_ON); /* as its owner says it is that log's */
    load("policy p version 3 schema 1 {\n  applies class in { c }\n  quote sha256 pcrs 0-7\n",
         "  rule sb : secureboot is on\n  rule config : config device-pin\n"
         "  rule chain : boot.images one-of @os.kernel count 1..2\n"
         "  rule fw : firmware one-of @a/fw\n  rule rom : driver any count 0..1\n");
    judge_read();
    CHECK_EQ(told.facts->secureboot, FACT_OFF);
    boot_memo_free(memo);
    slot_rig_done(&rig);
}

static void
words_at_fault_are_escaped(void)
{
    char text[64];

    boot_say_token(bytes_str("init=\n\033[2J"), text, sizeof(text));
    CHECK(!strchr(text, '\n') && !strchr(text, '\033'));
    CHECK(strncmp(text, "init=", 5) == 0);
}

/* A text has whole values or none. */
static void
what_was_expected_fits_its_room(void)
{
    const struct bundle *bundle;
    char text[160];

    start(HEAD, RULES);
    bundle = rulebook_bundle(rule_play.book);
    for (size_t cap = 1; cap < sizeof(text); cap++) {
        for (size_t i = 0; i < bundle->n_rules; i++) {
            boot_say_expected(&ask, &bundle->rules[i], text, cap);
            CHECK(strlen(text) < cap);
        }
    }
    for (size_t i = 0; i < bundle->n_rules; i++) {
        boot_say_expected(&ask, &bundle->rules[i], text, sizeof(text));
        CHECK(text[0] != '\0');
    }
    slot_rig_done(&rig);
}

CHECK_MAIN(CASE(what_the_policy_allows_is_trusted),
           CASE(what_no_quote_covers_meets_no_rule_and_fails_none),
           CASE(the_first_event_at_fault_is_the_cause),
           CASE(releases_that_may_run_are_told_and_no_others),
           CASE(what_is_missing_comes_behind_what_is_there),
           CASE(an_event_without_a_rule_refuses_at_its_place),
           CASE(an_event_without_a_slot_refuses), CASE(a_rule_s_own_effect_counts),
           CASE(a_dimension_that_nothing_affirmed_warns),
           CASE(a_text_alone_is_worth_a_warning_and_affirms_nothing),
           CASE(who_is_observed_is_never_refused_and_never_affirming),
           CASE(what_failed_elsewhere_fails_an_observed_boot),
           CASE(a_bank_that_the_log_lacks_refuses),
           CASE(what_is_learnt_is_told_and_holds_from_then_on), CASE(nothing_is_learnt_as_a_value),
           CASE(who_may_not_learn_fails_without_pins),
           CASE(a_rule_that_needs_no_pin_learns_that_it_has_none),
           CASE(what_fails_is_not_learnt_though_it_only_warns),
           CASE(more_than_can_be_pinned_is_not_learnt),
           CASE(a_file_of_pcr_9_is_what_its_digest_is_known_as), CASE(the_label_of_a_file_is_shown),
           CASE(a_release_that_is_staged_passes_where_a_policy_warns),
           CASE(a_measurer_s_oddity_is_noted), CASE(what_a_log_tells_is_kept_with_it),
           CASE(words_at_fault_are_escaped), CASE(what_was_expected_fits_its_room))
