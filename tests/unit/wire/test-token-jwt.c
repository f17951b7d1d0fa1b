/* wire/token-jwt: texts byte for byte, since others read them by name. */
#include "wire/token-jwt.h"
#include "crypto/jose.h"
#include "lib/check.h"
#include "lib/token-sample.h"

static char room[LIMIT_TOKEN_BYTES];

static struct bytes
written(const struct token_claims *claims)
{
    struct bytes json = BYTES_NULL;

    CHECK_EQ(token_jwt_write(claims, room, sizeof(room), &json), 0);
    return json;
}

#define SUB "\"sub\":\"urn:dev:ueid:AV7tAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
#define TIMES "\"nbf\":1790000000,"
#define HEAD                            \
    "{\"aud\":\"https://api.example\"," \
    "\"cnf\":{\"x5t#S256\":\"zN0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},"
#define MIDDLE "\"iat\":1790000000,\"iss\":\"https://verifier.example\",\"jti\":"
#define JTI "\"AQIDAAAAAAAAAAAAAAAAAA\","

static void
the_new_spelling_with_the_mirror(void)
{
    struct token_claims claims = token_sample();

    CHECK_BYTES(
        written(&claims),
        bytes_str(HEAD
                  "\"device_attested_at\":1789999995,\"device_boot_id\":\"sAcAAAAAAAAAAAAAAAAAAA\","
                  "\"device_compliant\":true,\"device_groups\":\"servers site-berlin\","
                  "\"device_level\":3,\"device_policy\":\"servers-2026-11\","
                  "\"device_reasons\":\"CONFIG_CHANGED QUIRK_USED\",\"device_secure_boot\":true,"
                  "\"device_trust\":\"affirming\",\"ear_status\":\"affirming\","
                  "\"ear_verifier_id\":{\"build\":\"0.1.0\",\"developer\":\"Assay\"},"
                  "\"eat_profile\":\"tag:ietf.org,2026:rats/ear#03\",\"exp\":1790000300,"
                  "\"groups\":[\"servers\",\"site-berlin\"]," MIDDLE JTI TIMES SUB
                  "\"submods\":{\"tpm\":{\"ear_appraisal_policy_ids\":[\"servers-2026-11\"],"
                  "\"ear_status\":\"affirming\",\"ear_trustworthiness_vector\":{"
                  "\"configuration\":2,\"executables\":3,\"hardware\":2,\"instance-identity\":2},"
                  "\"eat_nonce\":\"CgsAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}}"));
}

static void
the_old_spelling_without_the_mirror(void)
{
    struct token_claims claims = token_sample();

    claims.mirror = NULL;
    claims.spelling = TOKEN_EAR_OLD;
    claims.nonce = BYTES_NULL;
    CHECK_BYTES(
        written(&claims),
        bytes_str(
            HEAD
            "\"ear.status\":\"affirming\","
            "\"ear.verifier-id\":{\"build\":\"0.1.0\",\"developer\":\"Assay\"},"
            "\"eat_profile\":\"tag:github.com,2023:veraison/ear\",\"exp\":1790000300," MIDDLE JTI
                TIMES SUB "\"submods\":{\"tpm\":{\"ear.appraisal-policy-id\":\"servers-2026-11\","
            "\"ear.status\":\"affirming\",\"ear.trustworthiness-vector\":{"
            "\"configuration\":2,\"executables\":3,\"hardware\":2,"
            "\"instance-identity\":2}}}}"));
}

static void
what_is_unset_is_left_out_and_empty_lists_stay(void)
{
    const struct token_mirror bare = {.compliant = false};
    struct token_claims claims = token_sample();
    struct bytes json;

    claims.mirror = &bare;
    claims.cnf = TOKEN_CNF_NONE;
    claims.n_policies = 0;
    json = written(&claims);
    CHECK(memmem(json.p, json.len, "\"cnf\"", 5) == NULL);
    CHECK(memmem(json.p, json.len, "policy", 6) == NULL);
    CHECK(memmem(json.p, json.len, "secure_boot", 11) == NULL);
    CHECK(memmem(json.p, json.len, "\"groups\":[]", 11) != NULL);
    CHECK(memmem(json.p, json.len, "\"device_reasons\":\"\"", 19) != NULL);
    CHECK(memmem(json.p, json.len, "\"device_compliant\":false", 24) != NULL);
    claims.cnf = TOKEN_CNF_JKT;
    json = written(&claims);
    CHECK(memmem(json.p, json.len, "\"cnf\":{\"jkt\":\"zN0", 17) != NULL);
}

static void
the_signed_token_carries_the_claims(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct token_claims claims = token_sample();
    uint8_t text[LIMIT_TOKEN_BYTES];
    uint8_t decoded[LIMIT_TOKEN_BYTES];
    struct wr wr = wr_init(text, sizeof(text));
    struct jose jose;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(token_jwt_sign(&wr, &claims, bytes_str("k"), key, hasher), 0);
    printf("# JWT of the full sample: %zu bytes\n", wr.len);
    CHECK_EQ(jose_read(wr_done(&wr), decoded, sizeof(decoded), &jose), 0);
    CHECK_BYTES(jose.typ, bytes_str("JWT"));
    CHECK_BYTES(jose.kid, bytes_str("k"));
    CHECK_BYTES(jose.payload, written(&claims));
}

static void
a_token_over_the_limit_is_not_made(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct token_claims claims = token_sample();
    static uint8_t text[2 * LIMIT_TOKEN_BYTES];
    static uint8_t group[60];
    struct bytes groups[LIMIT_TOKEN_GROUPS];
    struct token_mirror mirror = *claims.mirror;
    struct wr wr = wr_init(text, sizeof(text));

    memset(group, 'g', sizeof(group));
    for (size_t i = 0; i < LIMIT_TOKEN_GROUPS; i++) {
        groups[i] = BYTES_OF(group);
    }
    mirror.groups = groups;
    mirror.n_groups = 5; /* 1,700 bytes of JSON fit the room, but not as base64url */
    claims.mirror = &mirror;
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK(token_jwt_sign(&wr, &claims, bytes_str("k"), key, hasher) < 0);
    CHECK(wr_done(&wr).p == NULL);
    mirror.n_groups = LIMIT_TOKEN_GROUPS;
    wr = wr_init(text, sizeof(text));
    CHECK(token_jwt_sign(&wr, &claims, bytes_str("k"), key, hasher) < 0);
}

static void
inconsistent_claims_are_not_signed(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct token_claims claims = token_sample();
    uint8_t text[64];
    struct wr wr = wr_init(text, sizeof(text));

    claims.exp = 1;
    CHECK_EQ(token_jwt_sign(&wr, &claims, bytes_str("k"), NULL, hasher), TOKEN_E_CLAIMS);
}

CHECK_MAIN(CASE(the_new_spelling_with_the_mirror), CASE(the_old_spelling_without_the_mirror),
           CASE(what_is_unset_is_left_out_and_empty_lists_stay),
           CASE(the_signed_token_carries_the_claims), CASE(a_token_over_the_limit_is_not_made),
           CASE(inconsistent_claims_are_not_signed))
