/* A class that a bundle names is judged by its policy: a real boot, changed in one place or under
 * another policy, from evidence to answer, row and pins. */
#include "base/b64.h"
#include "base/hex.h"
#include "keeper/policies.h"
#include "lib/boot-log.h"
#include "lib/check.h"
#include "lib/sealing.h"
#include "lib/slot-rig.h"
#include "wire/token-cwt.h"

static const uint32_t EV_APPLICATION = 0x80000003;
static const uint32_t EV_GPT = 0x80000006;

static struct sealing sealing;
static uint64_t sequence;

static const char heading[] = "policy laptop version 3 schema 1 {\n"
                              "  applies class in { c }\n"
                              "  quote sha256 pcrs 0-9,14\n";
static const char images[] = "  rule images : boot.images one-of @t/images count 3..4\n";

/* All that the boot has but its images. */
static const char rules[] = "  rule crtm : crtm.version any\n"
                            "  rule fw : firmware one-of @t/fw count 2..2\n"
                            "  rule vars : boot.vars any\n"
                            "  rule sb : secureboot is on\n"
                            "  rule pk : sb.pk device-pin\n"
                            "  rule kek : sb.kek device-pin\n"
                            "  rule db : sb.db device-pin\n"
                            "  rule dbx : sb.dbx device-pin\n"
                            "  rule signer : boot.authority device-pin\n"
                            "  rule sbat : sb.sbat any\n"
                            "  rule mok : mok device-pin\n"
                            "  rule gpt : gpt device-pin else warn\n"
                            "  rule script : boot.script device-pin\n"
                            "  rule cmdline : boot.cmdline any\n"
                            "  rule kernel : boot.kernel device-pin\n"
                            "  rule initrd : boot.initrd device-pin\n"
                            "  rule files : boot.files device-pin\n"
                            "  rule rom : driver device-pin count 0..9\n";

/* The digests of a slot in the boot that was learnt, as items of a set. */
static void
digests_of(const struct slot_rig *rig, enum slot slot, char *room, size_t cap)
{
    size_t at = event_log_bank(&rig->log, HASH_SHA256);
    char hex[65];

    room[0] = '\0';
    for (size_t i = 0; i < rig->map.n; i++) {
        if (rig->map.events[i].slot == slot && !(rig->map.events[i].flags & SLOT_ECHO)) {
            size_t len = strlen(room);

            snprintf(room + len, cap - len, "sha256:%s ",
                     hex_write(hex, rig->log.events[i].digest[at]));
        }
    }
    CHECK(room[0] != '\0');
}

static const char *
policy_text(const char *head, const char *image_rule, const char *more)
{
    static struct slot_rig rig;
    static char text[8192];
    char fw[512];
    char loaders[512];

    slot_rig_new(&rig);
    slot_rig_read(&rig, play.rig.device.log);
    digests_of(&rig, SLOT_FIRMWARE, fw, sizeof(fw));
    digests_of(&rig, SLOT_BOOT_IMAGES, loaders, sizeof(loaders));
    slot_rig_done(&rig);
    snprintf(text, sizeof(text), "%s%s%s%s}\nset digests t/fw { %s}\nset digests t/images { %s}\n",
             head, rules, image_rule, more, fw, loaders);
    return text;
}

static void
load_keys(const struct p256 *key, size_t n)
{
    CHECK_EQ(
        policies_start(play.rig.keeper.policies, play.rig.keeper.store, play.rig.hasher, key, n),
        0);
}

