/* A key loaded in the TPM: EK, AK or device key. */
#pragma once

#include "base/wr.h"
#include "tpm/tpm.h"

struct tpm_key;

/* TPMT_PUBLIC (Part 2 section 12.2.4) and name (nameAlg || digest of it), for the key's life. */
struct bytes tpm_key_public(const struct tpm_key *key);
struct bytes tpm_key_name(const struct tpm_key *key);

/* DER SubjectPublicKeyInfo (crypto/spki.h). Returns 0, or TPM_E_LACKS for a key that has none. */
MUST_CHECK int tpm_key_spki(const struct tpm_key *key, struct wr *wr);

/* SHA-256 of the SPKI: of the EK, what an operator compares with the console (protocol page,
 * Identity 5). Returns 0, TPM_E_LACKS or -EIO. */
MUST_CHECK int tpm_key_fingerprint(const struct tpm_key *key, uint8_t ret_sha256[32]);

/* Flushes the key if we made it, and leaves a persistent one alone; the TPM must still be open. */
void tpm_key_free(struct tpm_key *key);
void tpm_key_freep(struct tpm_key **key);
