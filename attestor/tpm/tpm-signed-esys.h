/* Inside attestor/tpm/ only: from the TPM's form to bytes, with the checks that need no key. */
#pragma once

#include "tpm/tpm-signed.h"
#include "tpm/tpm-esys.h"

/* Writes both structures into *attest and reads the statement into *ret_info, which must be of
 * `type`, by a TPM, and carry `qualifying`. Returns 0, TPM_E_SELF or TPM_E_TALK. */
MUST_CHECK int tpm_signed_from_esys(const TPM2B_ATTEST *info, const TPMT_SIGNATURE *signature,
                                    TPMI_ST_ATTEST type, const uint8_t qualifying[32],
                                    struct tpm_signed *attest, TPMS_ATTEST *ret_info);

TPM2B_DATA tpm_signed_qualifying(const uint8_t qualifying[32]);
