/* keeper/issue */
#include "keeper/issue.h"

#include "appraise/boot.h"
#include "keeper/groups.h"

#include "crypto/cose.h"
#include "crypto/jose.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "store/store-group.h"
#include "wire/token-cwt.h"
#include "wire/token-jwt.h"

static struct keeper_rig rig;
static struct store_device device;
static struct store_class class_row;
static struct store_last last;
static struct issue issue;
static uint8_t room[4096];

static struct bound_key bound;

static void
start_on(void (*rig_new)(struct keeper_rig *rig))
{
    rig_new(&rig);
    device = (struct store_device){.ek_chain = EK_CHAIN_NONE};
    memset(device.id, 0x31, sizeof(device.id));
    device.id[0] = 1;
    class_row = (struct store_class){
        .name = "gates", .bank = HASH_SHA256, .interval_s = 300, .audiences = "bearer:assay"};
    last = (struct store_last){
        .tier = TIER_AFFIRMING, .challenge_ms = rig.now_ms, .era = 1, .reset_count = 5};
    issue = (struct issue){
        .device = &device, .class_row = &class_row, .last = &last, .life_s = KEEPER_TOKEN_S};
    CHECK_EQ(store_class_put(rig.keeper.store, &class_row), 0);
}

static void
start(void)
{
    start_on(keeper_rig_new);
}

