/* keeper/issue */
#include "keeper/issue.h"

#include "crypto/cose.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "wire/token-cwt.h"
#include "wire/token-jwt.h"

static struct keeper_rig rig;
static struct store_device device;
static struct store_class class_row;
static struct store_last last;
static struct issue issue;
static uint8_t room[4096];

static void
start(void)
{
    keeper_rig_new(&rig);
    device = (struct store_device){.ek_chain = EK_CHAIN_NONE};
    memset(device.id, 0x31, sizeof(device.id));
    device.id[0] = 1;
    class_row = (struct store_class){
        .name = "gates", .bank = HASH_SHA256, .interval_s = 300, .audiences = "bearer:assay"};
    last = (struct store_last){
        .tier = TIER_AFFIRMING, .challenge_ms = rig.now_ms, .era = 1, .reset_count = 5};
    issue = (struct issue){.device = &device, .class_row = &class_row, .last = &last};
    CHECK_EQ(store_class_put(rig.keeper.store, &class_row), 0);
}

/* The token's claims; the signature is verified with the key that the keeper has, and kid is the
 * key's thumbprint. */
static struct token_claims
cwt(void)
{
    struct token_claims claims;
    struct cose_sign1 message;
    struct pubkey *key = NULL;
    struct bytes token;
    uint8_t x[32];
    uint8_t y[32];

    CHECK_EQ(issue_cwt(&rig.keeper, &issue, room, sizeof(room), &token), 0);
    CHECK(token.p >= room && token.p + token.len <= room + sizeof(room));
    CHECK_EQ(cose_sign1_read(token, &message), 0);
    CHECK_EQ(privkey_point(rig.keeper.token_key, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &key), 0);
    CHECK_EQ(cose_sign1_verify(&message, BYTES_NULL, key, rig.hasher), 0);
    pubkey_free(key);
    CHECK_EQ(message.typ, TOKEN_CWT_TYP);
    CHECK_BYTES(message.kid, BYTES_OF(rig.keeper.cose_kid));
    CHECK_EQ(token_cwt_read(message.payload, &claims), 0);
    return claims;
}

static int
outcome(void)
{
    struct bytes token = bytes_str("untouched");
    int r = issue_cwt(&rig.keeper, &issue, room, sizeof(room), &token);

    CHECK(r == 0 || bytes_equal(token, bytes_str("untouched")));
    return r;
}

static int
jwt_for(const char *audience)
{
    struct bytes token = BYTES_NULL;
    struct bytes asked = audience ? bytes_str(audience) : BYTES_NULL;
    int r = issue_jwt(&rig.keeper, &issue, asked, room, sizeof(room), &token);

    CHECK((token.p != NULL) == (r == 0));
    return r;
}

static void
claims_say_who_for_whom_and_by_which_policy(void)
{
    char sub[TOKEN_SUB_ROOM];
    struct token_claims claims;

    start();
    claims = cwt();
    CHECK_BYTES(claims.iss, bytes_str("https://test.assay"));
    CHECK_BYTES(claims.sub, token_sub_write(BYTES_OF(device.id), sub));
    CHECK_BYTES(claims.aud, bytes_str("assay"));
    CHECK_BYTES(claims.developer, bytes_str("assay"));
    CHECK(claims.build.len > 0);
    CHECK_EQ(claims.cnf, TOKEN_CNF_NONE);
    CHECK_EQ(claims.status, TOKEN_AFFIRMING);
    CHECK_EQ(claims.n_policies, 1);
}

static void
times_follow_from_the_challenge(void)
{
    struct token_claims claims;

    start();
    rig.now_ms += 100 * 1000; /* the evidence was slow */
    claims = cwt();
    CHECK_EQ(claims.iat, last.challenge_ms / 1000);
    CHECK_EQ(claims.exp, last.challenge_ms / 1000 + KEEPER_TOKEN_S);
    CHECK_EQ(claims.nbf, claims.iat);
}

static void
a_null_nonce_gives_a_shorter_life(void)
{
    start();
    issue.null_nonce = true;
    CHECK_EQ(cwt().exp, last.challenge_ms / 1000 + KEEPER_TOKEN_NULL_S);
    rig.now_ms += (KEEPER_TOKEN_NULL_S - KEEPER_TOKEN_LEAST_S) * 1000;
    CHECK_EQ(outcome(), 0);
    rig.now_ms += 1000;
    CHECK_EQ(outcome(), ISSUE_E_OLD);
    issue.null_nonce = false;
    CHECK_EQ(outcome(), 0);
}

static void
a_token_has_its_least_life_left(void)
{
    start();
    rig.now_ms += (KEEPER_TOKEN_S - KEEPER_TOKEN_LEAST_S) * 1000;
    CHECK_EQ(outcome(), 0);
    CHECK_EQ(jwt_for("assay"), 0);
    rig.now_ms += 999; /* whole seconds count */
    CHECK_EQ(outcome(), 0);
    rig.now_ms += 1;
    CHECK_EQ(outcome(), ISSUE_E_OLD);
    CHECK_EQ(jwt_for("assay"), ISSUE_E_OLD);
    rig.now_ms += INT64_C(365) * 86400 * 1000;
    CHECK_EQ(outcome(), ISSUE_E_OLD);
}

static void
the_cwt_is_for_the_first_bearer_audience(void)
{
    static const struct {
        const char *audiences;
        const char *first;
    } rows[] = {
        {"bearer:a", "a"},         {"bearer:a bearer:b", "a"},      {"  bearer:b   bearer:a ", "b"},
        {"bound:x bearer:y", "y"}, {"plain bearer: bearer:z", "z"},
    };

    start();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(class_row.audiences, sizeof(class_row.audiences), "%s", rows[i].audiences);
        CHECK_BYTES(cwt().aud, bytes_str(rows[i].first));
    }
}

