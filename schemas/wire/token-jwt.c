#include "wire/token-jwt.h"

#include <errno.h>

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

/* The members device_*: they sort between cnf and ear*. */
static void
mirror_write(struct json_wr *j, const struct token_mirror *mirror, enum token_status status)
{
    if (mirror->attested_at > 0) {
        member_int(j, "device_attested_at", mirror->attested_at);
    }
    if (mirror->boot_id.len > 0) {
        json_wr_key(j, "device_boot_id");
        json_wr_b64(j, mirror->boot_id);
    }
    json_wr_key(j, "device_compliant");
    json_wr_bool(j, mirror->compliant);
    json_wr_key(j, "device_groups");
    json_wr_joined(j, mirror->groups, mirror->n_groups);
    member_int(j, "device_level", mirror->level);
    if (mirror->policy.len > 0) {
        member_text(j, "device_policy", mirror->policy);
    }
    reasons_write(j, mirror);
    if (mirror->secure_boot != TOKEN_UNKNOWN) {
        json_wr_key(j, "device_secure_boot");
        json_wr_bool(j, mirror->secure_boot == TOKEN_YES);
    }
    json_wr_key(j, "device_trust");
    json_wr_str(j, token_status_name(status));
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
    if (claims->mirror) {
        mirror_write(&j, claims->mirror, claims->status);
    }
    rest_write(&j, claims);
    json_wr_end_object(&j);
    if (!json_wr_done(&j).p) {
        return -ENOSPC;
    }
    *ret_json = json_wr_done(&j);
    return 0;
}

int
token_jwt_sign(struct wr *wr, const struct token_claims *claims, struct bytes kid,
               struct privkey *key, struct hasher *hasher)
{
    char room[LIMIT_TOKEN_BYTES];
    struct bytes json;
    size_t start = wr->len;
    int r = token_jwt_write(claims, room, sizeof(room), &json);

    if (r != 0) {
        return r;
    }
    r = jose_write(wr, TOKEN_JWT_TYP, kid, json, key, hasher);
    if (r == 0 && wr->len - start > LIMIT_TOKEN_BYTES) {
        wr->failed = true;
        return -ENOSPC;
    }
    return r;
}