static void
publish_until(const char *text, uint64_t not_after_s)
{
    struct store_bundle row = {.sequence = ++sequence, .loaded_ms = play.rig.now_ms};
    struct bytes sealed =
        sealing_text(&sealing, text, sequence, (uint64_t)play.rig.now_ms / 1000, not_after_s);

    CHECK_EQ(store_bundle_put(play.rig.keeper.store, &row, sealed), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
    load_keys(&sealing.point, 1);
    CHECK_EQ(policies_sequence(play.rig.keeper.policies), sequence);
}

/* A member that was accepted by reference events, and a policy of now. */
static void
start(const char *head, const char *image_rule, const char *more)
{
    boot_log_start();
    sealing_new(&sealing);
    publish_until(policy_text(head, image_rule, more), 0);
}

static struct store_last
last_of(void)
{
    struct store_last last;
    struct ident ident;
    struct store_device device;

    CHECK_EQ(ident_read(play.rig.hasher, play.rig.keeper.setup.masters, IDENT_MASTERS_MAX,
                        bytes_str(play.rig.identity), &ident),
             0);
    CHECK_EQ(store_device_by_ident(play.rig.keeper.store, ident.keys, &device), 0);
    CHECK_EQ(store_last_get(play.rig.keeper.store, device.id, &last), 0);
    return last;
}

static bool
on_pin(void *context, const struct store_pin *pin)
{
    size_t *n = context;

    (void)pin;
    (*n)++;
    return true;
}

static size_t
n_pins(void)
{
    struct store_device device;
    struct ident ident;
    size_t n = 0;

    CHECK_EQ(ident_read(play.rig.hasher, play.rig.keeper.setup.masters, IDENT_MASTERS_MAX,
                        bytes_str(play.rig.identity), &ident),
             0);
    CHECK_EQ(store_device_by_ident(play.rig.keeper.store, ident.keys, &device), 0);
    CHECK_EQ(store_pin_each(play.rig.keeper.store, device.id, on_pin, &n), 0);
    return n;
}

static void
pass(int64_t s)
{
    play.rig.now_ms += s * 1000;
    play.rig.device.clock_ms += (uint64_t)s * 1000;
}

static struct answer
attest(void)
{
    play.rig.now_ms += 1000;
    keeper_rig_connect(&play.rig);
    return boot_log_attest();
}

/* Another content under an event, in log and PCRs. */
static void
change(uint32_t pcr, uint32_t type, unsigned nth, const char *content)
{
    struct evlog_event event = boot_log_find(pcr, type, nth);

    boot_log_measure(&event, bytes_str(content), false);
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}

/* Another byte in what an event tells of, measured as it is. */
static void
change_text(uint32_t pcr, uint32_t type, unsigned nth)
{
    struct evlog_event event = boot_log_find(pcr, type, nth);

    ((uint8_t *)(uintptr_t)event.data.p)[event.data.len - 1] ^= 1;
    boot_log_measure(&event, event.data, false);
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}

static uint8_t
ask_token(void)
{
    return keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay");
}

static struct token_claims
claims_of(struct bytes cwt)
{
    struct token_claims claims;
    struct cose_sign1 message;

    CHECK_EQ(cose_sign1_read(cwt, &message), 0);
    CHECK_EQ(token_cwt_read(message.payload, &claims), 0);
    return claims;
}

static void
what_the_policy_allows_gets_a_token_of_the_policy(void)
{
    struct answer answer;
    struct store_last last;

    start(heading, images, "");
    answer = attest();
    last = last_of();
    CHECK_EQ(answer.n_reasons, 1); /* a duplicate kernel in PCR 4 */
    CHECK_EQ(answer.reasons[0], REASON_QUIRK_USED);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(answer.cwt.p);
    CHECK_STR(last.policy, "laptop:3");
    CHECK_EQ(last.vector[0], 2);
    CHECK_EQ(last.vector[1], 2);
    CHECK_EQ(last.vector[2], 3);
    CHECK_EQ(last.vector[3], 2);
    CHECK_EQ(last.secure_boot, FLAG_YES);
    CHECK_EQ(ask_token(), COAP_CODE(2, 5));
    play_done();
}

static void
another_kernel_is_refused_with_rule_and_event(void)
{
    struct answer answer;
    struct store_last last;

    start(heading, images, "");
    change(4, EV_APPLICATION, 3, "another kernel");
    answer = attest();
    last = last_of();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK(!answer.cwt.p);
    CHECK_STR(last.fault_rule, "policy/images");
    CHECK_EQ(last.fault_pcr, 4);
    CHECK_EQ(last.fault_event, 40);
    CHECK(strstr(last.fault_seen, "sha256:"));
    CHECK(last.fault_expected[0] != '\0');
    CHECK(ask_token() != COAP_CODE(2, 5));
    play_done();
}

static void
a_floor_of_affirming_gives_no_token_for_a_warning(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  token floor affirming\n";
    struct answer answer;

    start(heading, images, "");
    (void)attest();
    change_text(5, EV_GPT, 0);
    answer = attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_GPT_CHANGED);
    CHECK(answer.cwt.p);
    CHECK_EQ(ask_token(), COAP_CODE(2, 5));
    publish_until(policy_text(head, images, ""), 0);
    answer = attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK(!answer.cwt.p);
    CHECK(ask_token() != COAP_CODE(2, 5));
    play_done();
}

