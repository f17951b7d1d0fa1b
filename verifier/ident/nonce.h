/* Nonces that need no memory: key id 1 || purpose 1 || ms 6 || random 8 || HMAC-SHA-256(nonce key,
 * these || site || device id)[16]. Any keeper of the site can check one; that it serves once is the
 * store's unique row. Protocol page, Freshness. */
#pragma once

#include "crypto/digest.h"
#include "wire/enrolled.h"

enum nonce_purpose { NONCE_CONNECTION = 1, NONCE_RELAYED = 2 };

struct nonce_key {
    uint8_t id; /* 0: slot unused */
    uint8_t key[32];
};

#define NONCE_KEYS_MAX 2u

struct nonce_scope {
    struct bytes site;
    const uint8_t *device; /* WIRE_UEID_SIZE bytes */
    enum nonce_purpose purpose;
};

/* Makes one under key. Returns 0 or a negative errno (no randomness is fatal: no weak nonce). */
MUST_CHECK int nonce_make(struct hasher *hasher, const struct nonce_key *key,
                          const struct nonce_scope *scope, int64_t now_ms,
                          uint8_t ret[WIRE_NONCE_SIZE]);

enum nonce_outcome {
    NONCE_OK,
    NONCE_E_FORGED,  /* not ours, of a retired key, another device, purpose or site */
    NONCE_E_EXPIRED, /* older than life_ms, or more than 5 s in the future */
};

/* Judges one; *ret_made_ms is the time it was made, also for NONCE_E_EXPIRED. */
MUST_CHECK int nonce_check(struct hasher *hasher, const struct nonce_key *keys, size_t n_keys,
                           const struct nonce_scope *scope, const uint8_t nonce[WIRE_NONCE_SIZE],
                           int64_t now_ms, int64_t life_ms, int64_t *ret_made_ms);
