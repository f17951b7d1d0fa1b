/* A class that a bundle names is judged by its policy: a real boot, changed in one place or under
 * another policy, from evidence to answer, row and pins. */
#include "base/b64.h"
#include "lib/check.h"
#include "lib/policy-play.h"
#include "wire/token-cwt.h"

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

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    answer = policy_play_attest();
    last = policy_play_last();
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
    CHECK_EQ(policy_play_token(), COAP_CODE(2, 5));
    play_done();
}

static void
another_kernel_is_refused_with_rule_and_event(void)
{
    struct answer answer;
    struct store_last last;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    policy_play_change(4, PLAY_EV_APPLICATION, 3, "another kernel");
    answer = policy_play_attest();
    last = policy_play_last();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK(!answer.cwt.p);
    CHECK_STR(last.fault_rule, "policy/images");
    CHECK_EQ(last.fault_pcr, 4);
    CHECK_EQ(last.fault_event, 40);
    CHECK(strstr(last.fault_seen, "sha256:"));
    CHECK(last.fault_expected[0] != '\0');
    CHECK(policy_play_token() != COAP_CODE(2, 5));
    play_done();
}

static void
a_floor_of_affirming_gives_no_token_for_a_warning(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  token floor affirming\n";
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    (void)policy_play_attest();
    policy_play_change_text(5, PLAY_EV_GPT, 0);
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_GPT_CHANGED);
    CHECK(answer.cwt.p);
    CHECK_EQ(policy_play_token(), COAP_CODE(2, 5));
    policy_play_publish(policy_play_text(head, PLAY_IMAGES, ""), 0);
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK(!answer.cwt.p);
    CHECK(policy_play_token() != COAP_CODE(2, 5));
    play_done();
}

static void
values_are_pinned_by_a_boot_that_is_trusted_and_by_no_other(void)
{
    size_t before;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    CHECK_EQ(policy_play_pins(), 0);
    policy_play_change(4, PLAY_EV_APPLICATION, 3, "another kernel");
    (void)policy_play_attest();
    CHECK_EQ(policy_play_pins(), 0);
    play_done();
    boot_log_start();
    policy_play.sequence = 0;
    policy_play_publish(policy_play_text(PLAY_HEADING, PLAY_IMAGES, ""), 0);
    (void)policy_play_attest();
    before = policy_play_pins();
    CHECK(before > 10); /* and that there is no option ROM */
    (void)policy_play_attest();
    CHECK_EQ(policy_play_pins(), before);
    policy_play_change(7, 0, 1,
                       "another PK"); /* its digest binds nothing any more: 207 comes first */
    CHECK_EQ(policy_play_attest().reasons[0], REASON_EVT_DATA_MISMATCH);
    CHECK_EQ(policy_play_pins(), before);
    play_done();
}

static void
an_option_rom_that_was_not_there_before_is_a_change(void)
{
    struct evlog_event image;
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    (void)policy_play_attest();
    image = boot_log_find(4, PLAY_EV_APPLICATION, 0);
    boot_log_copy(&image, boot_log_find(2, TYPE_SEPARATOR, 0).offset);
    image = boot_log_find(4, PLAY_EV_APPLICATION, 0);
    boot_log_put(image.offset + BOOT_LOG_PCR, 2);
    boot_log_put(image.offset + BOOT_LOG_TYPE, 0x80000004); /* a boot services driver */
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    answer = policy_play_attest();
    CHECK_EQ(answer.reasons[0], REASON_DRIVER_UNKNOWN);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_STR(policy_play_last().fault_rule, "policy/rom");
    play_done();
}

static void
a_class_that_no_policy_names_is_judged_by_its_references(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { d }\n"
                               "  quote sha256 pcrs 0-9,14\n";
    struct answer answer;

    policy_play_start(head, "  rule images : boot.images one-of @t/fw\n", ""); /* would refuse */
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(answer.n_reasons, 0);
    CHECK_STR(policy_play_last().policy, "");
    play_done();
}

static void
a_policy_that_is_off_leaves_the_references(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  mode off\n";

    policy_play_start(head, "  rule images : boot.images one-of @t/fw\n", "");
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    play_done();
}

static void
who_is_observed_gets_a_token_that_warns(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  mode observe\n";
    struct answer answer;

    policy_play_start(head, PLAY_IMAGES, "");
    policy_play_change(4, PLAY_EV_APPLICATION, 3, "another kernel");
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_BOOT_IMAGE_UNKNOWN);
    CHECK_EQ(answer.reasons[1], REASON_MODE_OBSERVE);
    CHECK(answer.cwt.p);
    CHECK_EQ(policy_play_last().vector[2], 33);
    CHECK_EQ(policy_play_pins(), 0); /* what would be refused is nothing to be held to */
    play_done();
}