static void
values_are_pinned_by_a_boot_that_is_trusted_and_by_no_other(void)
{
    size_t before;

    start(heading, images, "");
    CHECK_EQ(n_pins(), 0);
    change(4, EV_APPLICATION, 3, "another kernel");
    (void)attest();
    CHECK_EQ(n_pins(), 0);
    play_done();
    boot_log_start();
    sequence = 0;
    publish_until(policy_text(heading, images, ""), 0);
    (void)attest();
    before = n_pins();
    CHECK(before > 10); /* and that there is no option ROM */
    (void)attest();
    CHECK_EQ(n_pins(), before);
    change(7, 0, 1, "another PK"); /* its digest binds nothing any more: 207 comes first */
    CHECK_EQ(attest().reasons[0], REASON_EVT_DATA_MISMATCH);
    CHECK_EQ(n_pins(), before);
    play_done();
}

static void
an_option_rom_that_was_not_there_before_is_a_change(void)
{
    struct evlog_event image;
    struct answer answer;

    start(heading, images, "");
    (void)attest();
    image = boot_log_find(4, EV_APPLICATION, 0);
    boot_log_copy(&image, boot_log_find(2, TYPE_SEPARATOR, 0).offset);
    image = boot_log_find(4, EV_APPLICATION, 0);
    boot_log_put(image.offset + BOOT_LOG_PCR, 2);
    boot_log_put(image.offset + BOOT_LOG_TYPE, 0x80000004); /* a boot services driver */
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_DRIVER_UNKNOWN);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_STR(last_of().fault_rule, "policy/rom");
    play_done();
}

static void
a_class_that_no_policy_names_is_judged_by_its_references(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { d }\n"
                               "  quote sha256 pcrs 0-9,14\n";
    struct answer answer;

    start(head, "  rule images : boot.images one-of @t/fw\n", ""); /* would refuse */
    answer = attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(answer.n_reasons, 0);
    CHECK_STR(last_of().policy, "");
    play_done();
}

static void
a_policy_that_is_off_leaves_the_references(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  mode off\n";

    start(head, "  rule images : boot.images one-of @t/fw\n", "");
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
    play_done();
}

static void
who_is_observed_gets_a_token_that_warns(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  mode observe\n";
    struct answer answer;

    start(head, images, "");
    change(4, EV_APPLICATION, 3, "another kernel");
    answer = attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(answer.reasons[1], REASON_MODE_OBSERVE);
    CHECK(answer.cwt.p);
    CHECK_EQ(last_of().vector[2], 33);
    CHECK_EQ(n_pins(), 0); /* what would be refused is nothing to be held to */
    play_done();
}

/* The service's fault, so the device's standing is as it was. */
static void
a_bundle_that_must_not_be_used_gives_nobody_a_token(void)
{
    struct answer answer;

    start(heading, images, "");
    load_keys(NULL, 0);
    answer = attest();
    CHECK_EQ(answer.tier, TIER_NONE);
    CHECK_EQ(answer.reasons[0], REASON_POLICY_MISSING);
    CHECK(!answer.cwt.p);
    load_keys(&sealing.point, 1);
    CHECK(attest().cwt.p);
    play_done();
}

static void
a_bundle_whose_end_has_passed_gives_no_token(void)
{
    struct answer answer;

    boot_log_start();
    sealing_new(&sealing);
    publish_until(policy_text(heading, images, ""), (uint64_t)play.rig.now_ms / 1000 + 100);
    CHECK(attest().cwt.p);
    pass(100);
    keeper_rig_connect(&play.rig);
    answer = boot_log_attest();
    CHECK_EQ(answer.tier, TIER_NONE);
    CHECK_EQ(answer.reasons[0], REASON_POLICY_EXPIRED);
    CHECK(!answer.cwt.p);
    play_done();
}

/* What is quoted is the policy's word; who quotes other ones is told, and judged once it does. */
static void
pcrs_of_the_policy_are_asked_for(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9\n";
    struct problem problem;

    start(head, images, "");
    play.rig.now_ms += 1000;
    keeper_rig_connect(&play.rig);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 9));
    CHECK_EQ(problem_read(play.rig.reply.body, &problem, NULL), 0);
    CHECK(problem.has_wanted);
    CHECK_EQ(problem.wanted.bank, HASH_SHA256);
    CHECK_EQ(problem.wanted.mask, 0x3ff);
    play_done();
}

