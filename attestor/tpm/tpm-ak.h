/* The site's two signing keys in this TPM: attestation key (AK) and device key. Both are primaries
 * of the endorsement hierarchy made from template and site id: nothing is stored, the same keys
 * come back after every reboot and TPM2_Clear, and two sites see unrelated ones. Protocol page,
 * Identity 1 and Tokens. */
#pragma once

#include "crypto/digest.h"
#include "tpm/tpm-key.h"

enum tpm_ak_kind {
    TPM_AK_ANY, /* P-256, or RSA-2048 where the TPM has no P-256 */
    TPM_AK_P256,
    TPM_AK_RSA2048,
};

/* unique = SHA-256("assay-ak-1" || 0x00 || site id) for the AK, "assay-dev-1" for the device key.
 * Returns 0 or a negative errno. */
MUST_CHECK int tpm_ak_unique(struct hasher *hasher, struct bytes site, uint8_t ret_unique[32]);
MUST_CHECK int tpm_ak_dev_unique(struct hasher *hasher, struct bytes site, uint8_t ret_unique[32]);

/* Restricted: signs only what the TPM itself says. */
MUST_CHECK int tpm_ak_load(struct tpm *tpm, struct bytes site, enum tpm_ak_kind kind,
                           struct tpm_key **ret, struct tpm_error *ret_error);

/* Unrestricted P-256 key that tokens are bound to (cnf). */
MUST_CHECK int tpm_ak_load_dev(struct tpm *tpm, struct bytes site, struct tpm_key **ret,
                               struct tpm_error *ret_error);
