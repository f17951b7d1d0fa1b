#include "wire/token-cwt.h"

#include <errno.h>

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "crypto/cose.h"

enum {
    CWT_ISS = 1,
    CWT_SUB = 2,
    CWT_AUD = 3,
    CWT_EXP = 4,
    CWT_NBF = 5,
    CWT_IAT = 6,
    CWT_CTI = 7,
    CWT_CNF = 8,
    CWT_NONCE = 10,
    CWT_PROFILE = 265,
    CWT_SUBMODS = 266,
    CWT_STATUS = 1000,
    CWT_VECTOR = 1001,
    CWT_POLICIES = 1003,
    CWT_VERIFIER = 1004,
    CWT_TOLD = -65541, /* private */
    TOLD_CODES = -1,
    TOLD_BOOT_ID = -2,
    VERIFIER_DEVELOPER = 0,
    VERIFIER_BUILD = 1,
    NONCE_MAX = 64,
    BOOT_ID_MAX = 32,
    REASON_MAX = 899,
    AROUND = 92, /* what COSE puts around payload and kid: tag, headers, heads, signature */
};

static const char *const cnf_names[] = {[TOKEN_CNF_JKT] = "jkt", [TOKEN_CNF_X5T] = "x5t#S256"};

static void
key_text(struct wr *wr, int64_t key, struct bytes text)
{
    cbor_wr_int(wr, key);
    cbor_wr_tstr_view(wr, text);
}

static void
key_int(struct wr *wr, int64_t key, int64_t value)
{
    cbor_wr_int(wr, key);
    cbor_wr_int(wr, value);
}

static void
vector_write(struct wr *wr, const struct token_vector *vector)
{
    cbor_wr_int(wr, CWT_VECTOR);
    cbor_wr_map(wr, (size_t)__builtin_popcount(vector->present));
    for (unsigned i = 0; i < TOKEN_CATEGORIES; i++) {
        if (vector->present >> i & 1) {
            key_int(wr, i, vector->value[i]);
        }
    }
}

static void
submods_write(struct wr *wr, const struct token_claims *claims)
{
    cbor_wr_int(wr, CWT_SUBMODS);
    cbor_wr_map(wr, 1);
    cbor_wr_tstr(wr, TOKEN_SUBMOD);
    cbor_wr_map(wr, 2u + (claims->nonce.len > 0) + (claims->n_policies > 0));
    if (claims->nonce.len > 0) {
        cbor_wr_int(wr, CWT_NONCE);
        cbor_wr_bstr(wr, claims->nonce);
    }
    key_int(wr, CWT_STATUS, token_status_number(claims->status));
    vector_write(wr, &claims->vector);
    if (claims->n_policies > 0) {
        cbor_wr_int(wr, CWT_POLICIES);
        cbor_wr_array(wr, claims->n_policies);
        for (size_t i = 0; i < claims->n_policies; i++) {
            cbor_wr_tstr_view(wr, claims->policies[i]);
        }
    }
}

static void
cnf_write(struct wr *wr, const struct token_claims *claims)
{
    cbor_wr_int(wr, CWT_CNF);
    cbor_wr_map(wr, 1);
    cbor_wr_tstr(wr, cnf_names[claims->cnf]);
    cbor_wr_bstr(wr, BYTES_OF(claims->cnf_digest));
}

static bool
has_told(const struct token_claims *claims)
{
    return claims->told.present != 0 || claims->n_codes > 0 || claims->boot_id.len > 0;
}

/* What the verdict tells: its claims by their numbers, then its codes and the boot's name. */
static void
told_write(struct wr *wr, const struct token_claims *claims)
{
    bool has_codes = claims->n_codes > 0;
    bool has_boot = claims->boot_id.len > 0;

    cbor_wr_int(wr, CWT_TOLD);
    cbor_wr_map(wr, claim_set_pairs(&claims->told) + has_codes + has_boot);
    claim_set_write_pairs(wr, &claims->told);
    if (has_codes) {
        cbor_wr_int(wr, TOLD_CODES);
        cbor_wr_array(wr, claims->n_codes);
        for (size_t i = 0; i < claims->n_codes; i++) {
            cbor_wr_uint(wr, claims->codes[i]);
        }
    }
    if (has_boot) {
        cbor_wr_int(wr, TOLD_BOOT_ID);
        cbor_wr_bstr(wr, claims->boot_id);
    }
}

