/* TPM2_Quote over every bank that the TPM implements. Protocol page, Banks and PCR values. */
#pragma once

#include "tpm/tpm-signed.h"
#include "tpm/tpm-pcr.h"

struct tpm_quote {
    struct tpm_signed attest;
    struct tpm_pcr_selection selection; /* as signed: bits of unallocated banks are cleared */
    uint8_t pcr_digest[32];             /* SHA-256 over the values of the selection in order */
};

/* PCR 0 to 7 in each bank and wanted->pcrs in wanted->alg; qualifying data is 32 bytes. The answer
 * is checked for magic, type and qualifying data; tpm_signed_check() it with the AK's public key.
 * Returns 0, TPM_E_LACKS when the wanted bank is not implemented, TPM_E_SELF, else as tpm.h. */
MUST_CHECK int tpm_quote_make(const struct tpm_key *ak, const struct tpm_pcr_bank *wanted,
                              const uint8_t qualifying[32], struct tpm_quote *ret_quote,
                              struct tpm_error *ret_error);

/* The same with the values that hash to its digest: quote and values are taken again, a few times,
 * while something extends a PCR in between. Returns also TPM_E_CHANGING: send the quote without. */
MUST_CHECK int tpm_quote_values(const struct tpm_key *ak, const struct tpm_pcr_bank *wanted,
                                const uint8_t qualifying[32], struct tpm_quote *ret_quote,
                                struct tpm_pcr_values *ret_values, struct tpm_error *ret_error);

/* True when the values hash to the quote's digest. */
bool tpm_quote_holds(const struct tpm_key *ak, const struct tpm_quote *quote,
                     const struct tpm_pcr_values *values);
