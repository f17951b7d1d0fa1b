#include "tpm/tpm-sign.h"

#include "tpm/tpm-key-make.h"

/* Big-endian number into 32 bytes, zeros in front: TPMs strip them. */
static bool
put(const TPM2B_ECC_PARAMETER *from, uint8_t to[32])
{
    if (from->size > 32) {
        return false;
    }
    memset(to, 0, 32u - from->size);
    memcpy(to + 32 - from->size, from->buffer, from->size);
    return true;
}

int
tpm_sign_digest(const struct tpm_key *key, const uint8_t digest[32], uint8_t ret_signature[64],
                struct tpm_error *ret_error)
{
    /* the empty ticket: an unrestricted key needs no proof that the TPM hashed it */
    static const TPMT_TK_HASHCHECK ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
    static const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
    CLEANUP(tpm_esys_freep) TPMT_SIGNATURE *signature = NULL;
    TPM2B_DIGEST in = {.size = 32};
    unsigned n_tries = 0;
    TSS2_RC rc;

    memcpy(in.buffer, digest, 32);
    do {
        rc =
            Esys_Sign(key->tpm->esys, key->handle, TPM_PASSWORD, &in, &scheme, &ticket, &signature);
    } while (tpm_esys_again(key->tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        return tpm_esys_result("TPM2_Sign", rc, ret_error);
    }
    if (signature->sigAlg != TPM2_ALG_ECDSA || signature->signature.ecdsa.hash != TPM2_ALG_SHA256 ||
        !put(&signature->signature.ecdsa.signatureR, ret_signature) ||
        !put(&signature->signature.ecdsa.signatureS, ret_signature + 32)) {
        return tpm_esys_refuse("TPM2_Sign: not ECDSA with SHA-256", TPM_E_TALK, ret_error);
    }
    return 0;
}
