#include "wire/token-jwt.h"

#include <errno.h>
#include <stdio.h>

#include "base/json-wr.h"
#include "crypto/jose.h"

/* EAR's names before and after 2026. */
static const struct {
    const char *profile;
    const char *status;
    const char *vector;
    const char *verifier;
} spellings[] = {
    [TOKEN_EAR_NEW] = {TOKEN_PROFILE_NEW, "ear_status", "ear_trustworthiness_vector",
                       "ear_verifier_id"},
    [TOKEN_EAR_OLD] = {TOKEN_PROFILE_OLD, "ear.status", "ear.trustworthiness-vector",
                       "ear.verifier-id"},
};

static void
member_text(struct json_wr *j, const char *name, struct bytes value)
{
    json_wr_key(j, name);
    json_wr_text(j, value);
}

static void
member_int(struct json_wr *j, const char *name, int64_t value)
{
    json_wr_key(j, name);
    json_wr_int(j, value);
}

static void
cnf_write(struct json_wr *j, const struct token_claims *claims)
{
    if (claims->cnf == TOKEN_CNF_NONE) {
        return;
    }
    json_wr_key(j, "cnf");
    json_wr_object(j);
    json_wr_key(j, claims->cnf == TOKEN_CNF_JKT ? "jkt" : "x5t#S256");
    json_wr_b64(j, BYTES_OF(claims->cnf_digest));
    json_wr_end_object(j);
}

static void
reasons_write(struct json_wr *j, const struct token_mirror *mirror)
{
    struct bytes names[LIMIT_TOKEN_REASONS];

    for (size_t i = 0; i < mirror->n_reasons; i++) {
        names[i] = bytes_str(reason_name(mirror->reasons[i]));
    }
    json_wr_key(j, "device_reasons");
    json_wr_joined(j, names, mirror->n_reasons);
}

/* Claims that are not written yet, while the members device_* are, in their order. */
struct telling {
    struct json_wr *j;
    const struct claim_set *set;
    uint64_t left;
};

/* As strcmp(), of names as members have them: "dbx.level" is "dbx_level". */
static int
compare_names(const char *a, const char *b)
{
    while (*a != '\0' && (*a == *b || (*a == '.' && *b == '_') || (*a == '_' && *b == '.'))) {
        a++;
        b++;
    }
    return (*a == '.' ? '_' : *a) - (*b == '.' ? '_' : *b);
}

static enum claim
first_left(const struct telling *telling)
{
    enum claim first = (enum claim)__builtin_ctzll(telling->left);

    for (unsigned i = first + 1; i < CLAIM_END; i++) {
        if (telling->left >> i & 1 &&
            compare_names(claim_name((enum claim)i), claim_name(first)) < 0) {
            first = (enum claim)i;
        }
    }
    return first;
}

static void
tell_claim(struct telling *telling, enum claim claim)
{
    char room[64];

    snprintf(room, sizeof(room), "device_%s", claim_name(claim));
    for (char *at = room; *at != '\0'; at++) {
        *at = *at == '.' ? '_' : *at;
    }
    json_wr_key(telling->j, room);
    claim_set_say(telling->j, telling->set, claim, true);
    telling->left &= ~(UINT64_C(1) << claim);
}

/* Claims whose members stand before device_NAME; NULL: all that are left. */
static void
tell_before(struct telling *telling, const char *name)
{
    while (telling->left != 0) {
        enum claim claim = first_left(telling);

        if (name && compare_names(claim_name(claim), name) > 0) {
            return;
        }
        tell_claim(telling, claim);
    }
}

static void
policy_write(struct json_wr *j, const struct token_mirror *mirror)
{
    if (mirror->policy.len > 0) {
        member_text(j, "device_policy", mirror->policy);
    }
}

static void
secure_boot_write(struct json_wr *j, const struct token_mirror *mirror)
{
    if (mirror->secure_boot != TOKEN_UNKNOWN) {
        json_wr_key(j, "device_secure_boot");
        json_wr_bool(j, mirror->secure_boot == TOKEN_YES);
    }
}

static void
boot_write(struct json_wr *j, const struct token_mirror *mirror)
{
    if (mirror->boot_id.len > 0) {
        json_wr_key(j, "device_boot_id");
        json_wr_b64(j, mirror->boot_id);
    }
}

/* The members device_*, which sort between cnf and ear*: the mirror's with the claims' among them.
 */
static void
device_write(struct json_wr *j, const struct token_claims *claims)
{
    const struct token_mirror *mirror = claims->mirror;
    struct telling telling = {j, &claims->told, claims->told.present};

    if (!mirror) {
        tell_before(&telling, NULL);
        return;
    }
    if (mirror->attested_at > 0) {
        member_int(j, "device_attested_at", mirror->attested_at);
    }
    tell_before(&telling, "boot_id");
    boot_write(j, mirror);
    tell_before(&telling, "compliant");
    json_wr_key(j, "device_compliant");
    json_wr_bool(j, mirror->compliant);
    tell_before(&telling, "groups");
    json_wr_key(j, "device_groups");
    json_wr_joined(j, mirror->groups, mirror->n_groups);
    tell_before(&telling, "level");
    member_int(j, "device_level", mirror->level);
    tell_before(&telling, "policy");
    policy_write(j, mirror);
    tell_before(&telling, "reasons");
    reasons_write(j, mirror);
    tell_before(&telling, "secure_boot");
    secure_boot_write(j, mirror);
    tell_before(&telling, "trust");
    json_wr_key(j, "device_trust");
    json_wr_str(j, token_status_name(claims->status));
    tell_before(&telling, NULL);
}

