/* TPM2_Certify: the AK's word that a key lives in this TPM. Protocol page, Tokens (cnf). */
#pragma once

#include "tpm/tpm-signed.h"

/* Both keys' passwords are empty. The answer is checked for magic, type, qualifying data and the
 * key's name; tpm_signed_check() it with the AK's public key.
 * Returns 0, TPM_E_SELF, else as tpm.h. */
MUST_CHECK int tpm_certify(const struct tpm_key *key, const struct tpm_key *ak,
                           const uint8_t qualifying[32], struct tpm_signed *ret_attest,
                           struct tpm_error *ret_error);
