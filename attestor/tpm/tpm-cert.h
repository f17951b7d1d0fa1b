/* Endorsement certificates as the maker left them in the TPM's NV memory. TCG EK Credential Profile
 * 2.5 section 2.2.1.4 and 2.2.1.5. */
#pragma once

#include "base/limits.h"
#include "tpm/tpm.h"

struct tpm_cert {
    uint32_t index; /* 0x01c00002, … */
    uint8_t *p;     /* as it stands in NV: padding after the DER is kept */
    size_t len;
};

struct tpm_certs {
    struct tpm_cert cert[LIMIT_CERTS];
    size_t n_certs;
    uint8_t
        *chain; /* concatenation of 0x01c00100 to 0x01c001ff in order; NULL when there is none */
    size_t chain_len;
    unsigned n_skipped; /* indices that are there but unwritten, unreadable, or above the limits */
};

/* Reads every EK certificate and the chain. No certificate is no fault: 0 with n_certs == 0.
 * Free *ret with tpm_cert_done() after 0. Returns as tpm.h says. */
MUST_CHECK int tpm_cert_read_all(struct tpm *tpm, struct tpm_certs *ret,
                                 struct tpm_error *ret_error);
void tpm_cert_done(struct tpm_certs *certs);

/* Certificate of an index, or NULL. */
const struct tpm_cert *tpm_cert_find(const struct tpm_certs *certs, uint32_t index);
