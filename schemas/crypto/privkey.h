/* Private keys of the service: P-256 for tokens, certificates and enrolment, decoded once. The key
 * material lives in OpenSSL's memory and is wiped when freed; there is no way to print it but the
 * PEM writer, which `assay setup` uses. */
#pragma once

#include "crypto/pubkey.h"

enum privkey_outcome {
    PRIVKEY_OK,
    PRIVKEY_E_FORM, /* not an unencrypted PEM key */
    PRIVKEY_E_ALG,  /* not P-256 */
};

#define ES256_SIG_SIZE 64u

struct privkey;

void privkey_free(struct privkey *key);
void privkey_freep(struct privkey **key);

/* Returns 0 with a key to free, PRIVKEY_E_FORM, PRIVKEY_E_ALG, or a negative errno. */
MUST_CHECK int privkey_from_pem(struct bytes pem, struct privkey **ret_key);
MUST_CHECK int privkey_generate(struct privkey **ret_key);

/* PKCS #8 PEM with a NUL, in memory that the caller wipes and frees. Returns 0 or -ENOMEM. */
MUST_CHECK int privkey_to_pem(const struct privkey *key, char **ret_pem);

/* Coordinates of the public half, 32 bytes each. Returns 0 or -EIO. */
MUST_CHECK int privkey_point(const struct privkey *key, uint8_t x[32], uint8_t y[32]);

/* ES256 over a SHA-256 digest: r || s, 32 bytes each (RFC 7518 section 3.4, RFC 9053 section 2.1).
 * Returns 0 or -EIO. */
MUST_CHECK int privkey_sign(struct privkey *key, const uint8_t digest[32],
                            uint8_t ret_signature[ES256_SIG_SIZE]);
