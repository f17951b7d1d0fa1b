/* wire/token-jwt: texts byte for byte, since others read them by name. */
#include "wire/token-jwt.h"
#include "base/b64.h"
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
    CHECK_EQ(wr.len, 0);
    mirror.n_groups = LIMIT_TOKEN_GROUPS;
    wr = wr_init(text, sizeof(text));
    CHECK(token_jwt_sign(&wr, &claims, bytes_str("k"), key, hasher) < 0);
}

/* Fills the set with one claim of each kind, and as many as there are numbers up to the last. */
static void
tell(struct claim_set *set, const char *text)
{
    static const uint8_t digest[32] = {0xd1};

    for (unsigned i = 0; i < CLAIM_END; i++) {
        claim_set_text(set, (enum claim)i, bytes_str(text));
        claim_set_number(set, (enum claim)i, i);
        claim_set_flag(set, (enum claim)i, true);
        claim_set_digest(set, (enum claim)i, BYTES_OF(digest));
    }
    claim_set_list(set, CLAIM_TPM_CVES);
    claim_set_add(set, CLAIM_TPM_CVES, bytes_str("CVE-1"));
    claim_set_add(set, CLAIM_TPM_CVES, bytes_str("CVE-2"));
}

static void
what_the_verdict_tells_stands_among_the_mirror(void)
{
    struct token_claims claims = token_sample();

    claim_set_text(&claims.told, CLAIM_SECUREBOOT, bytes_str("on"));
    claim_set_text(&claims.told, CLAIM_DBX_LEVEL, bytes_str("dbx/2025-10"));
    claim_set_number(&claims.told, CLAIM_DBX_MISSING, 0);
    claim_set_list(&claims.told, CLAIM_TPM_CVES);
    claim_set_flag(&claims.told, CLAIM_UKI, true);
    claim_set_text(&claims.told, CLAIM_BOOT_PREOS, bytes_str("none"));
    CHECK(strstr((const char *)written(&claims).p,
                 "\"device_attested_at\":1789999995,\"device_boot_id\":\"sAcAAAAAAAAAAAAAAAAAAA\","
                 "\"device_boot_preos\":\"none\",\"device_compliant\":true,"
                 "\"device_dbx_level\":\"dbx/2025-10\",\"device_dbx_missing\":0,"
                 "\"device_groups\":\"servers site-berlin\",\"device_level\":3,"
                 "\"device_policy\":\"servers-2026-11\","
                 "\"device_reasons\":\"CONFIG_CHANGED QUIRK_USED\",\"device_secure_boot\":true,"
                 "\"device_secureboot\":\"on\",\"device_tpm_cves\":\"\","
                 "\"device_trust\":\"affirming\",\"device_uki\":true,\"ear_status\""));
    claims.mirror = NULL;
    CHECK(strstr((const char *)written(&claims).p,
                 "\"device_secureboot\":\"on\",\"device_tpm_cves\":\"\",\"device_uki\":true,"
                 "\"ear_status\""));
}

/* As written: names of members in ascending order, none twice. */
static void
members_of_all_claims_are_sorted(void)
{
    struct token_claims claims = token_sample();
    static char all[4 * LIMIT_TOKEN_BYTES];
    char last[64] = "";
    struct bytes json;
    unsigned n = 0;

    tell(&claims.told, "x");
    CHECK_EQ(token_jwt_write(&claims, all, sizeof(all), &json), 0);
    for (const char *at = all; (at = strstr(at, "\"device_"));) {
        char name[64];

        CHECK_EQ(sscanf(at, "\"%63[a-z_0-9]", name), 1);
        CHECK(strcmp(last, name) < 0);
        memcpy(last, name, sizeof(last));
        at++;
        n++;
    }
    CHECK_EQ(n, claim_set_pairs(&claims.told) + 9);
}

static void
claims_without_room_go_from_the_highest_number_down(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct token_claims claims = token_sample();
    static uint8_t text[2 * LIMIT_TOKEN_BYTES];
    static uint8_t decoded[LIMIT_TOKEN_BYTES];
    struct wr wr = wr_init(text, sizeof(text));
    struct jose jose;

    tell(&claims.told, "0123456789012345678901234567890123456789");
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(token_jwt_sign(&wr, &claims, bytes_str("k"), key, hasher), 0);
    CHECK(wr.len <= LIMIT_TOKEN_BYTES && wr.len > LIMIT_TOKEN_BYTES - 256);
    CHECK_EQ(jose_size("JWT", bytes_str("k"), 0, key) + B64_LEN(3),
             jose_size("JWT", bytes_str("k"), 3, key));
    CHECK_EQ(jose_read(wr_done(&wr), decoded, sizeof(decoded), &jose), 0);
    CHECK_EQ(jose_size("JWT", bytes_str("k"), jose.payload.len, key), wr.len);
    CHECK(memmem(jose.payload.p, jose.payload.len, "\"device_secureboot\"", 19));
    CHECK(memmem(jose.payload.p, jose.payload.len, "\"device_mode\"", 13));
    CHECK(memmem(jose.payload.p, jose.payload.len, "\"device_reasons\":\"C", 19));
    CHECK(!memmem(jose.payload.p, jose.payload.len, "\"device_sb_testkey\"", 19));
}

static void
reasons_go_when_no_claim_is_left_to_go(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct token_claims claims = token_sample();
    enum reason reasons[LIMIT_TOKEN_REASONS];
    struct token_mirror mirror = *claims.mirror;
    static uint8_t group[60];
    static uint8_t text[2 * LIMIT_TOKEN_BYTES];
    static uint8_t decoded[LIMIT_TOKEN_BYTES];
    struct wr wr = wr_init(text, sizeof(text));
    struct jose jose;

    for (size_t i = 0; i < LIMIT_TOKEN_REASONS; i++) {
        reasons[i] = REASON_FIRMWARE_ERROR_SEPARATOR;
    }
    memset(group, 'g', sizeof(group));
    mirror.groups = (struct bytes[]){BYTES_OF(group), BYTES_OF(group)};
    mirror.reasons = reasons;
    mirror.n_reasons = LIMIT_TOKEN_REASONS;
    claims.mirror = &mirror;
    tell(&claims.told, "x");
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(token_jwt_sign(&wr, &claims, bytes_str("k"), key, hasher), 0);
    CHECK(wr.len <= LIMIT_TOKEN_BYTES);
    CHECK_EQ(jose_read(wr_done(&wr), decoded, sizeof(decoded), &jose), 0);
    CHECK(!memmem(jose.payload.p, jose.payload.len, "\"device_secureboot\"", 19));
    CHECK(memmem(jose.payload.p, jose.payload.len, "FIRMWARE_ERROR_SEPARATOR\"", 25));
    CHECK_EQ(mirror.n_reasons, LIMIT_TOKEN_REASONS); /* the caller's stays as it is */
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
           CASE(what_the_verdict_tells_stands_among_the_mirror),
           CASE(members_of_all_claims_are_sorted),
           CASE(claims_without_room_go_from_the_highest_number_down),
           CASE(reasons_go_when_no_claim_is_left_to_go), CASE(inconsistent_claims_are_not_signed))