static void
an_ak_of_another_kind_than_the_policy_takes_is_refused(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  ak rsa-2048\n";
    struct answer answer;

    start(head, images, "");
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_QUOTE_ALG);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    play_done();
}

/* Whether a JWT's claims hold this text. */
static bool
jwt_says(struct bytes jwt, const char *text)
{
    static uint8_t room[LIMIT_TOKEN_BYTES];
    const uint8_t *first = memchr(jwt.p, '.', jwt.len);
    const uint8_t *last;
    size_t len = 0;

    CHECK(first);
    last = memchr(first + 1, '.', jwt.len - (size_t)(first + 1 - jwt.p));
    CHECK(last);
    CHECK_EQ(b64_read(bytes_of(first + 1, (size_t)(last - first - 1)), room, sizeof(room), &len),
             0);
    return memmem(room, len, text, strlen(text)) != NULL;
}

/* What a token says is what its own connection's verdict said. */
static void
another_connection_s_trouble_is_not_in_a_token(void)
{
    struct token_claims claims;
    uint8_t exporter[32];
    uint64_t first;

    start(heading, images, "");
    claims = claims_of(attest().cwt);
    CHECK_BYTES(claims.policies[0], bytes_str("laptop:3"));
    first = play.rig.connection;
    memcpy(exporter, play.rig.exporter, sizeof(exporter));
    load_keys(NULL, 0);
    CHECK_EQ(attest().tier, TIER_NONE);
    CHECK(ask_token() != COAP_CODE(2, 5));
    CHECK(play.rig.connection != first);
    play.rig.connection = first;
    memcpy(play.rig.exporter, exporter, sizeof(exporter));
    CHECK_EQ(ask_token(), COAP_CODE(2, 5));
    CHECK(jwt_says(play.rig.reply.body, "laptop:3"));
    play_done();
}

static void
an_old_boot_warns(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  fresh boot 1m else warn\n";
    struct answer answer;

    start(head, images, "");
    answer = attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    pass(61);
    answer = attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_EVIDENCE_STALE);
    CHECK(answer.cwt.p);
    play_done();
}

static void
old_evidence_is_what_the_policy_says(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  fresh evidence 30s else fail\n";
    struct answer answer;

    start(head, images, "");
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
    pass(40); /* the nonce of the last answer has aged with it */
    answer = boot_log_attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_EVIDENCE_STALE);
    play_done();
}

static void
a_token_lives_as_long_as_the_policy_says(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  token ttl 10m\n";
    struct token_claims claims;

    start(head, images, "");
    claims = claims_of(attest().cwt);
    CHECK_EQ(claims.exp - claims.iat, 600);
    publish_until(policy_text("policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                              "  quote sha256 pcrs 0-9,14\n  token ttl 7d\n",
                              images, ""),
                  0);
    claims = claims_of(attest().cwt);
    CHECK_EQ(claims.exp - claims.iat, KEEPER_TOKEN_MOST_S);
    play_done();
}

/* Another boot of the same firmware and programs, whose PCR 0 began at this locality. */
static void
begin_at(uint8_t locality)
{
    uint8_t data[17] = "StartupLocality";

    data[16] = locality;
    boot_log_insert(boot_log_find(0, 0, 0).offset, 0, TYPE_NO_ACTION, BYTES_OF(data));
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}

/* Pitfall 29: PCRs that a pin or a sleep has reset are extended by software that runs later. */
static void
a_root_of_trust_in_hardware_is_the_policy_s_to_ask_for(void)
{
    struct answer answer;

    start(heading, images, "  rule rtm : rtm is hw else fail\n");
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_FW_NO_HW_RTM);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK(!answer.cwt.p);
    CHECK_STR(last_of().fault_rule, "policy/rtm");
    CHECK(ask_token() != COAP_CODE(2, 5));
    begin_at(3);
    answer = attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(answer.cwt.p);
    CHECK_EQ(last_of().vector[3], 2);
    play_done();
}

