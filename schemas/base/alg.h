/* Hash algorithms as the TPM names them, and the sizes that follow. TCG Algorithm Registry 1.32. */
#pragma once

#include "base/std.h"

enum hash {
    HASH_SHA1,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_SM3_256,
    HASH_SHA3_256,
    HASH_SHA3_384,
    HASH_SHA3_512,
    HASH_N, /* also: "no such hash" */
};

#define HASH_SIZE_MAX 64u

/* Size of a digest in bytes, its TPM_ALG_ID, and its name as in "sha256"; h < HASH_N. */
size_t hash_size(enum hash h);
uint16_t hash_tpm_id(enum hash h);
const char *hash_name(enum hash h);

/* HASH_N when the id or name is none of ours. */
enum hash hash_from_tpm_id(uint16_t id);
enum hash hash_from_name(struct bytes name);

/* A digest with its algorithm; only hash_size(alg) bytes of b count. */
struct digest {
    enum hash alg;
    uint8_t b[HASH_SIZE_MAX];
};

static inline struct bytes
digest_bytes(const struct digest *d)
{
    return bytes_of(d->b, hash_size(d->alg));
}
