#include "keeper/issue.h"

#include <errno.h>
#include <stdio.h>

#include "base/b64.h"
#include "base/hex.h"
#include "store/store-group.h"
#include "wire/token-cwt.h"
#include "wire/token-jwt.h"

enum { UEID_RANDOM = 0x01 };

/* Whether the token can name what the audience wants it bound to. */
static bool
binding_met(const struct issue *issue, const struct audience *audience)
{
    const struct bound_key *key = issue->key;

    return !audience->bound ||
           (key && key->set && (audience->cnf == TOKEN_CNF_JKT || key->has_cert));
}

/* What the audience's JWTs are signed with; NULL when the site has no such key. */
static struct privkey *
signer_of(const struct keeper *keeper, const struct audience *audience)
{
    return audience->rs256 ? keeper->rsa_key : keeper->token_key;
}

static bool
keys_there(const struct keeper *keeper, const struct audience *audience)
{
    return signer_of(keeper, audience) && (!audience->pairwise || keeper->setup.pairwise_key.p);
}

static int
find_cwt(const struct keeper *keeper, const struct issue *issue, struct audience *ret)
{
    const char *at = issue->class_row->audiences;
    struct audience audience;
    int r = ISSUE_E_AUDIENCE;

    while (audience_next(&at, &audience)) {
        if (!keys_there(keeper, &audience)) {
            continue;
        }
        if (binding_met(issue, &audience)) {
            *ret = audience;
            return 0;
        }
        r = ISSUE_E_KEY;
    }
    return r;
}

static int
find_jwt(const struct keeper *keeper, const struct issue *issue, struct bytes name,
         struct audience *ret)
{
    if (!audience_find(issue->class_row->audiences, name, ret) || !keys_there(keeper, ret)) {
        return ISSUE_E_AUDIENCE;
    }
    return binding_met(issue, ret) ? 0 : ISSUE_E_KEY;
}

/* What names are derived by: a key of its own, since nonce keys change each day and a boot must
 * keep its name; a site of before has none. */
static struct bytes
name_key(const struct keeper *keeper)
{
    return keeper->setup.pairwise_key.p ? keeper->setup.pairwise_key
                                        : BYTES_OF(keeper->setup.nonce_keys[0].key);
}

/* HMAC-SHA-256 of the boot under the site: a name for one boot that says nothing else. To an
 * audience with names of its own it is its own too. */
static int
boot_id(struct keeper *keeper, const struct issue *issue, const struct audience *audience,
        uint8_t ret[32])
{
    uint8_t room[32];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes parts[] = {bytes_str("assay-boot-1"), keeper->setup.site,
                            BYTES_OF(issue->device->id), BYTES_NULL,
                            audience->pairwise ? audience->name : BYTES_NULL};

    wr_be64(&wr, (uint64_t)issue->last->era);
    wr_be64(&wr, issue->last->reset_count);
    wr_be64(&wr, issue->last->boot_restart);
    parts[3] = wr_done(&wr);
    return hasher_hmac(keeper->hasher, HASH_SHA256, name_key(keeper), parts, ARRAY_LEN(parts), ret);
}

/* What can be said of a measured boot alone, AR4SI section 2.3.4: a recognised instance; approved
 * objects during boot (3: nothing is said of what ran after it); hardware by its certificate. */
static void
vector_of_references(const struct issue *issue, struct token_vector *vector)
{
    vector->value[TOKEN_INSTANCE_IDENTITY] = 2;
    vector->value[TOKEN_EXECUTABLES] = 3;
    vector->present = 1u << TOKEN_INSTANCE_IDENTITY | 1u << TOKEN_EXECUTABLES;
    if (issue->device->ek_chain == EK_CHAIN_VERIFIED) {
        vector->value[TOKEN_HARDWARE] = 2;
        vector->present |= 1u << TOKEN_HARDWARE;
    }
}

static void
assert_value(struct token_vector *vector, enum token_category category, uint8_t value)
{
    if (value != 0) {
        vector->value[category] = (int8_t)value;
        vector->present |= (uint8_t)(1u << category);
    }
}

/* A policy says what each dimension is worth; that the hardware is genuine only its certificate
 * does, whatever is known of its firmware. */
static void
vector_fill(const struct issue *issue, struct token_vector *vector)
{
    const uint8_t *values = issue->last->vector;
    bool genuine = issue->device->ek_chain == EK_CHAIN_VERIFIED;

    if (issue->last->policy[0] == '\0') {
        vector_of_references(issue, vector);
        return;
    }
    assert_value(vector, TOKEN_INSTANCE_IDENTITY, values[0]);
    assert_value(vector, TOKEN_CONFIGURATION, values[1]);
    assert_value(vector, TOKEN_EXECUTABLES, values[2]);
    assert_value(vector, TOKEN_HARDWARE, genuine || values[3] > TIER_AFFIRMING ? values[3] : 0);
}

