/* The endorsement key: which one, and how it is loaded. Protocol page, Identity 2. */
#pragma once

#include "tpm/tpm-cert.h"
#include "tpm/tpm-key.h"

/* Templates in the order of preference; the name is that of the EK Credential Profile. */
enum tpm_endorse_kind {
    TPM_ENDORSE_L2_P256,
    TPM_ENDORSE_H2_P256,
    TPM_ENDORSE_H3_P384,
    TPM_ENDORSE_L1_RSA2048,
    TPM_ENDORSE_H1_RSA2048,
    TPM_ENDORSE_H6_RSA3072,
    TPM_ENDORSE_N,
};

/* The first kind that has a certificate, or TPM_ENDORSE_L1_RSA2048 when none has. */
enum tpm_endorse_kind tpm_endorse_choose(const struct tpm_certs *certs);

/* Loads the EK of a kind: a persistent key (0x81010000 to 0x810100ff) if its public area is the
 * template's and it is a primary of the endorsement hierarchy, else TPM2_CreatePrimary. Handles are
 * but a short cut: TPM2_Clear evicts them, and the template then gives the same key.
 * Returns as tpm.h says. */
MUST_CHECK int tpm_endorse_load(struct tpm *tpm, enum tpm_endorse_kind kind, struct tpm_key **ret,
                                struct tpm_error *ret_error);

/* NV index of the kind's certificate, and its name as in "L-1 RSA-2048". */
uint32_t tpm_endorse_cert_index(enum tpm_endorse_kind kind);
const char *tpm_endorse_name(enum tpm_endorse_kind kind);
