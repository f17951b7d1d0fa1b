/* Inside attestor/tpm/ only: the ESYS context, the one mapping from TSS2_RC to outcomes, and the
 * retry rule. Every ESYS call stands in
 *
 *     do {
 *         rc = Esys_X(…);
 *     } while (tpm_esys_again(tpm, rc, &n_tries));
 */
#pragma once

#include <tss2/tss2_esys.h>

#include "crypto/digest.h"
#include "tpm/tpm.h"

#define TPM_NONE ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE
#define TPM_PASSWORD ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE

struct tpm {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    struct hasher *hasher;
    struct tpm_patience patience;
};

/* True when the call is worth repeating, after having waited; counts in *n_tries (start at 0). */
bool tpm_esys_again(struct tpm *tpm, TSS2_RC rc, unsigned *n_tries);

/* Outcome of a code (0, > 0 or -ENOMEM); fills *ret_error, unless NULL, when it is not 0. */
MUST_CHECK int tpm_esys_result(const char *command, TSS2_RC rc, struct tpm_error *ret_error);

/* The same for a refusal of our own, without a code. Returns outcome. */
int tpm_esys_refuse(const char *what, enum tpm_outcome outcome, struct tpm_error *ret_error);

/* The code's error number without layer, parameter, handle or session number; 0 for TSS codes. */
TPM2_RC tpm_esys_base(TSS2_RC rc);

/* One capability. *ret is to be freed by Esys_Free(). */
MUST_CHECK int tpm_esys_capability(struct tpm *tpm, TPM2_CAP capability, uint32_t property,
                                   uint32_t count, TPMS_CAPABILITY_DATA **ret,
                                   struct tpm_error *ret_error);

/* Handles from `first` to `last`, at most cap of them; *ret_n counts them. */
MUST_CHECK int tpm_esys_handles(struct tpm *tpm, TPM2_HANDLE first, TPM2_HANDLE last,
                                TPM2_HANDLE *handles, size_t cap, size_t *ret_n,
                                struct tpm_error *ret_error);

/* Flushes what we made (transient object or session); ESYS_TR_NONE is fine. */
void tpm_esys_flush(struct tpm *tpm, ESYS_TR *handle);

/* Forgets ESYS's own record of a persistent object or NV index; the TPM is not asked. */
void tpm_esys_forget(struct tpm *tpm, ESYS_TR *handle);

/* Esys_Free() for CLEANUP. */
void tpm_esys_freep(void *pointer_to_pointer);