/* The device's id, or for an audience with names of its own a random-looking UEID (RFC 9711 section
 * 4.2.1, type 0x01) that only the site can connect with another's: OpenID Connect Core 8.1. */
static int
sub_write(struct keeper *keeper, const struct issue *issue, const struct audience *audience,
          char room[TOKEN_SUB_ROOM], struct bytes *ret)
{
    struct bytes parts[] = {bytes_str("assay-sub-1"), keeper->setup.site,
                            BYTES_OF(issue->device->id), audience->name};
    uint8_t ueid[WIRE_UEID_SIZE];
    int r = 0;

    memcpy(ueid, issue->device->id, sizeof(ueid));
    if (audience->pairwise) {
        ueid[0] = UEID_RANDOM;
        r = hasher_hmac(keeper->hasher, HASH_SHA256, keeper->setup.pairwise_key, parts,
                        ARRAY_LEN(parts), ueid + 1);
    }
    *ret = token_sub_write(BYTES_OF(ueid), room);
    return r;
}

/* Everything that one token's claims point to. */
struct paper {
    struct audience audience;
    char sub[TOKEN_SUB_ROOM];
    char policy[96];
    uint8_t boot[32];
    enum reason reasons[LIMIT_TOKEN_REASONS];
    struct store_groups in;
    struct bytes groups[1 + STORE_GROUPS_MAX]; /* the class, and what the audience may see of in */
    struct token_mirror mirror;
    struct token_claims claims;
};

static enum token_flag
flag_of(enum store_flag flag)
{
    return flag == FLAG_YES ? TOKEN_YES : flag == FLAG_NO ? TOKEN_NO : TOKEN_UNKNOWN;
}

static void
mirror_fill(const struct issue *issue, struct paper *paper)
{
    bool affirming = issue->last->tier == TIER_AFFIRMING;
    size_t n = 0;

    while (n < issue->last->n_reasons && n < LIMIT_TOKEN_REASONS) {
        paper->reasons[n] = (enum reason)issue->last->reasons[n];
        n++;
    }
    paper->groups[0] = bytes_str(issue->class_row->name);
    paper->mirror = (struct token_mirror){
        .compliant = true,
        .level = affirming ? 2 : 1,
        .groups = paper->groups,
        .n_groups = 1 + store_groups_names(&paper->in, paper->groups + 1),
        .reasons = paper->reasons,
        .n_reasons = n,
        .boot_id = BYTES_OF(paper->boot),
        .policy = bytes_str(paper->policy),
        .secure_boot = flag_of(issue->last->secure_boot),
        .attested_at = issue->last->challenge_ms / 1000,
    };
}

static void
cnf_fill(const struct issue *issue, enum token_cnf cnf, struct token_claims *claims)
{
    claims->cnf = cnf;
    if (cnf != TOKEN_CNF_NONE) {
        memcpy(claims->cnf_digest, cnf == TOKEN_CNF_JKT ? issue->key->jkt : issue->key->x5t,
               sizeof(claims->cnf_digest));
    }
}

static void
claims_fill(struct keeper *keeper, const struct issue *issue, int64_t exp, struct paper *paper)
{
    struct token_claims *claims = &paper->claims;

    claims->iss = keeper->setup.issuer;
    claims->aud = paper->audience.name;
    claims->iat = issue->last->challenge_ms / 1000;
    claims->nbf = claims->iat;
    claims->exp = exp;
    claims->developer = bytes_str("assay");
    claims->build = bytes_str(ASSAY_VERSION);
    claims->status = issue->last->tier == TIER_AFFIRMING ? TOKEN_AFFIRMING : TOKEN_WARNING;
    vector_fill(issue, &claims->vector);
    claims->policies[0] = bytes_str(paper->policy);
    claims->n_policies = 1;
    claims->spelling = paper->audience.spelling;
    if (issue->told) {
        claims->told = *issue->told;
        claims->told.present &= paper->audience.claims;
    }
    claims->mirror = &paper->mirror;
    claims->boot_id = BYTES_OF(paper->boot);
    claims->n_codes = paper->mirror.n_reasons;
    for (size_t i = 0; i < claims->n_codes; i++) {
        claims->codes[i] = (uint16_t)paper->reasons[i];
    }
    cnf_fill(issue, paper->audience.cnf, claims);
}

