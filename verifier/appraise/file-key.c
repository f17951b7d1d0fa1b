#include "appraise/file-key.h"

#include "base/rd.h"

static bool
signs_files(const struct pubkey *key)
{
    enum key_kind kind = pubkey_kind(key);

    return kind == KEY_RSA || kind == KEY_P256 || kind == KEY_P384;
}

int
file_key_write(const struct pubkey *key, struct wr *wr)
{
    uint8_t spki[LIMIT_BUNDLE_SPKI];
    size_t len = 0;

    if (!signs_files(key) || pubkey_spki(key, spki, sizeof(spki), &len) != 0) {
        return 1;
    }
    wr_bytes(wr, bytes_of(spki, len));
    return 0;
}

int
file_key_read(struct bytes spki, struct pubkey **ret)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    uint8_t again[LIMIT_BUNDLE_SPKI];
    struct wr wr = wr_init(again, sizeof(again));
    int r = pubkey_from_spki(spki, &key);

    if (r != 0) {
        return r < 0 ? r : 1;
    }
    if (file_key_write(key, &wr) != 0 || !bytes_equal(wr_done(&wr), spki)) {
        return 1;
    }
    *ret = key;
    key = NULL;
    return 0;
}

int
file_key_id(const struct pubkey *key, struct hasher *hasher, uint32_t *ret)
{
    uint8_t ski[20];
    struct rd rd = rd_init(bytes_of(ski + 16, 4));
    int r = pubkey_ski(key, hasher, ski);

    if (r == 0) {
        *ret = rd_be32(&rd);
    }
    return r;
}

bool
file_key_taken(const struct pubkey *key, uint8_t keys)
{
    unsigned least = keys & BUNDLE_KEY_RSA2048   ? 2048
                     : keys & BUNDLE_KEY_RSA3072 ? 3072
                     : keys & BUNDLE_KEY_RSA4096 ? 4096
                                                 : 0;

    switch (pubkey_kind(key)) {
    case KEY_RSA:
        return least > 0 && pubkey_bits(key) >= least;
    case KEY_P256:
        return keys & BUNDLE_KEY_P256;
    case KEY_P384:
        return keys & (BUNDLE_KEY_P256 | BUNDLE_KEY_P384);
    default:
        return false;
    }
}
