/* Public keys, decoded once and kept with their verification context: OpenSSL 3.0's decoders cost
 * more than a P-256 verification. Only what pitfall 38 allows: named curves P-256, P-384 and P-521,
 * RSA of 2048 to LIMIT_RSA_BITS bits with e = 65537 (pubkey_weak() tells of smaller ones, which
 * only offline tools may accept). */
#pragma once

#include "base/alg.h"

enum key_kind {
    KEY_NONE,
    KEY_P256,
    KEY_P384,
    KEY_P521,
    KEY_RSA,
};

enum sig_scheme {
    SIG_NONE,
    SIG_ECDSA,
    SIG_RSASSA, /* PKCS #1 v1.5 */
    SIG_RSAPSS, /* salt: any length, as TPM and JOSE differ */
};

enum pubkey_outcome {
    PUBKEY_OK,
    PUBKEY_E_FORM,  /* not such a key: off the curve, wrong size, not DER or PEM */
    PUBKEY_E_ALG,   /* an algorithm or size that we do not speak */
    PUBKEY_E_WRONG, /* the signature is not by this key over this digest */
};

/* Bytes of one coordinate; 0 for KEY_RSA and KEY_NONE. */
size_t key_coord_size(enum key_kind kind);

struct pubkey;
struct hasher;

void pubkey_free(struct pubkey *key);
void pubkey_freep(struct pubkey **key);

/* Each returns 0 with a key to free, PUBKEY_E_FORM or PUBKEY_E_ALG, or -ENOMEM.
 * Coordinates may be shorter than the field (TPMs strip zeros); n is big-endian. */
MUST_CHECK int pubkey_from_point(enum key_kind kind, struct bytes x, struct bytes y,
                                 struct pubkey **ret_key);
MUST_CHECK int pubkey_from_rsa(struct bytes n, uint32_t e, struct pubkey **ret_key);
MUST_CHECK int pubkey_from_spki(struct bytes der, struct pubkey **ret_key);
MUST_CHECK int pubkey_from_pem(struct bytes pem, struct pubkey **ret_key);

enum key_kind pubkey_kind(const struct pubkey *key);
unsigned pubkey_bits(const struct pubkey *key);

/* True for RSA below 2048 bits. */
bool pubkey_weak(const struct pubkey *key);

/* Uncompressed coordinates of an EC key, each key_coord_size() bytes. Returns 0 or -EINVAL. */
MUST_CHECK int pubkey_point(const struct pubkey *key, uint8_t *x, uint8_t *y);

/* Modulus of an RSA key, without leading zeros, in at most cap bytes. Returns 0 or -EINVAL. */
MUST_CHECK int pubkey_modulus(const struct pubkey *key, uint8_t *n, size_t cap, size_t *ret_len);

/* DER SubjectPublicKeyInfo (RFC 5480, RFC 8017 rsaEncryption), at most cap bytes.
 * Returns 0 or -EINVAL. */
MUST_CHECK int pubkey_spki(const struct pubkey *key, uint8_t *out, size_t cap, size_t *ret_len);

/* The key identifier of RFC 5280 section 4.2.1.2, method 1: SHA-1 of subjectPublicKey without its
 * head, 20 bytes. Returns 0 or a negative errno. */
MUST_CHECK int pubkey_ski(const struct pubkey *key, struct hasher *hasher, uint8_t ret[20]);

/* Verifies over a digest of hash_size(alg) bytes. r and s are big-endian of any length up to the
 * field's; zero is refused (pitfall list: r = 0). Returns 0, PUBKEY_E_WRONG, PUBKEY_E_ALG when the
 * key is of another kind, or a negative errno. */
MUST_CHECK int pubkey_verify_ecdsa(struct pubkey *key, struct bytes digest, struct bytes r,
                                   struct bytes s);
MUST_CHECK int pubkey_verify_rsa(struct pubkey *key, enum sig_scheme scheme, enum hash alg,
                                 struct bytes digest, struct bytes signature);

/* The same for signatures that say no more of themselves than their hash, as of files: PKCS #1 v1.5
 * by an RSA key, else ECDSA with r and s as DER (RFC 3279 section 2.2.3). */
MUST_CHECK int pubkey_verify_plain(struct pubkey *key, enum hash alg, struct bytes digest,
                                   struct bytes signature);
