#include "ident/nonce.h"

#include <errno.h>

#include "base/rd.h"
#include "base/wr.h"

enum { HEAD_SIZE = 16, RANDOM_SIZE = 8, MAC_SIZE = 16, FUTURE_MS = 5000 };

static int
mac(struct hasher *hasher, const struct nonce_key *key, struct bytes head,
    const struct nonce_scope *scope, uint8_t ret[32])
{
    uint8_t site_len[2] = {(uint8_t)(scope->site.len >> 8), (uint8_t)scope->site.len};
    struct bytes parts[] = {
        head,
        BYTES_OF(site_len),
        scope->site,
        bytes_of(scope->device, WIRE_UEID_SIZE),
    };

    return hasher_hmac(hasher, HASH_SHA256, BYTES_OF(key->key), parts, ARRAY_LEN(parts), ret);
}

int
nonce_make(struct hasher *hasher, const struct nonce_key *key, const struct nonce_scope *scope,
           int64_t now_ms, uint8_t ret[WIRE_NONCE_SIZE])
{
    struct wr wr = wr_init(ret, WIRE_NONCE_SIZE);
    uint8_t random[RANDOM_SIZE];
    uint8_t tag[32];
    int r = random_bytes(random, sizeof(random));

    if (r < 0 || key->id == 0) {
        return r < 0 ? r : -EINVAL;
    }
    wr_u8(&wr, key->id);
    wr_u8(&wr, (uint8_t)scope->purpose);
    wr_be16(&wr, (uint16_t)((uint64_t)now_ms >> 32));
    wr_be32(&wr, (uint32_t)now_ms);
    wr_bytes(&wr, BYTES_OF(random));
    r = mac(hasher, key, wr_done(&wr), scope, tag);
    wr_bytes(&wr, bytes_of(tag, MAC_SIZE));
    return r;
}

int
nonce_check(struct hasher *hasher, const struct nonce_key *keys, size_t n_keys,
            const struct nonce_scope *scope, const uint8_t nonce[WIRE_NONCE_SIZE], int64_t now_ms,
            int64_t life_ms, int64_t *ret_made_ms)
{
    struct rd rd = rd_init(bytes_of(nonce, WIRE_NONCE_SIZE));
    const struct nonce_key *key = NULL;
    uint8_t id = rd_u8(&rd);
    uint8_t purpose = rd_u8(&rd);
    uint8_t tag[32];
    int64_t made;
    int r;

    for (size_t i = 0; id != 0 && i < n_keys; i++) {
        key = keys[i].id == id ? &keys[i] : key;
    }
    if (!key || purpose != scope->purpose) {
        return NONCE_E_FORGED;
    }
    made = (int64_t)rd_be16(&rd) << 32; /* one read a statement: C leaves operands unordered */
    made |= (int64_t)rd_be32(&rd);
    (void)rd_bytes(&rd, RANDOM_SIZE);
    r = mac(hasher, key, bytes_of(nonce, HEAD_SIZE), scope, tag);
    if (r < 0) {
        return r;
    }
    if (!ct_equal(rd_bytes(&rd, MAC_SIZE), bytes_of(tag, MAC_SIZE))) {
        return NONCE_E_FORGED;
    }
    *ret_made_ms = made;
    return made > now_ms + FUTURE_MS || now_ms - made > life_ms ? NONCE_E_EXPIRED : NONCE_OK;
}
