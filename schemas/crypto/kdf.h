/* Key derivation: the TPM's own two functions and HKDF. Nothing here keeps a secret; outputs are
 * wiped when a call fails, so that a caller who drops the result holds zeros and not half a key. */
#pragma once

#include "crypto/digest.h"

#define KDF_OUT_MAX (255u * 32u) /* RFC 5869 section 2.3: at most 255 blocks of SHA-256 */

/* KDFa, TPM 2.0 Library Part 1 section 11.4.10.2 (SP 800-108 counter mode with HMAC): out_len
 * bytes, at most 64. The label is given without its NUL, which is added and counts; contexts may be
 * empty; key at most hash_size(alg) bytes.
 * Returns 0, -EINVAL for sizes beyond these, -ENOTSUP or -EIO. */
MUST_CHECK int kdf_a(struct hasher *hasher, enum hash alg, struct bytes key, const char *label,
                     struct bytes context_u, struct bytes context_v, uint8_t *out, size_t out_len);

/* KDFe, Part 1 section 11.4.10.3 (SP 800-56A): hash_size(alg) bytes from the x coordinate of the
 * shared point and those of both parties, each padded to the field. Returns as kdf_a(). */
MUST_CHECK int kdf_e(struct hasher *hasher, enum hash alg, struct bytes z, const char *label,
                     struct bytes party_u, struct bytes party_v, uint8_t *out);

/* HKDF-SHA-256, RFC 5869; salt may be empty. Returns 0, -EINVAL for more than KDF_OUT_MAX bytes,
 * or -EIO. */
MUST_CHECK int kdf_hkdf(struct hasher *hasher, struct bytes ikm, struct bytes salt,
                        struct bytes info, uint8_t *out, size_t out_len);
