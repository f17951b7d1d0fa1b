/* PCR selections and values. Only banks of SHA-1, SHA-256, SHA-384 and SHA-512 (protocol page,
 * Banks). */
#pragma once

#include "base/alg.h"
#include "base/limits.h"
#include "tpm/tpm.h"

enum { TPM_PCR_BANKS = 4 };

/* Bit n of pcrs is PCR n. */
struct tpm_pcr_bank {
    enum hash alg;
    uint32_t pcrs;
};

struct tpm_pcr_selection {
    struct tpm_pcr_bank bank[TPM_PCR_BANKS]; /* rising by TPM_ALG_ID: the order of the quote */
    size_t n_banks;
};

/* What the policy wants beside PCR 0 to 7 of every bank; a device that was told nothing uses
 * TPM_PCR_DEFAULT. */
#define TPM_PCR_ALWAYS 0x0000ffu
#define TPM_PCR_DEFAULT ((struct tpm_pcr_bank){HASH_SHA256, 0x00ffffu})

struct tpm_pcr_value {
    enum hash alg;
    uint8_t pcr;
    uint8_t b[HASH_SIZE_MAX]; /* hash_size(alg) bytes count */
};

struct tpm_pcr_values {
    struct tpm_pcr_value value[TPM_PCR_BANKS * LIMIT_PCRS]; /* in the order of the quote */
    size_t n_values;
};

/* Banks that the TPM implements, each with the PCRs that are allocated in it (0: not allocated).
 * From TPM2_CAP_PCRS and, unless `listed_only`, the hashes of TPM2_CAP_ALGS: some TPMs list banks
 * that are not allocated, some leave them out, and what a quote may name is what is a hash to the
 * TPM (Part 2 section 10.6.2). */
MUST_CHECK int tpm_pcr_banks(struct tpm *tpm, bool listed_only, struct tpm_pcr_selection *ret,
                             struct tpm_error *ret_error);

/* PCR 0 to 7 in each of the banks, and wanted->pcrs too in wanted->alg. Returns 0, or TPM_E_LACKS
 * when the wanted bank is not among them. */
MUST_CHECK int tpm_pcr_select(const struct tpm_pcr_selection *banks,
                              const struct tpm_pcr_bank *wanted, struct tpm_pcr_selection *ret);

/* Values of the selection, as many as are allocated. They may change between two of the commands
 * that this takes: compare with a quote (tpm-quote.h). */
MUST_CHECK int tpm_pcr_read(struct tpm *tpm, const struct tpm_pcr_selection *selection,
                            struct tpm_pcr_values *ret, struct tpm_error *ret_error);
