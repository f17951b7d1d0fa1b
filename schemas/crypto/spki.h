/* DER SubjectPublicKeyInfo from the numbers of a key, without a crypto library: fingerprints of EKs
 * are taken over it on the device too. RFC 5480 section 2, RFC 8017 appendix A.1, X.690 DER. */
#pragma once

#include "base/wr.h"

enum spki_curve { SPKI_P256, SPKI_P384, SPKI_P521 };

enum spki_outcome {
    SPKI_OK,
    SPKI_E_FORM, /* a coordinate longer than the field, an empty or over-long modulus, no room */
};

#define SPKI_RSA_BYTES_MAX 512u              /* LIMIT_RSA_BITS */
#define SPKI_ROOM (SPKI_RSA_BYTES_MAX + 64u) /* longest result: 550 bytes */

/* Coordinates are big-endian and may lack leading zeros (TPMs strip them), or have too many.
 * Returns 0 or SPKI_E_FORM; what wr holds is then undefined. */
MUST_CHECK int spki_from_ec(struct wr *wr, enum spki_curve curve, struct bytes x, struct bytes y);

/* Modulus big-endian; the exponent is 65537, the only one that we speak.
 * Returns 0 or SPKI_E_FORM; what wr holds is then undefined. */
MUST_CHECK int spki_from_rsa(struct wr *wr, struct bytes modulus);