int
token_cwt_write(struct wr *wr, const struct token_claims *claims)
{
    bool has_nbf = claims->nbf != claims->iat;

    if (token_check(claims) != 0) {
        return TOKEN_E_CLAIMS;
    }
    cbor_wr_map(wr, 10u + has_nbf + (claims->cnf != TOKEN_CNF_NONE) + has_told(claims));
    key_text(wr, CWT_ISS, claims->iss);
    key_text(wr, CWT_SUB, claims->sub);
    key_text(wr, CWT_AUD, claims->aud);
    key_int(wr, CWT_EXP, claims->exp);
    if (has_nbf) {
        key_int(wr, CWT_NBF, claims->nbf);
    }
    key_int(wr, CWT_IAT, claims->iat);
    cbor_wr_int(wr, CWT_CTI);
    cbor_wr_bstr(wr, BYTES_OF(claims->id));
    if (claims->cnf != TOKEN_CNF_NONE) {
        cnf_write(wr, claims);
    }
    key_text(wr, CWT_PROFILE, bytes_str(TOKEN_PROFILE_NEW));
    submods_write(wr, claims);
    key_int(wr, CWT_STATUS, token_status_number(claims->status));
    cbor_wr_int(wr, CWT_VERIFIER);
    cbor_wr_map(wr, 2);
    key_text(wr, VERIFIER_DEVELOPER, claims->developer);
    key_text(wr, VERIFIER_BUILD, claims->build);
    if (has_told(claims)) {
        told_write(wr, claims);
    }
    return wr->failed ? -ENOSPC : 0;
}

/* The claims map, as much of it as a token has room for beside header and signature. What nobody
 * can leave out may make it longer. */
static int
write_fitting(const struct token_claims *claims, struct bytes kid, uint8_t room[LIMIT_TOKEN_BYTES],
              struct bytes *ret_payload)
{
    const size_t most = kid.len <= LIMIT_KID_BYTES ? LIMIT_TOKEN_CWT - AROUND - kid.len : 0;
    struct token_claims left = *claims;
    struct token_mirror mirror;
    bool fits = true;
    struct wr wr;
    int r;

    do {
        wr = wr_init(room, fits ? most : LIMIT_TOKEN_BYTES);
        r = token_cwt_write(&wr, &left);
        if (r != -ENOSPC || !fits) {
            break;
        }
        fits = token_shed(&left, &mirror);
    } while (true);
    *ret_payload = wr_done(&wr);
    return r;
}

int
token_cwt_sign(struct wr *wr, const struct token_claims *claims, struct bytes kid,
               struct privkey *key, struct hasher *hasher)
{
    const struct cose_header header = {.kid = kid, .typ = TOKEN_CWT_TYP};
    uint8_t room[LIMIT_TOKEN_BYTES];
    struct bytes payload;
    int r = write_fitting(claims, kid, room, &payload);

    return r != 0 ? r : cose_sign1_write(wr, &header, BYTES_NULL, payload, key, hasher);
}

/* Claims while they are read: which were there, and what must agree in two places. */
struct draft {
    struct token_claims claims;
    uint32_t seen; /* bit of each required claim */
    enum token_status overall;
    bool other_profile;
};

enum {
    SEEN_ISS = 1,
    SEEN_SUB = 2,
    SEEN_AUD = 4,
    SEEN_EXP = 8,
    SEEN_IAT = 16,
    SEEN_CTI = 32,
    SEEN_PROFILE = 64,
    SEEN_SUBMOD = 128,
    SEEN_OVERALL = 256,
    SEEN_DEVELOPER = 512,
    SEEN_BUILD = 1024,
    SEEN_STATUS = 2048,
    SEEN_VECTOR = 4096,
    SEEN_ALL = 8191,
};

