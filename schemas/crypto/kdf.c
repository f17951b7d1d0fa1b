#include "crypto/kdf.h"

#include <errno.h>

#include "base/wr.h"

/* A 32-bit big-endian number as bytes. */
static struct bytes
number(uint8_t room[4], size_t value)
{
    struct wr wr = wr_init(room, 4);

    wr_be32(&wr, (uint32_t)value);
    return wr_done(&wr);
}

int
kdf_a(struct hasher *hasher, enum hash alg, struct bytes key, const char *label,
      struct bytes context_u, struct bytes context_v, uint8_t *out, size_t out_len)
{
    struct bytes with_nul = bytes_of(label, strlen(label) + 1);
    uint8_t block[HASH_SIZE_MAX];
    uint8_t counter[4];
    uint8_t bits[4];
    size_t size;
    int r = 0;

    if (alg > HASH_SHA512 || out_len > HASH_SIZE_MAX || key.len > hash_size(alg)) {
        return -EINVAL;
    }
    size = hash_size(alg);
    for (size_t at = 0, i = 1; at < out_len && r == 0; at += size, i++) {
        struct bytes parts[] = {number(counter, i), with_nul, context_u, context_v,
                                number(bits, 8 * out_len)};

        r = hasher_hmac(hasher, alg, key, parts, ARRAY_LEN(parts), block);
        if (r == 0) {
            memcpy(out + at, block, out_len - at < size ? out_len - at : size);
        }
    }
    if (r < 0) {
        wipe(out, out_len);
    }
    wipe(block, sizeof(block));
    return r;
}

int
kdf_e(struct hasher *hasher, enum hash alg, struct bytes z, const char *label, struct bytes party_u,
      struct bytes party_v, uint8_t *out)
{
    uint8_t counter[4];
    struct bytes parts[] = {number(counter, 1), z, bytes_of(label, strlen(label) + 1), party_u,
                            party_v};
    int r;

    if (alg > HASH_SHA512) {
        return -EINVAL;
    }
    r = hasher_parts(hasher, alg, parts, ARRAY_LEN(parts), out);
    if (r < 0) {
        wipe(out, hash_size(alg));
    }
    return r;
}

/* RFC 5869 section 2.2; a salt longer than HMAC's block is hashed first, RFC 2104 section 2. */
static int
hkdf_extract(struct hasher *hasher, struct bytes ikm, struct bytes salt, uint8_t prk[32])
{
    uint8_t hashed[32];

    if (salt.len > 64) {
        int r = hasher_bytes(hasher, HASH_SHA256, salt, hashed);

        if (r < 0) {
            return r;
        }
        salt = BYTES_OF(hashed);
    }
    return hasher_hmac(hasher, HASH_SHA256, salt, &ikm, 1, prk);
}

int
kdf_hkdf(struct hasher *hasher, struct bytes ikm, struct bytes salt, struct bytes info,
         uint8_t *out, size_t out_len)
{
    uint8_t prk[32];
    uint8_t block[32];
    struct bytes last = BYTES_NULL;
    int r;

    if (out_len > KDF_OUT_MAX) {
        return -EINVAL;
    }
    r = hkdf_extract(hasher, ikm, salt, prk);
    for (size_t at = 0; at < out_len && r == 0; at += sizeof(block)) {
        uint8_t count = (uint8_t)(at / sizeof(block) + 1);
        struct bytes parts[] = {last, info, bytes_of(&count, 1)};

        r = hasher_hmac(hasher, HASH_SHA256, BYTES_OF(prk), parts, ARRAY_LEN(parts), block);
        if (r == 0) {
            memcpy(out + at, block, out_len - at < sizeof(block) ? out_len - at : sizeof(block));
            last = BYTES_OF(block);
        }
    }
    if (r < 0) {
        wipe(out, out_len);
    }
    wipe(prk, sizeof(prk));
    wipe(block, sizeof(block));
    return r;
}