static void
groups_write(struct json_wr *j, const struct token_mirror *mirror)
{
    json_wr_key(j, "groups");
    json_wr_array(j);
    for (size_t i = 0; i < mirror->n_groups; i++) {
        json_wr_text(j, mirror->groups[i]);
    }
    json_wr_end_array(j);
}

static void
verifier_write(struct json_wr *j, const struct token_claims *claims)
{
    json_wr_key(j, spellings[claims->spelling].verifier);
    json_wr_object(j);
    member_text(j, "build", claims->build);
    member_text(j, "developer", claims->developer);
    json_wr_end_object(j);
}

static void
vector_write(struct json_wr *j, const struct token_claims *claims)
{
    static const enum token_category sorted[] = {
        TOKEN_CONFIGURATION,     TOKEN_EXECUTABLES,    TOKEN_FILE_SYSTEM,  TOKEN_HARDWARE,
        TOKEN_INSTANCE_IDENTITY, TOKEN_RUNTIME_OPAQUE, TOKEN_SOURCED_DATA, TOKEN_STORAGE_OPAQUE};

    json_wr_key(j, spellings[claims->spelling].vector);
    json_wr_object(j);
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
        if (claims->vector.present >> sorted[i] & 1) {
            member_int(j, token_category_name(sorted[i]), claims->vector.value[sorted[i]]);
        }
    }
    json_wr_end_object(j);
}

/* The old form has one id only: the policy that was applied first. */
static void
policies_write(struct json_wr *j, const struct token_claims *claims)
{
    if (claims->n_policies == 0) {
        return;
    }
    if (claims->spelling == TOKEN_EAR_OLD) {
        member_text(j, "ear.appraisal-policy-id", claims->policies[0]);
        return;
    }
    json_wr_key(j, "ear_appraisal_policy_ids");
    json_wr_array(j);
    for (size_t i = 0; i < claims->n_policies; i++) {
        json_wr_text(j, claims->policies[i]);
    }
    json_wr_end_array(j);
}

static void
submods_write(struct json_wr *j, const struct token_claims *claims)
{
    json_wr_key(j, "submods");
    json_wr_object(j);
    json_wr_key(j, TOKEN_SUBMOD);
    json_wr_object(j);
    policies_write(j, claims);
    json_wr_key(j, spellings[claims->spelling].status);
    json_wr_str(j, token_status_name(claims->status));
    vector_write(j, claims);
    if (claims->nonce.len > 0) {
        json_wr_key(j, "eat_nonce");
        json_wr_b64(j, claims->nonce);
    }
    json_wr_end_object(j);
    json_wr_end_object(j);
}

/* The members from ear* on. */
static void
rest_write(struct json_wr *j, const struct token_claims *claims)
{
    json_wr_key(j, spellings[claims->spelling].status);
    json_wr_str(j, token_status_name(claims->status));
    verifier_write(j, claims);
    json_wr_key(j, "eat_profile");
    json_wr_str(j, spellings[claims->spelling].profile);
    member_int(j, "exp", claims->exp);
    if (claims->mirror) {
        groups_write(j, claims->mirror);
    }
    member_int(j, "iat", claims->iat);
    member_text(j, "iss", claims->iss);
    json_wr_key(j, "jti");
    json_wr_b64(j, BYTES_OF(claims->id));
    member_int(j, "nbf", claims->nbf);
    member_text(j, "sub", claims->sub);
    submods_write(j, claims);
}

int
token_jwt_write(const struct token_claims *claims, char *room, size_t cap, struct bytes *ret_json)
{
    struct json_wr j = json_wr_init(room, cap);

    if (token_check(claims) != 0) {
        return TOKEN_E_CLAIMS;
    }
    json_wr_object(&j);
    member_text(&j, "aud", claims->aud);
    cnf_write(&j, claims);
    device_write(&j, claims);
    rest_write(&j, claims);
    json_wr_end_object(&j);
    if (!json_wr_done(&j).p) {
        return -ENOSPC;
    }
    *ret_json = json_wr_done(&j);
    return 0;
}

/* The claims as JSON, as many as a token has room for. */
static int
write_fitting(const struct token_claims *claims, struct bytes kid, const struct privkey *key,
              char room[LIMIT_TOKEN_BYTES], struct bytes *ret_json)
{
    struct token_claims left = *claims;
    struct token_mirror mirror;
    int r;

    do {
        r = token_jwt_write(&left, room, LIMIT_TOKEN_BYTES, ret_json);
        if (r == 0 && jose_size(TOKEN_JWT_TYP, kid, ret_json->len, key) > LIMIT_TOKEN_BYTES) {
            r = -ENOSPC;
        }
    } while (r == -ENOSPC && token_shed(&left, &mirror));
    return r;
}

int
token_jwt_sign(struct wr *wr, const struct token_claims *claims, struct bytes kid,
               struct privkey *key, struct hasher *hasher)
{
    char room[LIMIT_TOKEN_BYTES];
    struct bytes json;
    int r = write_fitting(claims, kid, key, room, &json);

    return r != 0 ? r : jose_write(wr, TOKEN_JWT_TYP, kid, json, key, hasher);
}
