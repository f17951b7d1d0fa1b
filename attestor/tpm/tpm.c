#include "tpm/tpm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

#include "tpm/tpm-esys.h"

#define DEVICE_PREFIX "device:"
#define DEFAULT_TCTI DEVICE_PREFIX "/dev/tpmrm0"

void
tpm_quiet(void)
{
    setenv("TSS2_LOG", "all+none", 0);
}

/* True when the path names a resource manager ("…/tpmrm0") and the raw device beside it exists. */
static bool
raw_device_exists(const char *path)
{
    const char *mark = strstr(path, "tpmrm");
    char raw[128];
    int n;

    if (!mark) {
        return false;
    }
    n = snprintf(raw, sizeof(raw), "%.*stpm%s", (int)(mark - path), path, mark + strlen("tpmrm"));
    return n > 0 && (size_t)n < sizeof(raw) && access(raw, F_OK) == 0;
}

/* Why a device cannot be opened is asked only after it could not: no race decides anything. */
static int
open_failure(const char *tcti, TSS2_RC rc, struct tpm_error *ret_error)
{
    const char *path;
    int r = tpm_esys_result("open", rc, ret_error);

    if (r <= 0 || strncmp(tcti, DEVICE_PREFIX, strlen(DEVICE_PREFIX)) != 0) {
        return r < 0 ? r : tpm_esys_refuse(tcti, TPM_E_TALK, ret_error);
    }
    path = tcti + strlen(DEVICE_PREFIX);
    if (access(path, F_OK) == 0) {
        return r == TPM_E_BUSY || r == TPM_E_FAILURE ? r : (int)TPM_E_TALK;
    }
    if (raw_device_exists(path)) {
        return tpm_esys_refuse("the kernel has a TPM but not its resource manager",
                               TPM_E_NO_MANAGER, ret_error);
    }
    return tpm_esys_refuse("no TPM device", TPM_E_ABSENT, ret_error);
}

/* A device that opens may still be no TPM, or a TPM in failure mode: ask it something. */
static int
probe(struct tpm *tpm, struct tpm_error *ret_error)
{
    CLEANUP(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;

    return tpm_esys_capability(tpm, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_FAMILY_INDICATOR, 1, &data,
                               ret_error);
}

int
tpm_open(const char *tcti, const struct tpm_patience *patience, struct tpm **ret,
         struct tpm_error *ret_error)
{
    CLEANUP(tpm_closep) struct tpm *tpm = calloc(1, sizeof(*tpm));
    const char *name = tcti && tcti[0] != '\0' ? tcti : DEFAULT_TCTI;
    TSS2_RC rc;
    int r;

    if (!tpm || !(tpm->hasher = hasher_new())) {
        return -ENOMEM;
    }
    if (patience) {
        tpm->patience = *patience;
    }
    rc = Tss2_TctiLdr_Initialize(name, &tpm->tcti);
    if (rc == TSS2_RC_SUCCESS) {
        rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
    }
    if (rc != TSS2_RC_SUCCESS) {
        return open_failure(name, rc, ret_error);
    }
    r = probe(tpm, ret_error);
    if (r != 0) {
        return r;
    }
    *ret = tpm;
    tpm = NULL;
    return 0;
}

void
tpm_close(struct tpm *tpm)
{
    if (!tpm) {
        return;
    }
    Esys_Finalize(&tpm->esys);
    Tss2_TctiLdr_Finalize(&tpm->tcti);
    hasher_free(tpm->hasher);
    free(tpm);
}

void
tpm_closep(struct tpm **tpm)
{
    tpm_close(*tpm);
    *tpm = NULL;
}

const char *
tpm_outcome_name(enum tpm_outcome outcome)
{
    static const char *const names[] = {
        [TPM_OK] = "ok",
        [TPM_E_ABSENT] = "absent",
        [TPM_E_NO_MANAGER] = "no-manager",
        [TPM_E_TALK] = "talk",
        [TPM_E_BUSY] = "busy",
        [TPM_E_FAILURE] = "failure",
        [TPM_E_FULL] = "full",
        [TPM_E_AUTH] = "auth",
        [TPM_E_DISABLED] = "disabled",
        [TPM_E_LACKS] = "lacks",
        [TPM_E_GONE] = "gone",
        [TPM_E_FOREIGN] = "foreign",
        [TPM_E_BLOB] = "blob",
        [TPM_E_CHANGING] = "changing",
        [TPM_E_SELF] = "self",
        [TPM_E_COMMAND] = "command",
    };

    return (size_t)outcome < ARRAY_LEN(names) ? names[outcome] : "unknown";
}