/* The service's fault, so the device's standing is as it was. */
static void
a_bundle_that_must_not_be_used_gives_nobody_a_token(void)
{
    struct answer answer;

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    policy_play_keys(NULL, 0);
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_NONE);
    CHECK_EQ(answer.reasons[0], REASON_POLICY_MISSING);
    CHECK(!answer.cwt.p);
    policy_play_keys(&policy_play.sealing.point, 1);
    CHECK(policy_play_attest().cwt.p);
    play_done();
}

static void
a_bundle_whose_end_has_passed_gives_no_token(void)
{
    struct answer answer;

    boot_log_start();
    sealing_new(&policy_play.sealing);
    policy_play_publish(policy_play_text(PLAY_HEADING, PLAY_IMAGES, ""),
                        (uint64_t)play.rig.now_ms / 1000 + 100);
    CHECK(policy_play_attest().cwt.p);
    policy_play_pass(100);
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

    policy_play_start(head, PLAY_IMAGES, "");
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

    policy_play_start(head, PLAY_IMAGES, "");
    answer = policy_play_attest();
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

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    claims = claims_of(policy_play_attest().cwt);
    CHECK_BYTES(claims.policies[0], bytes_str("laptop:3"));
    first = play.rig.connection;
    memcpy(exporter, play.rig.exporter, sizeof(exporter));
    policy_play_keys(NULL, 0);
    CHECK_EQ(policy_play_attest().tier, TIER_NONE);
    CHECK(policy_play_token() != COAP_CODE(2, 5));
    CHECK(play.rig.connection != first);
    play.rig.connection = first;
    memcpy(play.rig.exporter, exporter, sizeof(exporter));
    CHECK_EQ(policy_play_token(), COAP_CODE(2, 5));
    CHECK(jwt_says(play.rig.reply.body, "laptop:3"));
    CHECK(jwt_says(play.rig.reply.body, "\"device_secureboot\":\"on\""));
    play_done();
}

/* A claim that the device's last verdict tells, as text; "" when it tells none. */
static const char *
told(enum claim claim)
{
    static struct store_claims row;
    static char text[CLAIM_TEXT_MAX + 1];
    struct store_last last = policy_play_last();
    struct claim_set set;

    if (store_claims_get(play.rig.keeper.store, policy_play_device().id, last.claims, &row) != 0) {
        return "";
    }
    CHECK(claim_set_read(bytes_of(row.body, row.len), &set));
    if (!claim_set_has(&set, claim)) {
        return "";
    }
    snprintf(text, sizeof(text), "%.*s", (int)set.values[claim].bytes.len,
             (const char *)set.values[claim].bytes.p);
    return text;
}

static void
what_the_verdict_tells_is_kept_and_in_tokens(void)
{
    struct token_claims claims;
    struct answer answer;
    uint8_t digest[32];

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    answer = policy_play_attest();
    claims = claims_of(answer.cwt);
    CHECK_BYTES(claims.told.values[CLAIM_SECUREBOOT].bytes, bytes_str("on"));
    CHECK_BYTES(claims.told.values[CLAIM_MODE].bytes, bytes_str("enforce"));
    CHECK_EQ(claims.told.present & ~claim_default(), 0);
    CHECK_STR(told(CLAIM_SECUREBOOT), "on");
    CHECK_STR(told(CLAIM_EK_CHAIN), "none");
    memcpy(digest, policy_play_last().claims, sizeof(digest));
    CHECK_EQ(policy_play_token(), COAP_CODE(2, 5));
    CHECK(jwt_says(play.rig.reply.body, "\"device_secureboot\":\"on\""));
    CHECK(jwt_says(play.rig.reply.body, "\"device_reasons\":\"QUIRK_USED\""));
    (void)policy_play_attest();
    CHECK_BYTES(BYTES_OF(policy_play_last().claims), BYTES_OF(digest));
    policy_play_change(4, PLAY_EV_APPLICATION, 3, "another kernel");
    CHECK(!policy_play_attest().cwt.p);
    CHECK_STR(told(CLAIM_SECUREBOOT), "on"); /* of a refused boot too */
    CHECK(memcmp(policy_play_last().claims, digest, sizeof(digest)) != 0);
    play_done();
}

static void
evidence_that_is_not_genuine_tells_nothing(void)
{
    static const uint8_t nothing[32];

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    CHECK(policy_play_attest().cwt.p);
    play.rig.device.values.value[1][4][0] ^= 1; /* what was extended is not what the log says */
    CHECK_EQ(policy_play_attest().reasons[0], REASON_LOG_REPLAY);
    CHECK_BYTES(BYTES_OF(policy_play_last().claims), BYTES_OF(nothing));
    CHECK_STR(told(CLAIM_SECUREBOOT), "");
    play_done();
}

