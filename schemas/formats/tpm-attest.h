/* TPMS_ATTEST: what a TPM signs. TPM 2.0 Part 2, TPMS_ATTEST, TPMS_QUOTE_INFO, TPMS_CERTIFY_INFO.
 *
 * The caller names the one type that it came for, so that a certification can never pass as a quote
 * (GHSA-gwfg-w3jr-xh66, GHSA-x5j2-26fc-hhc3). Nothing in here is true before the signature over the
 * very same bytes has been verified. */
#pragma once

#include "formats/tpm-selection.h"

enum tpm_attest_type {
    TPM_ATTEST_CERTIFY = 0x8017,
    TPM_ATTEST_QUOTE = 0x8018,
};

/* Views point into the bytes given to the reader. */
struct tpm_attest {
    enum tpm_attest_type type;
    struct bytes qualified_signer; /* TPM2B_NAME of the key that signed */
    struct bytes extra_data;       /* qualifyingData of the command */
    uint64_t clock_ms;             /* since the last TPM2_Clear; counts while powered */
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe; /* false: the clock may have been ahead before an unorderly shutdown */
    uint64_t firmware_version;
    /* TPM_ATTEST_QUOTE only */
    struct tpm_selections selections;
    struct bytes pcr_digest;
    /* TPM_ATTEST_CERTIFY only */
    struct bytes name;
    struct bytes qualified_name;
};

/* Reads all of `in`. Returns 0, or 1 with a fault of the ATTEST_ and SELECTION_ rules; *ret is
 * untouched unless 0. The magic is judged before the type, the type before the rest. */
MUST_CHECK int tpm_attest_read(struct bytes in, enum tpm_attest_type want, struct tpm_attest *ret,
                               struct fault *ret_fault);

/* Unwraps a TPM2B_ATTEST that is all of `in`: its size must be exactly the bytes that follow.
 * Returns 0 with a view, or 1 with ATTEST_WRAP. */
MUST_CHECK int tpm_attest_wrapped(struct bytes in, struct bytes *ret_attest,
                                  struct fault *ret_fault);

/* Writes the structure with its own type. For tests and demonstrations, which play the TPM. */
void tpm_attest_write(struct wr *wr, const struct tpm_attest *attest);
