/* TPM2_MakeCredential without a TPM: a secret that only the TPM with this EK can open, and only for
 * a loaded object of this name. TPM 2.0 Library Part 1, Credential Protection, and Secret Sharing
 * in annexes B (RSA) and C (ECC). The result is public and not authenticated: whoever knows the EK
 * can make one. */
#pragma once

#include "crypto/digest.h"
#include "crypto/pubkey.h"

/* TPMs open credentials of other lengths as well, so the type holds it at one. */
#define MAKECRED_SECRET_SIZE 32u
struct makecred_secret {
    uint8_t b[MAKECRED_SECRET_SIZE];
};

struct makecred_ek {
    const struct pubkey *key; /* RSA of 2048 bits or more, or a curve of pubkey.h */
    enum hash name_alg;       /* SHA-256, SHA-384 or SHA-512 */
    unsigned aes_bits;        /* 128 or 256: the EK's own symmetric key, always CFB */
};

/* What is random, fixed for known answers; each may be empty, which leaves it random. The ephemeral
 * key is for ECC only: private scalar and both coordinates. */
struct makecred_fixed {
    struct bytes seed; /* RSA only: hash_size(name_alg) bytes */
    struct bytes ephemeral_d;
    struct bytes ephemeral_x;
    struct bytes ephemeral_y;
};

#define MAKECRED_ID_MAX (2u + 2u + 64u + 2u + MAKECRED_SECRET_SIZE)
#define MAKECRED_ENC_MAX (2u + 512u)

/* Both with their 16-bit length in front, as TPM2_ActivateCredential takes them. */
struct makecred_blob {
    uint8_t id[MAKECRED_ID_MAX]; /* TPM2B_ID_OBJECT */
    size_t id_len;
    uint8_t enc[MAKECRED_ENC_MAX]; /* TPM2B_ENCRYPTED_SECRET */
    size_t enc_len;
};

enum makecred_outcome {
    MAKECRED_OK,
    MAKECRED_E_EK,   /* key, name_alg or aes_bits are none of the above */
    MAKECRED_E_NAME, /* not a name: a 16-bit hash algorithm and a digest of its size */
};

/* fixed is NULL outside tests. Returns 0, MAKECRED_E_EK, MAKECRED_E_NAME, or a negative errno.
 * ret_blob is untouched unless 0; every secret on the way is wiped. */
MUST_CHECK int makecred(struct hasher *hasher, const struct makecred_ek *ek, struct bytes ak_name,
                        const struct makecred_secret *secret, const struct makecred_fixed *fixed,
                        struct makecred_blob *ret_blob);
