#include "crypto/p256.h"

#include <errno.h>

#include "base/cbor-wr.h"
#include "base/json-wr.h"
#include "crypto/cose-key.h"

/* Digest of what a writer made; a thumbprint's input has a fixed size that fits its room. */
static int
thumb(struct bytes written, struct hasher *hasher, uint8_t ret_thumb[P256_THUMB_SIZE])
{
    return written.p ? hasher_bytes(hasher, HASH_SHA256, written, ret_thumb) : -ENOSPC;
}

int
p256_cose_thumb(const struct p256 *key, struct hasher *hasher, uint8_t ret_thumb[P256_THUMB_SIZE])
{
    uint8_t room[96];
    struct wr wr = wr_init(room, sizeof(room));

    cbor_wr_map(&wr, 4);
    cbor_wr_int(&wr, COSE_KEY_KTY);
    cbor_wr_int(&wr, COSE_KTY_EC2);
    cose_key_point_write(&wr, key);
    return thumb(wr_done(&wr), hasher, ret_thumb);
}

int
p256_jwk_thumb(const struct p256 *key, struct hasher *hasher, uint8_t ret_thumb[P256_THUMB_SIZE])
{
    char room[192];
    struct json_wr j = json_wr_init(room, sizeof(room));

    json_wr_object(&j);
    json_wr_key(&j, "crv");
    json_wr_str(&j, "P-256");
    json_wr_key(&j, "kty");
    json_wr_str(&j, "EC");
    json_wr_key(&j, "x");
    json_wr_b64(&j, BYTES_OF(key->x));
    json_wr_key(&j, "y");
    json_wr_b64(&j, BYTES_OF(key->y));
    json_wr_end_object(&j);
    return thumb(json_wr_done(&j), hasher, ret_thumb);
}
