/* Endorsement keys: that a public area is of a template which TPM makers certify, so that the key
 * is a storage key of the endorsement hierarchy which MakeCredential may trust. TCG EK Credential
 * Profile 2.5 annex B; numbers and constants also in protocol-facts of the TPM side. */
#pragma once

#include "formats/tpm-public.h"

enum tpm_ek_template {
    TPM_EK_NONE,
    TPM_EK_L1, /* RSA-2048 */
    TPM_EK_L2, /* P-256 */
    TPM_EK_H1, /* RSA-2048 */
    TPM_EK_H2, /* P-256 */
    TPM_EK_H3, /* P-384 */
    TPM_EK_H4, /* P-521 */
    TPM_EK_H6, /* RSA-3072 */
    TPM_EK_H7, /* RSA-4096 */
};

/* "L-1" and so on. */
const char *tpm_ek_name(enum tpm_ek_template which);

/* Returns 0 with the template, or 1 with EK_TEMPLATE or EK_UNIQUE. */
MUST_CHECK int tpm_public_check_ek(const struct tpm_public *public,
                                   enum tpm_ek_template *ret_template, struct fault *ret_fault);

/* PolicyA (secret of the endorsement hierarchy) and PolicyB (A, or an authorisation stored in NV),
 * hash_size(alg) bytes; empty for a hash other than SHA-256, SHA-384 and SHA-512. */
struct bytes tpm_ek_policy_a(enum hash alg);
struct bytes tpm_ek_policy_b(enum hash alg);
