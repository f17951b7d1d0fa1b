/* Inside attestor/tpm/ only: what a key is made of, and how it comes to be. */
#pragma once

#include "tpm/tpm-esys.h"
#include "tpm/tpm-key.h"

struct tpm_key {
    struct tpm *tpm;
    ESYS_TR handle;
    bool made; /* by us: flushed at the end; else persistent */
    TPMT_PUBLIC area;
    uint8_t public[sizeof(TPMT_PUBLIC)];
    size_t public_len;
    TPM2B_NAME name;
};

/* TPM2_CreatePrimary under the endorsement hierarchy, whose password must be empty.
 * Returns as tpm.h says; TPM_E_LACKS when the TPM does not know the key's kind. */
MUST_CHECK int tpm_key_make_primary(struct tpm *tpm, const TPM2B_PUBLIC *template,
                                    struct tpm_key **ret, struct tpm_error *ret_error);

/* A persistent primary of the endorsement hierarchy whose public area is the template's in all but
 * `unique`. Returns 0, or > 0 when the handle holds no such key. */
MUST_CHECK int tpm_key_make_persistent(struct tpm *tpm, TPM2_HANDLE handle,
                                       const TPM2B_PUBLIC *template, struct tpm_key **ret);
