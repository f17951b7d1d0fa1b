/* Digests, one fetched algorithm and one kept context each: EVP_sha256() and HMAC() look their
 * implementation up at every call, which costs more than hashing a PCR. */
#pragma once

#include "base/alg.h"

/* A set of digest contexts for one thread. */
struct hasher;

/* Returns NULL when memory ends or the library lacks SHA-1 or SHA-2. */
struct hasher *hasher_new(void);
void hasher_free(struct hasher *hasher);
void hasher_freep(struct hasher **hasher);

/* out receives hash_size(alg) bytes over the parts in order. Returns 0, or -ENOTSUP when this
 * build's OpenSSL lacks the algorithm, or -EIO. */
MUST_CHECK int hasher_parts(struct hasher *hasher, enum hash alg, const struct bytes *parts,
                            size_t n_parts, uint8_t *out);
MUST_CHECK int hasher_bytes(struct hasher *hasher, enum hash alg, struct bytes in, uint8_t *out);

/* PCR extend in place: pcr = H(pcr || digest); both of hash_size(alg) bytes. */
MUST_CHECK int hasher_extend(struct hasher *hasher, enum hash alg, uint8_t *pcr,
                             struct bytes digest);

/* HMAC over the parts, RFC 2104; out receives hash_size(alg) bytes; key at most 64 bytes. */
MUST_CHECK int hasher_hmac(struct hasher *hasher, enum hash alg, struct bytes key,
                           const struct bytes *parts, size_t n_parts, uint8_t *out);

/* Equality in constant time, for MACs and secrets; lengths are not secret. */
bool ct_equal(struct bytes a, struct bytes b);

/* Wipes memory in a way that the compiler keeps. */
void wipe(void *p, size_t len);

/* Fills with random bytes. Returns 0 or -EIO, which is fatal to the caller: no weak nonce. */
MUST_CHECK int random_bytes(void *out, size_t len);
