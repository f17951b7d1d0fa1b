/* ECDSA-Sig-Value, RFC 3279 section 2.2.3: the DER form that OpenSSL takes, from and to the fixed
 * r and s that everybody else uses. */
#pragma once

#include "base/std.h"

#define DER_SIG_MAX 141u /* two integers of 66 + 1 bytes, their heads and the sequence's */

/* Writes SEQUENCE { r, s }; integers big-endian, leading zeros allowed, at most 66 bytes each.
 * Returns 0 with the length, or 1 when r or s is zero or too long. */
MUST_CHECK int der_sig_write(struct bytes r, struct bytes s, uint8_t out[DER_SIG_MAX],
                             size_t *ret_len);

/* Reads what der_sig_write() writes, and no other encoding of the same (X.690 section 8.3.2,
 * section 10.1), into r || s of size bytes each. Returns 0, or 1. */
MUST_CHECK int der_sig_read(struct bytes der, size_t size, uint8_t *ret_rs);
