/* COSE_Key and COSE_KeySet (RFC 9052 section 7) of EC2 P-256 verification keys (RFC 9053 section
 * 7.1.1): what `/keys` serves. Keys of a set that we do not speak are no fault, they are left out:
 * a set may carry keys for others. */
#pragma once

#include "base/cbor-wr.h"
#include "crypto/p256.h"

enum {
    COSE_KEY_KTY = 1,
    COSE_KEY_KID = 2,
    COSE_KEY_ALG = 3,
    COSE_KEY_CRV = -1,
    COSE_KEY_X = -2,
    COSE_KEY_Y = -3,
    COSE_KEY_D = -4,
    COSE_KTY_EC2 = 2,
    COSE_CRV_P256 = 1,
};

struct cose_key {
    struct p256 point;
    struct bytes kid; /* view; empty when the key has none */
};

enum cose_key_outcome {
    COSE_KEY_OK,
    COSE_KEY_E_FORM,   /* not a key set in deterministic CBOR, or an EC2 key of a wrong shape */
    COSE_KEY_E_SECRET, /* a private key lies in the set: nothing in it can be trusted */
    COSE_KEY_E_MANY,   /* more keys of ours than cap */
};

/* {1: EC2, 2: kid, 3: ES256, -1: P-256, -2: x, -3: y}. Errors latch in wr. */
void cose_key_write(struct wr *wr, const struct cose_key *key);

/* The pairs -1, -2, -3 alone, as cose_key_write() and the thumbprint share them. */
void cose_key_point_write(struct wr *wr, const struct p256 *point);

/* An array of keys. */
void cose_key_set_write(struct wr *wr, const struct cose_key *keys, size_t n);

/* Reads a whole set; kids are views into `in`. Points are not checked to be on the curve: that is
 * pubkey_from_point()'s part. Keys without kid are left out: they cannot be named.
 * Returns 0 or an outcome; ret_n is untouched unless 0, ret_keys may be written in any case. */
MUST_CHECK int cose_key_set_read(struct bytes in, struct cose_key *ret_keys, size_t cap,
                                 size_t *ret_n);
