#include "crypto/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

struct hasher {
    EVP_MD *md[HASH_N];
    EVP_MD_CTX *context[HASH_N];
};

static const char *const openssl_names[HASH_N] = {
    [HASH_SHA1] = "SHA1",         [HASH_SHA256] = "SHA256",     [HASH_SHA384] = "SHA384",
    [HASH_SHA512] = "SHA512",     [HASH_SM3_256] = "SM3",       [HASH_SHA3_256] = "SHA3-256",
    [HASH_SHA3_384] = "SHA3-384", [HASH_SHA3_512] = "SHA3-512",
};

/* Fetches one algorithm; a library without SM3 or SHA-3 is no fault. */
static int
hasher_fetch(struct hasher *hasher, size_t alg)
{
    hasher->md[alg] = EVP_MD_fetch(NULL, openssl_names[alg], NULL);
    if (!hasher->md[alg]) {
        return alg <= HASH_SHA512 ? -ENOTSUP : 0;
    }
    hasher->context[alg] = EVP_MD_CTX_new();
    if (!hasher->context[alg] ||
        EVP_DigestInit_ex2(hasher->context[alg], hasher->md[alg], NULL) != 1) {
        return -ENOMEM;
    }
    return 0;
}

struct hasher *
hasher_new(void)
{
    struct hasher *hasher = calloc(1, sizeof(*hasher));

    for (size_t alg = 0; hasher && alg < HASH_N; alg++) {
        if (hasher_fetch(hasher, alg) < 0) {
            hasher_free(hasher);
            return NULL;
        }
    }
    return hasher;
}

void
hasher_free(struct hasher *hasher)
{
    if (!hasher) {
        return;
    }
    for (size_t alg = 0; alg < HASH_N; alg++) {
        EVP_MD_CTX_free(hasher->context[alg]);
        EVP_MD_free(hasher->md[alg]);
    }
    free(hasher);
}

void
hasher_freep(struct hasher **hasher)
{
    hasher_free(*hasher);
    *hasher = NULL;
}

int
hasher_parts(struct hasher *hasher, enum hash alg, const struct bytes *parts, size_t n_parts,
             uint8_t *out)
{
    EVP_MD_CTX *context = alg < HASH_N ? hasher->context[alg] : NULL;

    if (!context) {
        return -ENOTSUP;
    }
    if (EVP_DigestInit_ex2(context, NULL, NULL) != 1) {
        return -EIO;
    }
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].len > 0 && EVP_DigestUpdate(context, parts[i].p, parts[i].len) != 1) {
            return -EIO;
        }
    }
    return EVP_DigestFinal_ex(context, out, NULL) == 1 ? 0 : -EIO;
}

int
hasher_bytes(struct hasher *hasher, enum hash alg, struct bytes in, uint8_t *out)
{
    return hasher_parts(hasher, alg, &in, 1, out);
}

int
hasher_extend(struct hasher *hasher, enum hash alg, uint8_t *pcr, struct bytes digest)
{
    struct bytes parts[2] = {bytes_of(pcr, hash_size(alg)), digest};

    return hasher_parts(hasher, alg, parts, ARRAY_LEN(parts), pcr);
}

/* Block size of the SHA-1 and SHA-2 family; HMAC over others is not needed. */
static size_t
hmac_block(enum hash alg)
{
    return alg == HASH_SHA384 || alg == HASH_SHA512 ? 128 : 64;
}

int
hasher_hmac(struct hasher *hasher, enum hash alg, struct bytes key, const struct bytes *parts,
            size_t n_parts, uint8_t *out)
{
    enum { MAX_PARTS = 8 };
    uint8_t inner_pad[128];
    uint8_t outer_pad[128];
    uint8_t inner[HASH_SIZE_MAX];
    struct bytes all[MAX_PARTS + 1];
    size_t block = hmac_block(alg);
    int r;

    if (alg > HASH_SHA512 || key.len > block || n_parts > MAX_PARTS) {
        return -EINVAL;
    }
    memset(inner_pad, 0x36, sizeof(inner_pad));
    memset(outer_pad, 0x5c, sizeof(outer_pad));
    for (size_t i = 0; i < key.len; i++) {
        inner_pad[i] ^= key.p[i];
        outer_pad[i] ^= key.p[i];
    }
    all[0] = bytes_of(inner_pad, block);
    for (size_t i = 0; i < n_parts; i++) {
        all[i + 1] = parts[i];
    }
    r = hasher_parts(hasher, alg, all, n_parts + 1, inner);
    if (r == 0) {
        all[0] = bytes_of(outer_pad, block);
        all[1] = bytes_of(inner, hash_size(alg));
        r = hasher_parts(hasher, alg, all, 2, out);
    }
    wipe(inner_pad, sizeof(inner_pad));
    wipe(outer_pad, sizeof(outer_pad));
    return r;
}

bool
ct_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.p, b.p, a.len) == 0);
}

void
wipe(void *p, size_t len)
{
    if (p && len > 0) {
        OPENSSL_cleanse(p, len);
    }
}

int
random_bytes(void *out, size_t len)
{
    if (len > INT32_MAX || RAND_bytes(out, (int)len) != 1) {
        return -EIO;
    }
    return 0;
}
