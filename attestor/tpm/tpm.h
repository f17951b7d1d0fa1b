/* The device's TPM. One context, one thread at a time.
 *
 * All tpm-*.h functions follow the house rule for results: 0, a negative errno when we broke, or an
 * outcome below when the TPM is so; the last parameter, which may be NULL, then receives what to
 * tell an operator. `ret_x` is untouched unless 0. Nothing here flushes an object or session that
 * it did not make, and every path flushes those that it made (protocol page: a stale-looking handle
 * may be another client's key). Libraries of TSS write to stderr unless the program says otherwise:
 * call tpm_quiet() first in main(). */
#pragma once

#include "base/std.h"

enum tpm_outcome {
    TPM_OK,
    TPM_E_ABSENT,     /* no TPM device here */
    TPM_E_NO_MANAGER, /* a TPM, but not its resource manager: kernel below 4.12, or tpmrm0 hidden */
    TPM_E_TALK,       /* the device cannot be opened, or does not answer as a TPM does */
    TPM_E_BUSY,       /* still busy, locked out or testing after every try */
    TPM_E_FAILURE,    /* failure mode (TPM_RC_FAILURE): only a reset helps, if that */
    TPM_E_FULL,       /* no slot for one more object or session: others leak, no manager */
    TPM_E_AUTH,       /* the endorsement hierarchy has a password: an operator's matter */
    TPM_E_DISABLED,   /* the endorsement hierarchy is off: an operator's matter */
    TPM_E_LACKS,      /* it does not implement this command, algorithm or curve */
    TPM_E_GONE,       /* the handle is no more (TPM reset, hibernation): load the keys again */
    TPM_E_FOREIGN,    /* the credential is not for this TPM, EK and AK (TPM_RC_INTEGRITY) */
    TPM_E_BLOB,       /* the bytes given are not what their name says */
    TPM_E_CHANGING,   /* PCRs changed at each try, so that values and quote never met */
    TPM_E_SELF,       /* its own answer does not hold: another client's key under our handle */
    TPM_E_COMMAND,    /* any other refusal; see rc */
};

struct tpm_error {
    enum tpm_outcome outcome;
    uint32_t rc;    /* TSS2_RC; 0 when no call was made */
    char text[160]; /* command and decoded code, for a log line */
};

/* How a busy TPM (TPM_RC_RETRY, YIELDED, TESTING, LOCKOUT, NV_RATE, NV_UNAVAILABLE) is waited for:
 * up to `tries` calls more, each after wait(context, wait_ms) with wait_ms doubling from first_ms.
 * wait() returns 0, or anything else to give up at once. Without wait() nothing is retried (beyond
 * what ESYS itself does without waiting). */
struct tpm_patience {
    int (*wait)(void *context, uint32_t wait_ms);
    void *context;
    uint32_t first_ms;
    unsigned tries;
};

struct tpm;

/* Silences the TSS libraries, unless TSS2_LOG is set. Call before any thread starts. */
void tpm_quiet(void);

/* Opens the TPM by a TCTI string of tss2-tctildr; NULL or "" means "device:/dev/tpmrm0". `patience`
 * may be NULL. The answer is checked with one TPM2_GetCapability.
 * Returns 0 and *ret (close with tpm_close()), TPM_E_ABSENT, TPM_E_NO_MANAGER, TPM_E_TALK,
 * TPM_E_BUSY, TPM_E_FAILURE, -ENOMEM. */
MUST_CHECK int tpm_open(const char *tcti, const struct tpm_patience *patience, struct tpm **ret,
                        struct tpm_error *ret_error);

/* Keys of this TPM must be freed before. NULL is fine. */
void tpm_close(struct tpm *tpm);
void tpm_closep(struct tpm **tpm);

/* Name of an outcome as in "no-manager". */
const char *tpm_outcome_name(enum tpm_outcome outcome);
