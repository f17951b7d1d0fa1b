/* Private keys of the service, decoded once: P-256 for tokens, certificates and enrolment, and RSA
 * for tokens of audiences that know nothing else. The key material lives in OpenSSL's memory and is
 * wiped when freed; there is no way to print it but the PEM writer, which `assay setup` uses. */
#pragma once

#include "base/limits.h"
#include "crypto/pubkey.h"

enum privkey_outcome {
    PRIVKEY_OK,
    PRIVKEY_E_FORM, /* not an unencrypted PEM key */
    PRIVKEY_E_ALG,  /* not P-256; not RSA of 2048 to LIMIT_RSA_BITS bits with e = 65537 */
};

#define ES256_SIG_SIZE 64u
#define RS256_SIG_MAX (LIMIT_RSA_BITS / 8u)

struct privkey;

void privkey_free(struct privkey *key);
void privkey_freep(struct privkey **key);

/* Returns 0 with a key to free, PRIVKEY_E_FORM, PRIVKEY_E_ALG, or a negative errno. */
MUST_CHECK int privkey_from_pem(struct bytes pem, struct privkey **ret_key);
MUST_CHECK int privkey_generate(struct privkey **ret_key);
MUST_CHECK int privkey_rsa_from_pem(struct bytes pem, struct privkey **ret_key);
MUST_CHECK int privkey_rsa_generate(unsigned bits, struct privkey **ret_key);

/* KEY_P256 or KEY_RSA. */
enum key_kind privkey_kind(const struct privkey *key);

/* PKCS #8 PEM with a NUL, in memory that the caller wipes and frees. Returns 0 or -ENOMEM. */
MUST_CHECK int privkey_to_pem(const struct privkey *key, char **ret_pem);

/* The public half as PEM (SubjectPublicKeyInfo, RFC 7468 section 13) with a NUL, which the caller
 * frees. Returns 0 or -ENOMEM. */
MUST_CHECK int privkey_public_pem(const struct privkey *key, char **ret_pem);

/* Coordinates of the public half of a P-256 key, 32 bytes each. Returns 0 or -EIO. */
MUST_CHECK int privkey_point(const struct privkey *key, uint8_t x[32], uint8_t y[32]);

/* ES256 over a SHA-256 digest: r || s, 32 bytes each (RFC 7518 section 3.4, RFC 9053 section 2.1).
 * Returns 0 or -EIO, also for a key of another kind. */
MUST_CHECK int privkey_sign(struct privkey *key, const uint8_t digest[32],
                            uint8_t ret_signature[ES256_SIG_SIZE]);

/* Modulus of an RSA key without leading zeros. Returns 0 or -EIO. */
MUST_CHECK int privkey_rsa_modulus(const struct privkey *key, uint8_t ret_n[RS256_SIG_MAX],
                                   size_t *ret_len);

/* RS256 over a SHA-256 digest (RFC 7518 section 3.3): PKCS #1 v1.5, as long as the modulus.
 * Returns 0 or -EIO, also for a key of another kind. */
MUST_CHECK int privkey_rsa_sign(struct privkey *key, const uint8_t digest[32],
                                uint8_t ret_signature[RS256_SIG_MAX], size_t *ret_len);