static void
status_read(struct cbor_rd *c, enum token_status *ret_status)
{
    if (!token_status_from_number(cbor_rd_uint(c, UINT8_MAX), ret_status)) {
        cbor_rd_fail(c);
    }
}

static void
vector_read(struct cbor_rd *c, struct token_vector *vector)
{
    struct cbor_map m = cbor_rd_map(c, TOKEN_CATEGORIES);
    int64_t category;

    while (cbor_map_next_int(c, &m, &category)) {
        int64_t value = cbor_rd_int(c);

        if (category < 0 || category >= TOKEN_CATEGORIES || value < INT8_MIN || value > INT8_MAX) {
            cbor_rd_fail(c);
            return;
        }
        vector->value[category] = (int8_t)value;
        vector->present |= (uint8_t)(1u << category);
    }
}

static void
policies_read(struct cbor_rd *c, struct token_claims *claims)
{
    size_t n = cbor_rd_array_max(c, LIMIT_TOKEN_POLICIES);

    for (size_t i = 0; i < n; i++) {
        claims->policies[i] = cbor_rd_tstr(c, LIMIT_TOKEN_TEXT);
    }
    claims->n_policies = n;
}

static void
appraisal_claim(struct cbor_rd *c, int64_t key, struct draft *draft)
{
    switch (key) {
    case CWT_NONCE:
        draft->claims.nonce = cbor_rd_bstr(c, NONCE_MAX);
        break;
    case CWT_STATUS:
        status_read(c, &draft->claims.status);
        draft->seen |= SEEN_STATUS;
        break;
    case CWT_VECTOR:
        vector_read(c, &draft->claims.vector);
        draft->seen |= SEEN_VECTOR;
        break;
    case CWT_POLICIES:
        policies_read(c, &draft->claims);
        break;
    default:
        (void)cbor_rd_raw(c);
    }
}

static void
verifier_claim(struct cbor_rd *c, int64_t key, struct draft *draft)
{
    if (key == VERIFIER_DEVELOPER) {
        draft->claims.developer = cbor_rd_tstr(c, LIMIT_TOKEN_TEXT);
        draft->seen |= SEEN_DEVELOPER;
    } else if (key == VERIFIER_BUILD) {
        draft->claims.build = cbor_rd_tstr(c, LIMIT_TOKEN_TEXT);
        draft->seen |= SEEN_BUILD;
    } else {
        (void)cbor_rd_raw(c);
    }
}

/* Reads a map whose integer keys go to claim(); text keys are of others and skipped. */
static void
map_read(struct cbor_rd *c, struct draft *draft,
         void (*claim)(struct cbor_rd *c, int64_t key, struct draft *draft))
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;

    while (cbor_map_next(c, &m, &key)) {
        if (key.text.p) {
            (void)cbor_rd_raw(c);
        } else {
            claim(c, key.number, draft);
        }
    }
}

/* Only the one submodule is ours: another one's appraisal must not be lost in silence. */
static void
submods_read(struct cbor_rd *c, struct draft *draft)
{
    struct cbor_map m = cbor_rd_map(c, 1);
    struct cbor_key key;

    while (cbor_map_next(c, &m, &key)) {
        if (!bytes_equal(key.text, bytes_str(TOKEN_SUBMOD))) {
            cbor_rd_fail(c);
            return;
        }
        map_read(c, draft, appraisal_claim);
        draft->seen |= SEEN_SUBMOD;
    }
}

/* A confirmation that we do not know must not be ignored: it would make the token a bearer's. */
static void
cnf_read(struct cbor_rd *c, struct token_claims *claims)
{
    struct cbor_map m = cbor_rd_map(c, 1);
    struct cbor_key key;

    while (cbor_map_next(c, &m, &key)) {
        for (int i = TOKEN_CNF_JKT; i <= TOKEN_CNF_X5T; i++) {
            if (bytes_equal(key.text, bytes_str(cnf_names[i]))) {
                claims->cnf = (enum token_cnf)i;
            }
        }
        cbor_rd_bstr_copy(c, claims->cnf_digest, sizeof(claims->cnf_digest));
    }
    if (claims->cnf == TOKEN_CNF_NONE) {
        cbor_rd_fail(c);
    }
}

