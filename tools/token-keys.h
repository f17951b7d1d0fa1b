/* A file of verification keys: JWKS (RFC 7517) or COSE_KeySet (RFC 9052), told apart by content. */
#pragma once

#include "crypto/cose-key.h"
#include "crypto/pubkey.h"
#include "base/limits.h"

/* kid as it stands in the file: text in a JWKS, bytes in a COSE key set. */
struct token_key {
    uint8_t kid[LIMIT_KID_BYTES];
    size_t kid_len;
    bool rsa; /* a JWKS only */
    struct p256 point;
    uint8_t n[LIMIT_RSA_BITS / 8];
    size_t n_len;
};

struct token_keys {
    struct token_key keys[LIMIT_KEYS];
    size_t n;
};

/* Reads the file's content. Keys for other uses or of other kinds are left out; one without kid
 * too. Returns 0, or 1 with the problem in words. */
MUST_CHECK int token_keys_read(struct bytes in, struct token_keys *ret_keys,
                               const char **ret_problem);

/* The key that a token names. The two worlds name one key by two thumbprints, so a JWT
 * needs the JWKS and a CWT the COSE key set. NULL if
 * there is none, or if two keys have that name. */
const struct token_key *token_keys_find(const struct token_keys *keys, struct bytes kid);

/* The key, decoded. Returns 0 with a key to free, or what pubkey_from_point() and pubkey_from_rsa()
 * return. */
MUST_CHECK int token_keys_decode(const struct token_key *key, struct pubkey **ret_key);