/* What judged: a policy of the bundle, or the class's reference events as they stand. */
static int
policy_name(struct keeper *keeper, const struct issue *issue, struct paper *paper)
{
    int64_t version = 0;
    int r;

    if (issue->last->policy[0] != '\0') {
        snprintf(paper->policy, sizeof(paper->policy), "%s", issue->last->policy);
        return 0;
    }
    r = store_ref_version(keeper->store, issue->class_row->name, &version);
    snprintf(paper->policy, sizeof(paper->policy), "golden:%s:%lld", issue->class_row->name,
             (long long)version);
    return r;
}

/* What is computed: policy in force, names, a fresh id. */
static int
names_make(struct keeper *keeper, const struct issue *issue, struct paper *paper)
{
    int r = policy_name(keeper, issue, paper);

    if (r == 0) {
        r = boot_id(keeper, issue, &paper->audience, paper->boot);
    }
    if (r == 0) {
        r = sub_write(keeper, issue, &paper->audience, paper->sub, &paper->claims.sub);
    }
    if (r == 0) {
        r = random_bytes(paper->claims.id, sizeof(paper->claims.id));
    }
    return r > 0 ? -EIO : r;
}

static int
paper_make(struct keeper *keeper, const struct issue *issue, const struct audience *audience,
           struct paper *paper)
{
    int64_t now = keeper->clock->utc_ms(keeper->clock->context) / 1000;
    int64_t exp = issue->last->challenge_ms / 1000 + issue->life_s;
    int r;

    *paper = (struct paper){.audience = *audience};
    if (exp - now < KEEPER_TOKEN_LEAST_S) {
        return ISSUE_E_OLD;
    }
    if (audience->groups) {
        r = store_groups_get(keeper->store, issue->device->id, &paper->in);
        if (r != 0) {
            return r;
        }
    }
    r = names_make(keeper, issue, paper);
    mirror_fill(issue, paper);
    claims_fill(keeper, issue, exp, paper);
    return r;
}

/* By configuration each token has its row; without it, no token. The id stands as in the token, so
 * that one which somebody shows can be found: cti in hex, jti as it is. */
static void
audit_token(struct keeper *keeper, const struct issue *issue, const struct token_claims *claims,
            bool cwt)
{
    char id[2 * TOKEN_ID_SIZE + 1];
    char text[512];

    if (cwt) {
        (void)hex_write(id, BYTES_OF(claims->id));
    } else {
        (void)b64_write(id, BYTES_OF(claims->id));
    }
    snprintf(text, sizeof(text), "%s %s exp %lld aud %.*s", cwt ? "cwt" : "jwt", id,
             (long long)claims->exp, (int)claims->aud.len, (const char *)claims->aud.p);
    keeper_audit(keeper, "token", issue->device->id, "keeper", text);
}

int
issue_cwt(struct keeper *keeper, const struct issue *issue, uint8_t *room, size_t cap,
          struct bytes *ret)
{
    struct wr wr = wr_init(room, cap);
    struct audience audience;
    struct paper paper;
    int r = find_cwt(keeper, issue, &audience);

    if (r == 0) {
        r = paper_make(keeper, issue, &audience, &paper);
    }
    if (r != 0) {
        return r;
    }
    r = token_cwt_sign(&wr, &paper.claims, BYTES_OF(keeper->cose_kid), keeper->token_key,
                       keeper->hasher);
    if (r != 0) {
        return r < 0 ? r : -EINVAL;
    }
    if (keeper->setup.audit_tokens) {
        audit_token(keeper, issue, &paper.claims, true);
    }
    *ret = wr_done(&wr);
    return 0;
}

int
issue_jwt(struct keeper *keeper, const struct issue *issue, struct bytes name, uint8_t *room,
          size_t cap, struct bytes *ret)
{
    struct wr wr = wr_init(room, cap);
    struct audience audience;
    struct paper paper;
    int r = find_jwt(keeper, issue, name, &audience);

    if (r == 0) {
        r = paper_make(keeper, issue, &audience, &paper);
    }
    if (r != 0) {
        return r;
    }
    r = token_jwt_sign(&wr, &paper.claims,
                       bytes_str(audience.rs256 ? keeper->rsa_kid : keeper->token_kid),
                       signer_of(keeper, &audience), keeper->hasher);
    if (r != 0) {
        return r < 0 ? r : -EINVAL;
    }
    if (keeper->setup.audit_tokens) {
        audit_token(keeper, issue, &paper.claims, false);
    }
    *ret = wr_done(&wr);
    return 0;
}
