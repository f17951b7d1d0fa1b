/* Inside attestor/tpm/ only: selections to and from the TPM's form. */
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "tpm/tpm-pcr.h"

TPML_PCR_SELECTION tpm_pcr_to_esys(const struct tpm_pcr_selection *selection);

/* Banks of other algorithms are left out. */
struct tpm_pcr_selection tpm_pcr_from_esys(const TPML_PCR_SELECTION *list);

/* PCRs of a bank, 0 when the selection does not name it. */
uint32_t tpm_pcr_of(const struct tpm_pcr_selection *selection, enum hash alg);
