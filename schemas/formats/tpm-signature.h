/* TPMT_SIGNATURE as a TPM marshals it, and its verification bound to the key's own scheme. TPM 2.0
 * Part 2, TPMT_SIGNATURE. */
#pragma once

#include "formats/tpm-public.h"

struct tpm_signature {
    enum sig_scheme scheme; /* never SIG_NONE */
    enum hash alg;          /* never HASH_N */
    struct bytes r;         /* ECDSA */
    struct bytes s;
    struct bytes rsa; /* RSASSA, RSAPSS */
};

/* Reads all of `in`. Returns 0, or 1 with SIGNATURE_ALG, SIGNATURE_HASH, SIGNATURE_SHORT or
 * SIGNATURE_TRAILING; *ret is untouched unless 0. */
MUST_CHECK int tpm_signature_read(struct bytes in, struct tpm_signature *ret,
                                  struct fault *ret_fault);

void tpm_signature_write(struct wr *wr, const struct tpm_signature *signature);

/* Verifies over the message, which is hashed here with the signature's algorithm.
 * With `signer` the signature's scheme and hash must be those of the key's public area (an area
 * with scheme NULL never fits: restricted keys have one); NULL when only a bare key is at hand.
 * Returns 0, 1 with SIGNATURE_SCHEME, SIGNATURE_KEY, SIGNATURE_HASH (one that this build cannot
 * compute) or SIGNATURE_WRONG, or a negative errno. */
MUST_CHECK int tpm_signature_verify(const struct tpm_public *signer, struct pubkey *key,
                                    const struct tpm_signature *signature, struct bytes message,
                                    struct hasher *hasher, struct fault *ret_fault);