static void
an_old_boot_warns(void)
{
    static const char head[] = "policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                               "  quote sha256 pcrs 0-9,14\n  fresh boot 1m else warn\n";
    struct answer answer;

    policy_play_start(head, PLAY_IMAGES, "");
    answer = policy_play_attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    policy_play_pass(61);
    answer = policy_play_attest();
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

    policy_play_start(head, PLAY_IMAGES, "");
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    policy_play_pass(40); /* the nonce of the last answer has aged with it */
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

    policy_play_start(head, PLAY_IMAGES, "");
    claims = claims_of(policy_play_attest().cwt);
    CHECK_EQ(claims.exp - claims.iat, 600);
    policy_play_publish(
        policy_play_text("policy laptop version 3 schema 1 {\n  applies class in { c }\n"
                         "  quote sha256 pcrs 0-9,14\n  token ttl 7d\n",
                         PLAY_IMAGES, ""),
        0);
    claims = claims_of(policy_play_attest().cwt);
    CHECK_EQ(claims.exp - claims.iat, KEEPER_TOKEN_MOST_S);
    play_done();
}

/* The boot's images as release 1 of this state beside an active release 2 of another kernel. */
static void
publish_releases(const char *state)
{
    static const char rule[] = "  rule images : boot.images one-of @os.image count 3..4\n";
    static const char set[] = "set digests t/images { ";
    static char head[4096];
    const char *digest = strstr(policy_play_text(PLAY_HEADING, PLAY_IMAGES, ""), set);
    size_t len;

    CHECK(digest);
    digest += strlen(set);
    len = (size_t)snprintf(head, sizeof(head), "release os deb 1 { state %s\n", state);
    for (; *digest == 's'; digest += 72) { /* "sha256:", its digits and a blank */
        len += (size_t)snprintf(head + len, sizeof(head) - len, "  image %.71s\n", digest);
    }
    snprintf(head + len, sizeof(head) - len,
             "}\nrelease os deb 2 { image sha256:%064d\n}\n" PLAY_HEADING, 2);
    policy_play_publish(policy_play_text(head, rule, ""), 0);
}

/* Old and new pass side by side, with the same boot and evidence as before each move. */
static void
a_release_is_staged_passes_retires_and_ends(void)
{
    static const struct {
        const char *state;
        enum tier tier;
        enum reason reason;
    } rows[] = {
        {"staged", TIER_CONTRAINDICATED, REASON_BOOT_IMAGE_PENDING},
        {"active", TIER_AFFIRMING, REASON_QUIRK_USED},
        {"retiring", TIER_WARNING, REASON_RELEASE_RETIRING},
        {"retired", TIER_CONTRAINDICATED, REASON_RELEASE_RETIRED},
        {"active", TIER_AFFIRMING, REASON_QUIRK_USED},
        {"revoked", TIER_CONTRAINDICATED, REASON_BOOT_IMAGE_REVOKED},
    };

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answer answer;

        publish_releases(rows[i].state);
        answer = policy_play_attest();
        CHECK_EQ(answer.tier, rows[i].tier);
        CHECK_EQ(answer.reasons[0], rows[i].reason);
        CHECK_EQ(answer.cwt.p != NULL, rows[i].tier != TIER_CONTRAINDICATED);
    }
    play_done();
}

CHECK_MAIN(CASE(what_the_policy_allows_gets_a_token_of_the_policy),
           CASE(another_kernel_is_refused_with_rule_and_event),
           CASE(a_floor_of_affirming_gives_no_token_for_a_warning),
           CASE(values_are_pinned_by_a_boot_that_is_trusted_and_by_no_other),
           CASE(an_option_rom_that_was_not_there_before_is_a_change),
           CASE(a_class_that_no_policy_names_is_judged_by_its_references),
           CASE(a_policy_that_is_off_leaves_the_references),
           CASE(who_is_observed_gets_a_token_that_warns),
           CASE(a_bundle_that_must_not_be_used_gives_nobody_a_token),
           CASE(a_bundle_whose_end_has_passed_gives_no_token),
           CASE(pcrs_of_the_policy_are_asked_for),
           CASE(an_ak_of_another_kind_than_the_policy_takes_is_refused),
           CASE(another_connection_s_trouble_is_not_in_a_token),
           CASE(what_the_verdict_tells_is_kept_and_in_tokens),
           CASE(evidence_that_is_not_genuine_tells_nothing), CASE(an_old_boot_warns),
           CASE(old_evidence_is_what_the_policy_says),
           CASE(a_token_lives_as_long_as_the_policy_says),
           CASE(a_release_is_staged_passes_retires_and_ends))
