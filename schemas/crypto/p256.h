/* A P-256 public key as its two coordinates, and the names that standards derive from it: the `kid`
 * of our keys and the `jkt` of bound tokens. */
#pragma once

#include "crypto/digest.h"

struct p256 {
    uint8_t x[32];
    uint8_t y[32];
};

#define P256_THUMB_SIZE 32u

/* RFC 9679 section 3: SHA-256 over the COSE_Key of required members alone. Returns 0 or -errno. */
MUST_CHECK int p256_cose_thumb(const struct p256 *key, struct hasher *hasher,
                               uint8_t ret_thumb[P256_THUMB_SIZE]);

/* RFC 7638 section 3: the same over the JWK. Returns 0 or -errno. */
MUST_CHECK int p256_jwk_thumb(const struct p256 *key, struct hasher *hasher,
                              uint8_t ret_thumb[P256_THUMB_SIZE]);