static void
audiences(const char *list)
{
    snprintf(class_row.audiences, sizeof(class_row.audiences), "%s", list);
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
what_a_policy_said_is_what_the_token_says(void)
{
    struct token_claims claims;

    start();
    snprintf(last.policy, sizeof(last.policy), "laptop:14");
    memcpy(last.vector, (const uint8_t[]){2, 32, 33, 2}, sizeof(last.vector));
    last.tier = TIER_WARNING;
    claims = cwt();
    CHECK_BYTES(claims.policies[0], bytes_str("laptop:14"));
    CHECK_EQ(claims.status, TOKEN_WARNING);
    CHECK_EQ(claims.vector.value[TOKEN_CONFIGURATION], 32);
    CHECK_EQ(claims.vector.value[TOKEN_EXECUTABLES], 33);
    CHECK_EQ(claims.vector.value[TOKEN_INSTANCE_IDENTITY], 2);
    CHECK_EQ(claims.vector.present >> TOKEN_HARDWARE & 1,
             device.ek_chain == EK_CHAIN_VERIFIED); /* nobody vouches for the TPM */
    device.ek_chain = EK_CHAIN_VERIFIED;
    CHECK_EQ(cwt().vector.value[TOKEN_HARDWARE], 2);
    memset(last.vector, 0, sizeof(last.vector));
    CHECK_EQ(cwt().vector.present, 0); /* a policy that said nothing */
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
    issue.life_s = KEEPER_TOKEN_NULL_S;
    CHECK_EQ(cwt().exp, last.challenge_ms / 1000 + KEEPER_TOKEN_NULL_S);
    rig.now_ms += (KEEPER_TOKEN_NULL_S - KEEPER_TOKEN_LEAST_S) * 1000;
    CHECK_EQ(outcome(), 0);
    rig.now_ms += 1000;
    CHECK_EQ(outcome(), ISSUE_E_OLD);
    issue.life_s = KEEPER_TOKEN_S;
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
the_cwt_is_for_the_first_audience_whose_binding_is_met(void)
{
    static const struct {
        const char *list;
        const char *first;
    } rows[] = {
        {"bearer:a", "a"},         {"bearer:a bearer:b", "a"},      {"  bearer:b   bearer:a ", "b"},
        {"bound:x bearer:y", "y"}, {"plain bearer: bearer:z", "z"},
    };

    start();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        audiences(rows[i].list);
        CHECK_BYTES(cwt().aud, bytes_str(rows[i].first));
    }
    audiences("bound:x,x5t bound:y bearer:z");
    bound = (struct bound_key){.set = true};
    issue.key = &bound;
    CHECK_BYTES(cwt().aud, bytes_str("y"));
    bound.has_cert = true;
    CHECK_BYTES(cwt().aud, bytes_str("x"));
}

static void
without_a_bearer_audience_there_is_no_token(void)
{
    static const char *const lists[] = {
        "", " ", "assay", "bearer:", "BEARER:assay", "*", "bound:other,", "xbearer:assay"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        audiences(lists[i]);
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
    CHECK_EQ(jwt_for("db"), ISSUE_E_KEY);
    CHECK_EQ(jwt_for("ap"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("apis"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("API"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("api bearer:vpn"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("bearer:api"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for(""), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for(NULL), ISSUE_E_AUDIENCE);
}

/* The JWT's payload as text. */
static const char *
jwt_text(const char *audience, struct jose *ret_jose)
{
    static uint8_t decoded[LIMIT_TOKEN_BYTES];
    static char text[LIMIT_TOKEN_BYTES + 1];
    struct bytes token;

    CHECK_EQ(issue_jwt(&rig.keeper, &issue, bytes_str(audience), room, sizeof(room), &token), 0);
    CHECK(token.len <= LIMIT_TOKEN_BYTES);
    CHECK_EQ(jose_read(token, decoded, sizeof(decoded), ret_jose), 0);
    snprintf(text, sizeof(text), "%.*s", (int)ret_jose->payload.len,
             (const char *)ret_jose->payload.p);
    return text;
}

static void
an_audience_is_told_what_it_asked_for(void)
{
    struct claim_set told = {0};
    struct token_claims claims;
    struct jose jose;
    const char *text;

    start();
    CHECK_EQ(cwt().told.present, 0); /* nothing is known */
    claim_set_text(&told, CLAIM_SECUREBOOT, bytes_str("on"));
    claim_set_text(&told, CLAIM_OS_KERNEL, bytes_str("6.12.48"));
    claim_set_text(&told, CLAIM_TPM_VENDOR, bytes_str("NTC"));
    issue.told = &told;
    last.n_reasons = 2;
    last.reasons[0] = REASON_TPM_ADVISORY;
    last.reasons[1] = REASON_QUIRK_USED;
    audiences("bearer:plain bearer:more,claims=os.kernel+uki");
    claims = cwt();
    CHECK_EQ(claims.told.present, UINT64_C(1) << CLAIM_SECUREBOOT);
    text = jwt_text("plain", &jose);
    CHECK(strstr(text, "\"device_secureboot\":\"on\""));
    CHECK(strstr(text, "\"device_reasons\":\"TPM_ADVISORY QUIRK_USED\""));
    CHECK(!strstr(text, "6.12.48") && !strstr(text, "NTC"));
    text = jwt_text("more", &jose);
    CHECK(strstr(text, "\"device_secureboot\":\"on\""));
    CHECK(strstr(text, "\"device_os_kernel\":\"6.12.48\""));
    CHECK(!strstr(text, "NTC") && !strstr(text, "uki")); /* asked for, and not known */
}

static void
a_bound_audience_needs_a_key_and_names_it(void)
{
    struct token_claims claims;
    struct jose jose;

    start();
    audiences("bound:db");
    CHECK_EQ(outcome(), ISSUE_E_KEY);
    bound = (struct bound_key){.jkt = {0xaa}, .x5t = {0xbb}};
    issue.key = &bound;
    CHECK_EQ(outcome(), ISSUE_E_KEY);
    CHECK_EQ(jwt_for("db"), ISSUE_E_KEY);
    bound.set = true;
    claims = cwt();
    CHECK_EQ(claims.cnf, TOKEN_CNF_JKT);
    CHECK_BYTES(BYTES_OF(claims.cnf_digest), BYTES_OF(bound.jkt));
    CHECK(strstr(jwt_text("db", &jose),
                 "\"cnf\":{\"jkt\":\"qgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"));
    audiences("bearer:db");
    CHECK_EQ(cwt().cnf, TOKEN_CNF_NONE);
    CHECK(!strstr(jwt_text("db", &jose), "cnf"));
}

static void
x5t_needs_the_certificate(void)
{
    struct jose jose;

    start();
    audiences("bound:db,x5t");
    bound = (struct bound_key){.set = true, .jkt = {0xaa}, .x5t = {0xbb}};
    issue.key = &bound;
    CHECK_EQ(outcome(), ISSUE_E_KEY);
    CHECK_EQ(jwt_for("db"), ISSUE_E_KEY);
    bound.has_cert = true;
    CHECK_EQ(cwt().cnf, TOKEN_CNF_X5T);
    CHECK_BYTES(BYTES_OF(cwt().cnf_digest), BYTES_OF(bound.x5t));
    CHECK(strstr(jwt_text("db", &jose),
                 "\"cnf\":{\"x5t#S256\":\"uwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"));
}

static void
rs256_is_signed_by_the_rsa_key_and_named_by_its_kid(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    uint8_t n[RS256_SIG_MAX];
    size_t len = 0;
    struct jose jose;

    start_on(keeper_rig_new_all_keys);
    audiences("bearer:aws,rs256 bearer:vpn");
    (void)jwt_text("aws", &jose);
    CHECK_EQ(jose.alg, JOSE_RS256);
    CHECK_BYTES(jose.kid, bytes_str(rig.keeper.rsa_kid));
    CHECK_EQ(privkey_rsa_modulus(rig.keeper.rsa_key, n, &len), 0);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, len), 65537, &key), 0);
    CHECK_EQ(jose_verify(&jose, key, rig.hasher), 0);
    (void)jwt_text("vpn", &jose);
    CHECK_EQ(jose.alg, JOSE_ES256);
    CHECK_BYTES(jose.kid, bytes_str(rig.keeper.token_kid));
    CHECK_BYTES(cwt().aud, bytes_str("aws")); /* a CWT is ES256 all the same */
}

static void
the_spelling_is_the_audiences(void)
{
    struct jose jose;
    const char *text;

    start();
    audiences("bearer:old bearer:new,ear-2026");
    text = jwt_text("old", &jose);
    CHECK(strstr(text, "\"ear.status\"") && strstr(text, TOKEN_PROFILE_OLD));
    CHECK(!strstr(text, "ear_status"));
    text = jwt_text("new", &jose);
    CHECK(strstr(text, "\"ear_status\"") && strstr(text, TOKEN_PROFILE_NEW));
    CHECK(!strstr(text, "ear.status"));
}

/* The value of a text member. */
static void
member(const char *text, const char *name, char ret[128])
{
    const char *at = strstr(text, name);

    CHECK(at);
    at += strlen(name);
    CHECK(strncmp(at, "\":\"", 3) == 0);
    at += 3;
    snprintf(ret, 128, "%.*s", (int)strcspn(at, "\""), at);
}

static void
pairwise_names_connect_for_nobody(void)
{
    static const char *const names[] = {"a", "b", "plain"};
    char own[TOKEN_SUB_ROOM];
    char sub[3][128];
    char boot[3][128];
    char again[128];
    struct jose jose;

    start_on(keeper_rig_new_all_keys);
    audiences("bearer:a,pairwise bearer:b,pairwise bearer:plain");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        member(jwt_text(names[i], &jose), "\"sub", sub[i]);
        member(jwt_text(names[i], &jose), "device_boot_id", boot[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK(strcmp(sub[i], sub[(i + 1) % 3]) != 0 && strcmp(boot[i], boot[(i + 1) % 3]) != 0);
    }
    CHECK_BYTES(bytes_str(sub[2]), token_sub_write(BYTES_OF(device.id), own));
    last.challenge_ms += 1000; /* the same device keeps its name */
    member(jwt_text("a", &jose), "\"sub", again);
    CHECK_STR(again, sub[0]);
    CHECK_BYTES(cwt().sub, bytes_str(sub[0])); /* in either envelope */
    device.id[7] ^= 1;                         /* and shares it with no other */
    member(jwt_text("a", &jose), "\"sub", again);
    CHECK(strcmp(again, sub[0]) != 0);
}

static void
a_site_without_the_later_keys_serves_the_others(void)
{
    start();
    audiences("bearer:a,rs256 bearer:b,pairwise bearer:c");
    CHECK_EQ(jwt_for("a"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("b"), ISSUE_E_AUDIENCE);
    CHECK_EQ(jwt_for("c"), 0);
    CHECK_BYTES(cwt().aud, bytes_str("c"));
}

/* The device's row, in these groups. */
static void
in_groups(size_t n, const char *const *names)
{
    struct store_groups groups = {.n = n};

    CHECK_EQ(store_device_put(rig.keeper.store, &device), 0);
    for (size_t i = 0; i < n; i++) {
        snprintf(groups.groups[i].name, STORE_CLASS_MAX, "%s", names[i]);
        CHECK_EQ(store_group_put(rig.keeper.store, &groups.groups[i]), 0);
    }
    CHECK_EQ(store_groups_set(rig.keeper.store, device.id, &groups), 0);
}

static void
only_an_audience_that_may_is_told_of_groups(void)
{
    static const char *const names[] = {"berlin", "pilots"};
    struct jose jose;
    const char *text;

    start();
    audiences("bearer:vpn bearer:broker,groups");
    text = jwt_text("broker", &jose); /* in none: the class, as for everybody */
    CHECK(strstr(text, "\"groups\":[\"gates\"]") && strstr(text, "\"device_groups\":\"gates\""));
    in_groups(2, names);
    text = jwt_text("broker", &jose);
    CHECK(strstr(text, "\"groups\":[\"gates\",\"berlin\",\"pilots\"]"));
    CHECK(strstr(text, "\"device_groups\":\"gates berlin pilots\""));
    text = jwt_text("vpn", &jose);
    CHECK(strstr(text, "\"groups\":[\"gates\"]"));
    CHECK(!strstr(text, "berlin") && !strstr(text, "pilots"));
    in_groups(1, names + 1); /* and no longer than it is in it */
    CHECK(!strstr(jwt_text("broker", &jose), "berlin"));
}

static void
the_largest_jwt_keeps_within_its_bound(void)
{
    char name[64];
    char list[128];
    struct jose jose;

    start_on(keeper_rig_new_all_keys);
    memset(name, 'n', sizeof(name));
    name[63] = '\0';
    memcpy(class_row.name, name, sizeof(name));
    CHECK_EQ(store_class_put(rig.keeper.store, &class_row), 0);
    snprintf(list, sizeof(list), "bound:%s,rs256,ear-2026,x5t", name);
    audiences(list);
    bound = (struct bound_key){.set = true, .has_cert = true};
    issue.key = &bound;
    device.ek_chain = EK_CHAIN_VERIFIED;
    (void)jwt_text(name, &jose);
}

/* As long as all names may be where groups are told (control-class.c, groups.h). Claims and codes
 * give way; groups do not. */
static void
the_largest_jwt_with_groups_keeps_within_its_bound(void)
{
    static const char *const names[] = {"aaaaaa", "bbbbbb", "cccccc", "dddddd",
                                        "eeeeee", "ffffff", "gggggg", "hhhhhh"};
    static char issuer[AUDIENCE_GROUPS_ISSUER + 1];
    struct claim_set told = {0};
    struct jose jose;
    char name[AUDIENCE_GROUPS_NAME + 1];
    char list[256];
    const char *text;

    start_on(keeper_rig_new_all_keys);
    CHECK_EQ(ARRAY_LEN(names) * strlen(names[0]), GROUPS_LETTERS);
    CHECK_EQ(ARRAY_LEN(names), STORE_GROUPS_MAX);
    memset(name, 'n', sizeof(name) - 1);
    name[AUDIENCE_GROUPS_NAME] = '\0';
    memset(class_row.name, 0, sizeof(class_row.name));
    memcpy(class_row.name, name, sizeof(name));
    CHECK_EQ(store_class_put(rig.keeper.store, &class_row), 0);
    snprintf(list, sizeof(list), "bound:%s,rs256,ear-2026,x5t,groups", name);
    audiences(list);
    bound = (struct bound_key){.set = true, .has_cert = true};
    issue.key = &bound;
    device.ek_chain = EK_CHAIN_VERIFIED;
    memset(issuer, 'i', sizeof(issuer) - 1);
    rig.keeper.setup.issuer = bytes_str(issuer);
    memset(last.policy, 0, sizeof(last.policy));
    memset(last.policy, 'p', BOOT_POLICY_MAX - 1);
    claim_set_text(&told, CLAIM_SECUREBOOT, bytes_str("on"));
    issue.told = &told;
    memset(last.vector, 2, sizeof(last.vector));
    last.secure_boot = FLAG_YES;
    in_groups(ARRAY_LEN(names), names);
    text = jwt_text(name, &jose);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK(strstr(text, names[i]));
    }
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

CHECK_MAIN(
    CASE(claims_say_who_for_whom_and_by_which_policy),
    CASE(what_a_policy_said_is_what_the_token_says), CASE(times_follow_from_the_challenge),
    CASE(a_null_nonce_gives_a_shorter_life), CASE(a_token_has_its_least_life_left),
    CASE(the_cwt_is_for_the_first_audience_whose_binding_is_met),
    CASE(an_audience_is_told_what_it_asked_for), CASE(a_bound_audience_needs_a_key_and_names_it),
    CASE(x5t_needs_the_certificate), CASE(rs256_is_signed_by_the_rsa_key_and_named_by_its_kid),
    CASE(the_spelling_is_the_audiences), CASE(pairwise_names_connect_for_nobody),
    CASE(a_site_without_the_later_keys_serves_the_others),
    CASE(only_an_audience_that_may_is_told_of_groups), CASE(the_largest_jwt_keeps_within_its_bound),
    CASE(the_largest_jwt_with_groups_keeps_within_its_bound),
    CASE(without_a_bearer_audience_there_is_no_token), CASE(a_jwt_is_for_a_listed_audience_only),
    CASE(an_audience_that_is_not_allowed_comes_before_age),
    CASE(the_policy_names_class_and_version), CASE(hardware_is_asserted_for_a_verified_chain_only),
    CASE(a_warning_stays_a_warning), CASE(no_two_tokens_share_an_id),
    CASE(a_room_too_small_is_an_error), CASE(a_class_without_a_version_gives_no_token))
