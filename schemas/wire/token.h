/* What a token says, once for both envelopes: the EAR attestation result (draft-ietf-rats-ear,
 * PENDING) with the AR4SI vector, and for JWT a flat mirror that stock policy engines can read.
 * Protocol page, Tokens. Whether a token may be issued (floor, audience, cnf) is the issuer's. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"
#include "wire/claim-set.h"

#define TOKEN_PROFILE_NEW "tag:ietf.org,2026:rats/ear#03"    /* PENDING */
#define TOKEN_PROFILE_OLD "tag:github.com,2023:veraison/ear" /* deployed readers */
#define TOKEN_SUBMOD "tpm"
#define TOKEN_SUB_PREFIX "urn:dev:ueid:" /* RFC 9711 section 10.3; a pairwise id keeps the form */
#define TOKEN_UEID_MAX 33u
#define TOKEN_SUB_ROOM (sizeof(TOKEN_SUB_PREFIX) + 44u)
#define TOKEN_ID_SIZE 16u
#define TOKEN_LEVEL_MAX 3u

/* EAR status; numbers for CBOR in token_status_number(). Zero is the one that trusts nothing. */
enum token_status { TOKEN_NONE, TOKEN_AFFIRMING, TOKEN_WARNING, TOKEN_CONTRAINDICATED };

/* Categories of AR4SI section 2.3, numbered as in EAR's CDDL. */
enum token_category {
    TOKEN_INSTANCE_IDENTITY,
    TOKEN_CONFIGURATION,
    TOKEN_EXECUTABLES,
    TOKEN_FILE_SYSTEM,
    TOKEN_HARDWARE,
    TOKEN_RUNTIME_OPAQUE,
    TOKEN_STORAGE_OPAQUE,
    TOKEN_SOURCED_DATA,
    TOKEN_CATEGORIES,
};

/* Bit 1 << category in present says that value[category] was asserted. */
struct token_vector {
    int8_t value[TOKEN_CATEGORIES];
    uint8_t present;
};

/* Confirmation: SHA-256 of the bound key's JWK (RFC 9449 section 6.1) or of its certificate (RFC
 * 8705 section 3.1). */
enum token_cnf { TOKEN_CNF_NONE, TOKEN_CNF_JKT, TOKEN_CNF_X5T };

/* How JSON spells EAR's names and which profile it claims; CBOR has one spelling, the new. */
enum token_spelling { TOKEN_EAR_NEW, TOKEN_EAR_OLD };

enum token_flag { TOKEN_UNKNOWN, TOKEN_NO, TOKEN_YES };

/* The flat mirror; JWT only. Unset parts are left out, lists
 * may be empty. */
struct token_mirror {
    bool compliant;
    uint8_t level;              /* 0 to TOKEN_LEVEL_MAX */
    const struct bytes *groups; /* no spaces, as they are also given space-delimited */
    size_t n_groups;
    const enum reason *reasons;
    size_t n_reasons;
    enum token_flag secure_boot;
    struct bytes boot_id; /* HMAC(site, device_id, boot), at most 32 bytes */
    struct bytes policy;  /* name of the policy in force */
    int64_t attested_at;  /* time after which the quote must have been made; 0: left out */
};

/* All text is UTF-8 and borrowed. Times are Unix seconds, 0 < t < 2^53. */
struct token_claims {
    struct bytes iss;
    struct bytes sub; /* TOKEN_SUB_PREFIX… */
    struct bytes aud; /* exactly one */
    int64_t iat;
    int64_t nbf; /* JWT; CWT leaves it out when equal to iat */
    int64_t exp;
    uint8_t id[TOKEN_ID_SIZE]; /* cti, jti */
    enum token_cnf cnf;
    uint8_t cnf_digest[32];
    struct bytes developer; /* verifier id: who made it, and which build it is */
    struct bytes build;
    enum token_status status;
    struct token_vector vector;
    struct bytes policies[LIMIT_TOKEN_POLICIES]; /* in the order applied */
    size_t n_policies;
    struct bytes nonce; /* of the evidence, 8 to 64 bytes; empty: left out */
    enum token_spelling spelling;
    const struct token_mirror *mirror; /* NULL: left out */
    /* What this audience is told of the verdict; views. A token that is too long lacks the claims
     * of the highest numbers, then the last codes. */
    struct claim_set told;
    /* CWT only, where the mirror has them for JWTs: codes, and the boot's name (at most 32 bytes).
     */
    size_t n_codes;
    uint16_t codes[LIMIT_TOKEN_REASONS];
    struct bytes boot_id;
};

enum token_outcome {
    TOKEN_OK,
    TOKEN_E_FORM,    /* not our claims: encoding, a missing or doubled claim, a wrong type */
    TOKEN_E_CLAIMS,  /* well-formed, but token_check() says no */
    TOKEN_E_PROFILE, /* another EAT profile */
};

/* Consistency of claims, checked by writers and readers alike: required text present and bounded,
 * sub in its form, 0 < iat <= exp, nbf <= exp, level and groups in range, and the status no more
 * trusted than the worst claim of the vector (EAR, ear_status). Returns 0 or TOKEN_E_CLAIMS. */
MUST_CHECK int token_check(const struct token_claims *claims);

/* "none", "affirming", "warning", "contraindicated", and 0, 2, 32, 96. */
const char *token_status_name(enum token_status status);
unsigned token_status_number(enum token_status status);
bool token_status_from_number(uint64_t number, enum token_status *ret_status);

/* Tier of one AR4SI value (section 2.3.2), and of the worst value of a vector. */
enum token_status token_value_tier(int8_t value);
enum token_status token_vector_tier(const struct token_vector *vector);

const char *token_category_name(enum token_category category);

/* Makes what is written shorter: by one claim, else by one code, here and in the mirror, which
 * becomes a copy in *room. Returns false when there is neither. */
bool token_shed(struct token_claims *claims, struct token_mirror *room);

/* Writes TOKEN_SUB_PREFIX and the UEID of 7 to TOKEN_UEID_MAX bytes as base64url, with a NUL.
 * Returns the text, empty for a UEID of another size. */
struct bytes token_sub_write(struct bytes ueid, char room[TOKEN_SUB_ROOM]);
