/* Inside attestor/tpm/ only: public templates of the keys that we make. A template is a promise:
 * the same bytes give the same key for as long as the hierarchy's seed lives, so a change here
 * changes every device's identity. */
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "base/std.h"
#include "tpm/tpm-endorse.h"

/* TCG EK Credential Profile 2.5 sections B.3 and B.4. */
TPM2B_PUBLIC tpm_template_ek(enum tpm_endorse_kind kind);

/* True when a public area is that of the template in all fields but `unique`. */
bool tpm_template_matches(const TPMT_PUBLIC *area, const TPM2B_PUBLIC *template);

/* Protocol page, Identity 1 and Tokens: restricted signing key (AK), and the unrestricted one that
 * tokens are bound to. unique.x, or the first half of the modulus field, holds the 32 bytes. */
TPM2B_PUBLIC tpm_template_ak_p256(const uint8_t unique[32]);
TPM2B_PUBLIC tpm_template_ak_rsa(const uint8_t unique[32]);
TPM2B_PUBLIC tpm_template_dev(const uint8_t unique[32]);