/* The log alone says so: its PCR 0 began at 0, and then it does not replay. */
static void
a_root_of_trust_that_only_the_log_tells_of_is_none(void)
{
    struct pcr_values values;

    start(heading, images, "  rule rtm : rtm is hw else warn\n");
    CHECK_EQ(attest().tier, TIER_WARNING);
    values = play.rig.device.values;
    begin_at(3);
    play.rig.device.values = values;
    CHECK_EQ(attest().reasons[0], REASON_LOG_REPLAY);
    play_done();
}

static void
firmware_tells(const char *text)
{
    boot_log_insert(boot_log_find(7, TYPE_SEPARATOR, 0).offset, 7, 0x80000007, bytes_str(text));
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}

/* Pitfall 35: both strings are among the actions that need no rule. */
static void
firmware_in_debug_mode_is_refused(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  mode observe\n";
    struct answer answer;

    start(heading, images, "");
    firmware_tells("UEFI Debug Mode");
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_FW_DEBUG);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_STR(last_of().fault_seen, "UEFI Debug Mode");
    CHECK_EQ(last_of().vector[3], 96);
    CHECK(!answer.cwt.p);
    CHECK_EQ(n_pins(), 0);
    publish_until(policy_text(head, images, ""), 0);
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_FW_DEBUG);
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(last_of().vector[3], 32);
    CHECK_EQ(n_pins(), 0); /* what would be refused is nothing to be held to */
    play_done();
}

static void
firmware_that_leaves_its_memory_open_is_a_warning(void)
{
    struct answer answer;

    start(heading, images, "");
    firmware_tells("DMA Protection Disabled");
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_DMA_UNPROTECTED);
    CHECK_EQ(last_of().vector[3], 32);
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK(answer.cwt.p);
    play_done();
}

static void
a_policy_s_own_rule_for_actions_decides(void)
{
    static const char debug[] = "  rule told : action match \"*o*\""
                                " count 0..9\n";
    static const char strict[] = "  rule told : action match \"*Boot*\" count 0..9\n";
    struct answer answer;

    start(heading, images, debug);
    firmware_tells("UEFI Debug Mode");
    answer = attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(last_of().vector[3], 2);
    publish_until(policy_text(heading, images, strict), 0);
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_ACTION_UNKNOWN);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_STR(last_of().fault_rule, "policy/told");
    play_done();
}

/* What a machine's maker runs in front of the boot loader (Absolute, SysPrep, an updater) is no
 * boot image, and has a reason of its own; so has Secure Boot whose mode nobody knows. */
static void
other_findings_have_reasons_of_their_own(void)
{
    struct evlog_event image;
    struct answer answer;

    start(heading, images, "  rule mode : sb.mode is deployed else note\n");
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_SB_NOT_DEPLOYED);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    publish_until(policy_text(heading, images, "  rule pre : boot.preos forbid else fail\n"), 0);
    image = boot_log_find(4, EV_APPLICATION, 0);
    boot_log_copy(&image, boot_log_find(4, 0, 0).offset);
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_PREOS_APP);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    play_done();
}

CHECK_MAIN(
    CASE(what_the_policy_allows_gets_a_token_of_the_policy),
    CASE(another_kernel_is_refused_with_rule_and_event),
    CASE(a_floor_of_affirming_gives_no_token_for_a_warning),
    CASE(values_are_pinned_by_a_boot_that_is_trusted_and_by_no_other),
    CASE(an_option_rom_that_was_not_there_before_is_a_change),
    CASE(a_class_that_no_policy_names_is_judged_by_its_references),
    CASE(a_policy_that_is_off_leaves_the_references), CASE(who_is_observed_gets_a_token_that_warns),
    CASE(a_bundle_that_must_not_be_used_gives_nobody_a_token),
    CASE(a_bundle_whose_end_has_passed_gives_no_token), CASE(pcrs_of_the_policy_are_asked_for),
    CASE(an_ak_of_another_kind_than_the_policy_takes_is_refused),
    CASE(another_connection_s_trouble_is_not_in_a_token), CASE(an_old_boot_warns),
    CASE(old_evidence_is_what_the_policy_says), CASE(a_token_lives_as_long_as_the_policy_says),
    CASE(a_root_of_trust_in_hardware_is_the_policy_s_to_ask_for),
    CASE(a_root_of_trust_that_only_the_log_tells_of_is_none),
    CASE(firmware_in_debug_mode_is_refused),
    CASE(firmware_that_leaves_its_memory_open_is_a_warning),
    CASE(a_policy_s_own_rule_for_actions_decides), CASE(other_findings_have_reasons_of_their_own))
