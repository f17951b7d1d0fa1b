#include "keeper/issue.h"

#include <errno.h>
#include <stdio.h>

#include "base/b64.h"
#include "base/hex.h"
#include "wire/token-cwt.h"
#include "wire/token-jwt.h"

static const char bearer_prefix[] = "bearer:";

/* The next word of a list; empty at its end. */
static struct bytes
next_word(const char **at)
{
    struct bytes word;

    *at += strspn(*at, " ");
    word = bytes_of(*at, strcspn(*at, " "));
    *at += word.len;
    return word;
}

/* The audience of a word that allows it as bearer; empty otherwise. */
static struct bytes
bearer_of(struct bytes word)
{
    size_t n = sizeof(bearer_prefix) - 1;

    if (word.len <= n || memcmp(word.p, bearer_prefix, n) != 0) {
        return BYTES_NULL;
    }
    return bytes_of(word.p + n, word.len - n);
}

/* The first bearer audience, or the one that is asked for; empty when there is none. */
static struct bytes
find_audience(const char *audiences, struct bytes asked)
{
    const char *at = audiences;

    for (struct bytes word = next_word(&at); word.len > 0; word = next_word(&at)) {
        struct bytes name = bearer_of(word);

        if (name.len > 0 && (!asked.p || bytes_equal(name, asked))) {
            return name;
        }
    }
    return BYTES_NULL;
}

/* HMAC-SHA-256 of the boot under the site: a name for one boot that says nothing else. */
static int
boot_id(struct keeper *keeper, const struct issue *issue, uint8_t ret[32])
{
    uint8_t room[32];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes parts[] = {bytes_str("assay-boot-1"), keeper->setup.site,
                            BYTES_OF(issue->device->id), BYTES_NULL};

    wr_be64(&wr, (uint64_t)issue->last->era);
    wr_be64(&wr, issue->last->reset_count);
    wr_be64(&wr, issue->last->boot_restart);
    parts[3] = wr_done(&wr);
    return hasher_hmac(keeper->hasher, HASH_SHA256, BYTES_OF(keeper->setup.nonce_keys[0].key),
                       parts, ARRAY_LEN(parts), ret);
}

/* What can be said of a measured boot alone, AR4SI section 2.3.4: a recognised instance; approved
 * objects during boot (3: nothing is said of what ran after it); hardware by its certificate. */
static void
vector_fill(const struct issue *issue, struct token_vector *vector)
{
    vector->value[TOKEN_INSTANCE_IDENTITY] = 2;
    vector->value[TOKEN_EXECUTABLES] = 3;
    vector->present = 1u << TOKEN_INSTANCE_IDENTITY | 1u << TOKEN_EXECUTABLES;
    if (issue->device->ek_chain == EK_CHAIN_VERIFIED) {
        vector->value[TOKEN_HARDWARE] = 2;
        vector->present |= 1u << TOKEN_HARDWARE;
    }
}

/* Everything that one token's claims point to. */
struct paper {
    char sub[TOKEN_SUB_ROOM];
    char policy[96];
    uint8_t boot[32];
    struct bytes group;
    struct token_mirror mirror;
    struct token_claims claims;
};

static void
mirror_fill(const struct issue *issue, struct paper *paper)
{
    bool affirming = issue->last->tier == TIER_AFFIRMING;

    paper->group = bytes_str(issue->class_row->name);
    paper->mirror = (struct token_mirror){
        .compliant = true,
        .level = affirming ? 2 : 1,
        .groups = &paper->group,
        .n_groups = 1,
        .boot_id = BYTES_OF(paper->boot),
        .policy = bytes_str(paper->policy),
        .attested_at = issue->last->challenge_ms / 1000,
    };
}

static void
claims_fill(struct keeper *keeper, const struct issue *issue, struct bytes audience, int64_t exp,
            struct paper *paper)
{
    struct token_claims *claims = &paper->claims;

    claims->iss = keeper->setup.issuer;
    claims->sub = token_sub_write(BYTES_OF(issue->device->id), paper->sub);
    claims->aud = audience;
    claims->iat = issue->last->challenge_ms / 1000;
    claims->nbf = claims->iat;
    claims->exp = exp;
    claims->developer = bytes_str("assay");
    claims->build = bytes_str(ASSAY_VERSION);
    claims->status = issue->last->tier == TIER_AFFIRMING ? TOKEN_AFFIRMING : TOKEN_WARNING;
    vector_fill(issue, &claims->vector);
    claims->policies[0] = bytes_str(paper->policy);
    claims->n_policies = 1;
    claims->spelling = TOKEN_EAR_OLD; /* what deployed readers know */
    claims->mirror = &paper->mirror;
}

static int
paper_make(struct keeper *keeper, const struct issue *issue, struct bytes audience,
           struct paper *paper)
{
    int64_t life = issue->null_nonce ? KEEPER_TOKEN_NULL_S : KEEPER_TOKEN_S;
    int64_t exp = issue->last->challenge_ms / 1000 + life;
    int64_t now = keeper->clock->utc_ms(keeper->clock->context) / 1000;
    int64_t version = 0;
    int r;

    *paper = (struct paper){0};
    if (audience.len == 0) {
        return ISSUE_E_AUDIENCE;
    }
    if (exp - now < KEEPER_TOKEN_LEAST_S) {
        return ISSUE_E_OLD;
    }
    r = store_ref_version(keeper->store, issue->class_row->name, &version);
    if (r == 0) {
        snprintf(paper->policy, sizeof(paper->policy), "golden:%s:%lld", issue->class_row->name,
                 (long long)version);
        r = boot_id(keeper, issue, paper->boot);
    }
    if (r == 0) {
        r = random_bytes(paper->claims.id, sizeof(paper->claims.id));
    }
    mirror_fill(issue, paper);
    claims_fill(keeper, issue, audience, exp, paper);
    return r > 0 ? -EIO : r;
}

/* Signs with one of the two envelopes. */
typedef int sign_fn(struct wr *wr, const struct token_claims *claims, struct bytes kid,
                    struct privkey *key, struct hasher *hasher);

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

static int
issue_with(struct keeper *keeper, const struct issue *issue, struct bytes audience, sign_fn *sign,
           struct bytes kid, struct wr *wr, struct bytes *ret)
{
    struct paper paper;
    int r = paper_make(keeper, issue, audience, &paper);

    if (r != 0) {
        return r;
    }
    r = sign(wr, &paper.claims, kid, keeper->token_key, keeper->hasher);
    if (r != 0) {
        return r < 0 ? r : -EINVAL;
    }
    if (keeper->setup.audit_tokens) {
        audit_token(keeper, issue, &paper.claims, sign == token_cwt_sign);
    }
    *ret = wr_done(wr);
    return 0;
}

int
issue_cwt(struct keeper *keeper, const struct issue *issue, uint8_t *room, size_t cap,
          struct bytes *ret)
{
    struct wr wr = wr_init(room, cap);
    struct bytes audience = find_audience(issue->class_row->audiences, BYTES_NULL);

    return issue_with(keeper, issue, audience, token_cwt_sign, BYTES_OF(keeper->cose_kid), &wr,
                      ret);
}

int
issue_jwt(struct keeper *keeper, const struct issue *issue, struct bytes audience, uint8_t *room,
          size_t cap, struct bytes *ret)
{
    struct wr wr = wr_init(room, cap);
    struct bytes allowed =
        audience.len > 0 ? find_audience(issue->class_row->audiences, audience) : BYTES_NULL;

    return issue_with(keeper, issue, allowed, token_jwt_sign, bytes_str(keeper->token_kid), &wr,
                      ret);
}