static void
codes_read(struct cbor_rd *c, struct token_claims *claims)
{
    size_t n = cbor_rd_array_max(c, LIMIT_TOKEN_REASONS);

    cbor_rd_require(c, n > 0);
    for (size_t i = 0; i < n; i++) {
        claims->codes[i] = (uint16_t)cbor_rd_uint(c, REASON_MAX);
        cbor_rd_require(c, claims->codes[i] > 0);
    }
    claims->n_codes = n;
}

static void
told_claim(struct cbor_rd *c, int64_t number, struct draft *draft)
{
    switch (number) {
    case TOLD_CODES:
        codes_read(c, &draft->claims);
        break;
    case TOLD_BOOT_ID:
        draft->claims.boot_id = cbor_rd_bstr(c, BOOT_ID_MAX);
        cbor_rd_require(c, draft->claims.boot_id.len > 0);
        break;
    default:
        claim_set_read_value(c, number, &draft->claims.told);
    }
}

static struct bytes
text_read(struct cbor_rd *c, struct draft *draft, uint32_t bit)
{
    draft->seen |= bit;
    return cbor_rd_tstr(c, LIMIT_TOKEN_TEXT);
}

static int64_t
time_read(struct cbor_rd *c, struct draft *draft, uint32_t bit)
{
    draft->seen |= bit;
    return (int64_t)cbor_rd_uint(c, INT64_MAX);
}

static void
nested_claim(struct cbor_rd *c, int64_t key, struct draft *draft)
{
    switch (key) {
    case CWT_CTI:
        cbor_rd_bstr_copy(c, draft->claims.id, TOKEN_ID_SIZE);
        draft->seen |= SEEN_CTI;
        break;
    case CWT_CNF:
        cnf_read(c, &draft->claims);
        break;
    case CWT_PROFILE:
        draft->other_profile =
            !bytes_equal(text_read(c, draft, SEEN_PROFILE), bytes_str(TOKEN_PROFILE_NEW));
        break;
    case CWT_SUBMODS:
        submods_read(c, draft);
        break;
    case CWT_STATUS:
        status_read(c, &draft->overall);
        draft->seen |= SEEN_OVERALL;
        break;
    case CWT_VERIFIER:
        map_read(c, draft, verifier_claim);
        break;
    case CWT_TOLD:
        map_read(c, draft, told_claim);
        break;
    default:
        (void)cbor_rd_raw(c);
    }
}

static void
top_claim(struct cbor_rd *c, int64_t key, struct draft *draft)
{
    switch (key) {
    case CWT_ISS:
        draft->claims.iss = text_read(c, draft, SEEN_ISS);
        break;
    case CWT_SUB:
        draft->claims.sub = text_read(c, draft, SEEN_SUB);
        break;
    case CWT_AUD:
        draft->claims.aud = text_read(c, draft, SEEN_AUD);
        break;
    case CWT_EXP:
        draft->claims.exp = time_read(c, draft, SEEN_EXP);
        break;
    case CWT_NBF:
        draft->claims.nbf = time_read(c, draft, 0);
        break;
    case CWT_IAT:
        draft->claims.iat = time_read(c, draft, SEEN_IAT);
        break;
    default:
        nested_claim(c, key, draft);
    }
}

int
token_cwt_read(struct bytes payload, struct token_claims *ret_claims)
{
    struct cbor_rd c = cbor_rd_init(payload);
    struct draft draft = {.claims = {.nbf = -1}};

    map_read(&c, &draft, top_claim);
    if (!cbor_rd_end(&c) || draft.seen != SEEN_ALL) {
        return cbor_rd_end(&c) && draft.other_profile ? TOKEN_E_PROFILE : TOKEN_E_FORM;
    }
    if (draft.other_profile) {
        return TOKEN_E_PROFILE;
    }
    if (draft.claims.nbf < 0) {
        draft.claims.nbf = draft.claims.iat;
    }
    /* one submodule: its status is the overall one */
    if (draft.overall != draft.claims.status || token_check(&draft.claims) != 0) {
        return TOKEN_E_CLAIMS;
    }
    *ret_claims = draft.claims;
    return 0;
}
