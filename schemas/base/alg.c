#include "base/alg.h"

static const struct {
    const char *name;
    uint16_t tpm_id;
    uint8_t size;
} hashes[HASH_N] = {
    [HASH_SHA1] = {"sha1", 0x0004, 20},         [HASH_SHA256] = {"sha256", 0x000b, 32},
    [HASH_SHA384] = {"sha384", 0x000c, 48},     [HASH_SHA512] = {"sha512", 0x000d, 64},
    [HASH_SM3_256] = {"sm3_256", 0x0012, 32},   [HASH_SHA3_256] = {"sha3_256", 0x0027, 32},
    [HASH_SHA3_384] = {"sha3_384", 0x0028, 48}, [HASH_SHA3_512] = {"sha3_512", 0x0029, 64},
};

size_t
hash_size(enum hash h)
{
    return h < HASH_N ? hashes[h].size : 0;
}

uint16_t
hash_tpm_id(enum hash h)
{
    return h < HASH_N ? hashes[h].tpm_id : 0;
}

const char *
hash_name(enum hash h)
{
    return h < HASH_N ? hashes[h].name : "unknown";
}

enum hash
hash_from_tpm_id(uint16_t id)
{
    for (size_t i = 0; i < HASH_N; i++) {
        if (hashes[i].tpm_id == id) {
            return (enum hash)i;
        }
    }
    return HASH_N;
}

enum hash
hash_from_name(struct bytes name)
{
    for (size_t i = 0; i < HASH_N; i++) {
        if (bytes_equal(name, bytes_str(hashes[i].name))) {
            return (enum hash)i;
        }
    }
    return HASH_N;
}
