/* A statement that the TPM signed, in the bytes that go on the wire. */
#pragma once

#include "tpm/tpm-key.h"

/* sizes: a quote is 145 bytes plus 6 a bank, a certification 173; RSA-4096 signs in 518 */
struct tpm_signed {
    uint8_t info[1024]; /* TPM2B_ATTEST: length, TPMS_ATTEST */
    size_t info_len;
    uint8_t signature[640]; /* framed: length (16 bits, big-endian), TPMT_SIGNATURE */
    size_t signature_len;
};

/* The two without their length fields: what is signed, and TPMT_SIGNATURE. */
struct bytes tpm_signed_info(const struct tpm_signed *attest);
struct bytes tpm_signed_signature(const struct tpm_signed *attest);

/* Verifies a signature over `info`; given by the caller, as no crypto library is used here.
 * Returns 0 when it holds, > 0 when not, < 0 when it broke. */
typedef int tpm_signed_verify_fn(void *context, struct bytes spki, struct bytes info,
                                 struct bytes tpmt_signature);

/* Checks our own TPM's answer before anyone sees it: a client that flushed our key lets another's
 * take its handle, and the TPM then signs with that one and says nothing.
 * Returns 0, TPM_E_SELF, or what `verify` returned below 0. */
MUST_CHECK int tpm_signed_check(const struct tpm_signed *attest, const struct tpm_key *signer,
                                tpm_signed_verify_fn *verify, void *context);
