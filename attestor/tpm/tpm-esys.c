#include "tpm/tpm-esys.h"

#include <errno.h>
#include <stdio.h>
#include <tss2/tss2_rc.h>

/* What the kernel's and abrmd's resource managers pass through keeps its TPM meaning. */
static bool
is_tpm_code(TSS2_RC rc)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

    return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

TPM2_RC
tpm_esys_base(TSS2_RC rc)
{
    if (!is_tpm_code(rc)) {
        return 0;
    }
    rc &= ~(TSS2_RC)TSS2_RC_LAYER_MASK;
    /* Part 2 section 6.6.2: format one has its number in six bits, the rest says which operand */
    return rc & TPM2_RC_FMT1 ? (rc & 0x03f) | TPM2_RC_FMT1 : rc;
}

static bool
is_busy(TSS2_RC rc)
{
    switch (tpm_esys_base(rc)) {
    case TPM2_RC_RETRY:
    case TPM2_RC_YIELDED:
    case TPM2_RC_TESTING:
    case TPM2_RC_LOCKOUT:
    case TPM2_RC_NV_RATE:
    case TPM2_RC_NV_UNAVAILABLE:
        return true;
    default:
        return false;
    }
}

bool
tpm_esys_again(struct tpm *tpm, TSS2_RC rc, unsigned *n_tries)
{
    const struct tpm_patience *patience = &tpm->patience;
    unsigned shift = *n_tries < 16 ? *n_tries : 16;

    if (!is_busy(rc) || !patience->wait || *n_tries >= patience->tries) {
        return false;
    }
    *n_tries += 1;
    return patience->wait(patience->context, patience->first_ms << shift) == 0;
}

static const struct {
    TPM2_RC base;
    enum tpm_outcome outcome;
} outcome_rows[] = {
    {TPM2_RC_FAILURE, TPM_E_FAILURE},     {TPM2_RC_OBJECT_MEMORY, TPM_E_FULL},
    {TPM2_RC_SESSION_MEMORY, TPM_E_FULL}, {TPM2_RC_SESSION_HANDLES, TPM_E_FULL},
    {TPM2_RC_OBJECT_HANDLES, TPM_E_FULL}, {TPM2_RC_MEMORY, TPM_E_FULL},
    {TPM2_RC_BAD_AUTH, TPM_E_AUTH},       {TPM2_RC_AUTH_FAIL, TPM_E_AUTH},
    {TPM2_RC_HIERARCHY, TPM_E_DISABLED},  {TPM2_RC_COMMAND_CODE, TPM_E_LACKS},
    {TPM2_RC_CURVE, TPM_E_LACKS},         {TPM2_RC_ASYMMETRIC, TPM_E_LACKS},
    {TPM2_RC_TYPE, TPM_E_LACKS},          {TPM2_RC_HASH, TPM_E_LACKS},
    {TPM2_RC_KEY_SIZE, TPM_E_LACKS},      {TPM2_RC_SYMMETRIC, TPM_E_LACKS},
    {TPM2_RC_HANDLE, TPM_E_GONE},         {TPM2_RC_REFERENCE_H0, TPM_E_GONE},
    {TPM2_RC_REFERENCE_H1, TPM_E_GONE},   {TPM2_RC_REFERENCE_S0, TPM_E_GONE},
    {TPM2_RC_INTEGRITY, TPM_E_FOREIGN},
};

static enum tpm_outcome
outcome_of(TSS2_RC rc)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

    if (is_busy(rc)) {
        return TPM_E_BUSY;
    }
    for (size_t i = 0; i < ARRAY_LEN(outcome_rows); i++) {
        if (tpm_esys_base(rc) == outcome_rows[i].base) {
            return outcome_rows[i].outcome;
        }
    }
    if (layer == TSS2_TCTI_RC_LAYER || layer == TSS2_MU_RC_LAYER || layer == TSS2_SYS_RC_LAYER) {
        return TPM_E_TALK;
    }
    return TPM_E_COMMAND;
}

int
tpm_esys_result(const char *command, TSS2_RC rc, struct tpm_error *ret_error)
{
    enum tpm_outcome outcome;

    if (rc == TSS2_RC_SUCCESS) {
        return 0;
    }
    outcome = outcome_of(rc);
    if (ret_error) {
        ret_error->outcome = outcome;
        ret_error->rc = rc;
        snprintf(ret_error->text, sizeof(ret_error->text), "%s: 0x%x %s", command, rc,
                 Tss2_RC_Decode(rc));
    }
    return (rc & ~(TSS2_RC)TSS2_RC_LAYER_MASK) == TSS2_BASE_RC_MEMORY && !is_tpm_code(rc)
               ? -ENOMEM
               : (int)outcome;
}

int
tpm_esys_refuse(const char *what, enum tpm_outcome outcome, struct tpm_error *ret_error)
{
    if (ret_error) {
        ret_error->outcome = outcome;
        ret_error->rc = 0;
        snprintf(ret_error->text, sizeof(ret_error->text), "%s", what);
    }
    return (int)outcome;
}

int
tpm_esys_capability(struct tpm *tpm, TPM2_CAP capability, uint32_t property, uint32_t count,
                    TPMS_CAPABILITY_DATA **ret, struct tpm_error *ret_error)
{
    unsigned n_tries = 0;
    TPMI_YES_NO more;
    TSS2_RC rc;
    int r;

    do {
        rc = Esys_GetCapability(tpm->esys, TPM_NONE, capability, property, count, &more, ret);
    } while (tpm_esys_again(tpm, rc, &n_tries));
    r = tpm_esys_result("TPM2_GetCapability", rc, ret_error);
    if (r == 0 && (*ret)->capability != capability) {
        Esys_Free(*ret);
        r = tpm_esys_refuse("TPM2_GetCapability: another capability than asked", TPM_E_TALK,
                            ret_error);
    }
    return r;
}

int
tpm_esys_handles(struct tpm *tpm, TPM2_HANDLE first, TPM2_HANDLE last, TPM2_HANDLE *handles,
                 size_t cap, size_t *ret_n, struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;
    const TPML_HANDLE *list;
    size_t n = 0;
    int r;

    r = tpm_esys_capability(tpm, TPM2_CAP_HANDLES, first, TPM2_MAX_CAP_HANDLES, &data, ret_error);
    if (r != 0) {
        return r;
    }
    list = &data->data.handles;
    for (uint32_t i = 0; i < list->count && i < TPM2_MAX_CAP_HANDLES && n < cap; i++) {
        if (list->handle[i] >= first && list->handle[i] <= last) {
            handles[n++] = list->handle[i];
        }
    }
    *ret_n = n;
    return 0;
}

void
tpm_esys_flush(struct tpm *tpm, ESYS_TR *handle)
{
    unsigned n_tries = 0;
    TSS2_RC rc;

    if (*handle == ESYS_TR_NONE) {
        return;
    }
    do {
        rc = Esys_FlushContext(tpm->esys, *handle);
    } while (tpm_esys_again(tpm, rc, &n_tries));
    if (rc != TSS2_RC_SUCCESS) {
        ignore(Esys_TR_Close(tpm->esys, handle), "the TPM lost it already; drop our record too");
    }
    *handle = ESYS_TR_NONE;
}

void
tpm_esys_forget(struct tpm *tpm, ESYS_TR *handle)
{
    if (*handle != ESYS_TR_NONE) {
        ignore(Esys_TR_Close(tpm->esys, handle), "only memory of ours is at stake");
        *handle = ESYS_TR_NONE;
    }
}

void
tpm_esys_freep(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;

    Esys_Free(*pointer);
    *pointer = NULL;
}
