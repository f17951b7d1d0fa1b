/* TPM2_Sign with an unrestricted P-256 key: the device key's word for its own certificate. */
#pragma once

#include "tpm/tpm-key.h"

/* ECDSA over a SHA-256 digest made elsewhere; r || s. The key's password is empty.
 * Returns 0, TPM_E_TALK for a signature of another form, else as tpm.h. */
MUST_CHECK int tpm_sign_digest(const struct tpm_key *key, const uint8_t digest[32],
                               uint8_t ret_signature[64], struct tpm_error *ret_error);
