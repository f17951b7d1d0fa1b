/* TPM2_ActivateCredential: the PSK that a verifier made for this EK and this AK. Protocol page,
 * Identity 3 and 4. */
#pragma once

#include "crypto/secret.h"
#include "tpm/tpm-key.h"

#define TPM_ACTIVATE_LEN 32u

/* id_object is a TPM2B_ID_OBJECT, encrypted_secret a TPM2B_ENCRYPTED_SECRET, each with its size
 * field and nothing after it. The answer crosses the bus encrypted to a session that is salted with
 * the EK, so that who listens between TPM and processor does not learn the PSK.
 * Returns 0 and a secret of TPM_ACTIVATE_LEN bytes (secret_free()), TPM_E_BLOB (not of that form,
 * or another length inside: a TPM opens any length), TPM_E_FOREIGN (not for this TPM, EK and AK, or
 * changed on the way), else as tpm.h says. */
MUST_CHECK int tpm_activate(const struct tpm_key *ek, const struct tpm_key *ak,
                            struct bytes id_object, struct bytes encrypted_secret,
                            struct secret **ret_secret, struct tpm_error *ret_error);
