#include "ident/ident.h"

#include <errno.h>

#include "base/b64.h"
#include "base/cbor-wr.h"
#include "base/rd.h"
#include "crypto/kdf.h"

enum {
    TAG_SIZE = 8,
    HEAD_SIZE = 1 + IDENT_KEYS_SIZE + 2,
    RAW_SIZE = HEAD_SIZE + TAG_SIZE,
};

#define THIRD_MS (IDENT_EPOCH_MS / 3)
#define SPREAD_MS (THIRD_MS / 4 * 3) /* and a quarter for whoever was away */

_Static_assert(B64_LEN(RAW_SIZE) == IDENT_TEXT_SIZE, "identity text");

/* SHA-256 over [label, site, parts…]. */
static int
hash_labelled(struct hasher *hasher, const char *label, struct bytes site,
              const struct bytes *parts, size_t n_parts, uint8_t ret[32])
{
    uint8_t room[1024];
    struct wr wr = wr_init(room, sizeof(room));

    cbor_wr_array(&wr, 2 + n_parts);
    cbor_wr_tstr(&wr, label);
    cbor_wr_tstr_view(&wr, site);
    for (size_t i = 0; i < n_parts; i++) {
        cbor_wr_bstr(&wr, parts[i]);
    }
    if (!wr_done(&wr).p) {
        return -EMSGSIZE;
    }
    return hasher_bytes(hasher, HASH_SHA256, wr_done(&wr), ret);
}

int
ident_keys(struct hasher *hasher, struct bytes site, struct bytes ek_public, struct bytes ak_name,
           uint8_t ret[IDENT_KEYS_SIZE])
{
    struct bytes parts[2] = {ek_public, ak_name};
    uint8_t digest[32];
    int r = hash_labelled(hasher, "assay-id-1", site, parts, 2, digest);

    if (r == 0) {
        memcpy(ret, digest, IDENT_KEYS_SIZE);
    }
    return r;
}

int
ident_ueid(struct hasher *hasher, struct bytes site, struct bytes ek_public, uint8_t ret[33])
{
    ret[0] = 0x01; /* RAND: opaque bytes, RFC 9711 section 4.2.1.1 */
    return hash_labelled(hasher, "assay-ueid-1", site, &ek_public, 1, ret + 1);
}

/* HMAC(HMAC(master, label), message): tags and PSKs must not share a key. */
static int
derive(struct hasher *hasher, const struct ident_master *master, const char *label,
       struct bytes message, uint8_t ret[32])
{
    struct bytes purpose = bytes_str(label);
    uint8_t key[32];
    int r = hasher_hmac(hasher, HASH_SHA256, BYTES_OF(master->key), &purpose, 1, key);

    if (r == 0) {
        r = hasher_hmac(hasher, HASH_SHA256, BYTES_OF(key), &message, 1, ret);
    }
    wipe(key, sizeof(key));
    return r;
}

static void
head_write(const struct ident *ident, uint8_t head[HEAD_SIZE])
{
    struct wr wr = wr_init(head, HEAD_SIZE);

    wr_u8(&wr, ident->master_id);
    wr_bytes(&wr, BYTES_OF(ident->keys));
    wr_be16(&wr, ident->epoch);
}

int
ident_write(struct hasher *hasher, const struct ident_master *master, const struct ident *ident,
            char ret[IDENT_TEXT_SIZE + 1])
{
    uint8_t raw[RAW_SIZE];
    uint8_t tag[32];
    int r;

    if (master->id == 0 || master->id != ident->master_id) {
        return -EINVAL;
    }
    head_write(ident, raw);
    r = derive(hasher, master, "assay-psk-tag-1", bytes_of(raw, HEAD_SIZE), tag);
    if (r == 0) {
        memcpy(raw + HEAD_SIZE, tag, TAG_SIZE);
        (void)b64_write(ret, BYTES_OF(raw));
    }
    return r;
}

static const struct ident_master *
master_of(const struct ident_master *masters, size_t n_masters, uint8_t id)
{
    for (size_t i = 0; id != 0 && i < n_masters; i++) {
        if (masters[i].id == id) {
            return &masters[i];
        }
    }
    return NULL;
}

int
ident_read(struct hasher *hasher, const struct ident_master *masters, size_t n_masters,
           struct bytes text, struct ident *ret)
{
    const struct ident_master *master;
    uint8_t raw[RAW_SIZE];
    uint8_t tag[32];
    struct ident ident;
    struct rd rd;
    size_t len = 0;
    int r;

    if (text.len != IDENT_TEXT_SIZE || b64_read(text, raw, sizeof(raw), &len) != 0 ||
        len != RAW_SIZE) {
        return 1;
    }
    rd = rd_init(BYTES_OF(raw));
    ident.master_id = rd_u8(&rd);
    rd_copy(&rd, ident.keys, sizeof(ident.keys));
    ident.epoch = rd_be16(&rd);
    master = master_of(masters, n_masters, ident.master_id);
    if (!master) {
        return 1;
    }
    r = derive(hasher, master, "assay-psk-tag-1", bytes_of(raw, HEAD_SIZE), tag);
    if (r < 0) {
        return r;
    }
    if (!ct_equal(rd_bytes(&rd, TAG_SIZE), bytes_of(tag, TAG_SIZE))) {
        return 1;
    }
    *ret = ident;
    return 0;
}

int
ident_psk(struct hasher *hasher, const struct ident_master *masters, size_t n_masters,
          const struct ident *ident, uint8_t ret[IDENT_PSK_SIZE])
{
    const struct ident_master *master = master_of(masters, n_masters, ident->master_id);
    uint8_t head[HEAD_SIZE];

    if (!master) {
        return -EINVAL;
    }
    head_write(ident, head);
    return kdf_hkdf(hasher, BYTES_OF(master->key), bytes_str("assay-psk-1"), BYTES_OF(head), ret,
                    IDENT_PSK_SIZE);
}

bool
ident_masters_lost(const struct ident_master *before, const struct ident_master *after)
{
    for (size_t i = 0; i < IDENT_MASTERS_MAX; i++) {
        const struct ident_master *same = master_of(after, IDENT_MASTERS_MAX, before[i].id);

        if (before[i].id != 0 &&
            (!same || !ct_equal(BYTES_OF(same->key), BYTES_OF(before[i].key)))) {
            return true;
        }
    }
    return false;
}

uint16_t
ident_epoch(int64_t utc_ms)
{
    return (uint16_t)(utc_ms / IDENT_EPOCH_MS);
}

uint16_t
ident_epoch_new(int64_t utc_ms)
{
    return ident_epoch(utc_ms + THIRD_MS);
}

/* The digest's first byte is as good as random, and the same all the time. */
bool
ident_is_old(const struct ident *ident, int64_t utc_ms)
{
    return ident->epoch < ident_epoch(utc_ms + THIRD_MS - SPREAD_MS / 256 * ident->keys[0]);
}

bool
ident_ended(const struct ident *ident, int64_t utc_ms)
{
    return ident->epoch < ident_epoch(utc_ms) || ident->epoch > ident_epoch(utc_ms) + 1;
}