static void
without_a_bearer_audience_there_is_no_token(void)
{
    static const char *const audiences[] = {
        "", " ", "assay", "bearer:", "BEARER:assay", "*", "bound:assay", "xbearer:assay"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(audiences); i++) {
        snprintf(class_row.audiences, sizeof(class_row.audiences), "%s", audiences[i]);
        CHECK_EQ(outcome(), ISSUE_E_AUDIENCE);
        CHECK_EQ(jwt_for("assay"), ISSUE_E_AUDIENCE);
        CHECK_EQ(jwt_for("*"), ISSUE_E_AUDIENCE);
        CHECK_EQ(jwt_for("bearer:"), ISSUE_E_AUDIENCE);
    }
}

static void
a_jwt_is_for_a_listed_audience_only(void)
{
    start();
    snprintf(class_row.audiences, sizeof(class_row.audiences), "bearer:api bearer:vpn bound:db");
    CHECK_EQ(jwt_for("api"), 0);
    CHECK_EQ(jwt_for("vpn"), 0);
    CHECK_EQ(jwt_for("db"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("ap"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("apis"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("API"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("api bearer:vpn"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("bearer:api"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for(""), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for(NULL), ISSUE_E_AUDIENCE);
}

static void
an_audience_that_is_not_allowed_comes_before_age(void)
{
    start();
    rig.now_ms += 86400 * 1000;
    CHECK_EQ(jwt_for("other"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("assay"), ISSUE_E_OLD);
}

static void
the_policy_names_class_and_version(void)
{
    struct store_ref ref = {.pcr = 1, .digest = {.alg = HASH_SHA256}};
    char want[96];
    int64_t before = 0;
    int64_t after = 0;

    start();
    CHECK_EQ(store_ref_version(rig.keeper.store, "gates", &before), 0);
    snprintf(want, sizeof(want), "golden:gates:%lld", (long long)before);
    CHECK_BYTES(cwt().policies[0], bytes_str(want));
    CHECK_EQ(store_ref_add(rig.keeper.store, "gates", &ref, NULL), 0);
    CHECK_EQ(store_ref_version(rig.keeper.store, "gates", &after), 0);
    CHECK(after > before);
    snprintf(want, sizeof(want), "golden:gates:%lld", (long long)after);
    CHECK_BYTES(cwt().policies[0], bytes_str(want));
}

static void
hardware_is_asserted_for_a_verified_chain_only(void)
{
    static const enum ek_chain chains[] = {EK_CHAIN_NONE, EK_CHAIN_LISTED, EK_CHAIN_VERIFIED};
    const uint8_t base = 1u << TOKEN_INSTANCE_IDENTITY | 1u << TOKEN_EXECUTABLES;

    start();
    for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
        struct token_vector vector;
        bool verified = chains[i] == EK_CHAIN_VERIFIED;

        device.ek_chain = chains[i];
        vector = cwt().vector;
        CHECK_EQ(vector.present, verified ? (base | 1u << TOKEN_HARDWARE) : base);
        CHECK_EQ(vector.value[TOKEN_INSTANCE_IDENTITY], 2);
        CHECK_EQ(vector.value[TOKEN_EXECUTABLES], 3);
        CHECK_EQ(vector.value[TOKEN_HARDWARE], verified ? 2 : 0);
    }
}

static void
a_warning_stays_a_warning(void)
{
    start();
    last.tier = TIER_WARNING;
    CHECK_EQ(cwt().status, TOKEN_WARNING);
    last.tier = TIER_AFFIRMING;
    CHECK_EQ(cwt().status, TOKEN_AFFIRMING);
}

static void
no_two_tokens_share_an_id(void)
{
    uint8_t first[TOKEN_ID_SIZE];

    start();
    memcpy(first, cwt().id, sizeof(first));
    CHECK(memcmp(first, cwt().id, sizeof(first)) != 0);
}

static void
a_room_too_small_is_an_error(void)
{
    struct bytes token = BYTES_NULL;
    size_t len;

    start();
    CHECK_EQ(issue_cwt(&rig.keeper, &issue, room, sizeof(room), &token), 0);
    len = token.len;
    CHECK(issue_cwt(&rig.keeper, &issue, room, 16, &token) < 0);
    CHECK(issue_cwt(&rig.keeper, &issue, room, len / 2, &token) < 0);
    CHECK(issue_jwt(&rig.keeper, &issue, bytes_str("assay"), room, 64, &token) < 0);
    CHECK_EQ(issue_cwt(&rig.keeper, &issue, room, len, &token), 0);
    CHECK_EQ(token.len, len);
}

static void
a_class_without_a_version_gives_no_token(void)
{
    start();
    snprintf(class_row.name, sizeof(class_row.name), "gone");
    CHECK(outcome() < 0);
    CHECK(jwt_for("assay") < 0);
}

CHECK_MAIN(CASE(claims_say_who_for_whom_and_by_which_policy), CASE(times_follow_from_the_challenge),
           CASE(a_null_nonce_gives_a_shorter_life), CASE(a_token_has_its_least_life_left),
           CASE(the_cwt_is_for_the_first_bearer_audience),
           CASE(without_a_bearer_audience_there_is_no_token),
           CASE(a_jwt_is_for_a_listed_audience_only),
           CASE(an_audience_that_is_not_allowed_comes_before_age),
           CASE(the_policy_names_class_and_version),
           CASE(hardware_is_asserted_for_a_verified_chain_only), CASE(a_warning_stays_a_warning),
           CASE(no_two_tokens_share_an_id), CASE(a_room_too_small_is_an_error),
           CASE(a_class_without_a_version_gives_no_token))
