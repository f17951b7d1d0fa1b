/* An endorsement key in software, so that what MakeCredential wrote is opened again without a TPM.
 * Tests only: it follows the TPM's side (Part 1, Credential Protection) and shares only kdf.h with
 * ours. */
#pragma once

#include "crypto/makecred.h"

struct softek {
    void *pkey; /* EVP_PKEY with its private half */
    struct pubkey *public;
    enum hash name_alg;
    unsigned aes_bits;
};

/* Makes a key of the kind (rsa_bits for KEY_RSA); fails the case when it cannot. */
struct softek softek_new(enum key_kind kind, unsigned rsa_bits, enum hash name_alg,
                         unsigned aes_bits);
void softek_done(struct softek *ek);

struct makecred_ek softek_ek(const struct softek *ek);

/* Opens a blob for the object of this name. Returns the length of the credential in out, or -1 when
 * the integrity value does not fit or the blob has another form. */
int softek_activate(const struct softek *ek, struct hasher *hasher, struct bytes name,
                    const struct makecred_blob *blob, uint8_t out[64]);
