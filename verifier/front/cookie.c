#include "front/cookie.h"

#include <errno.h>

#include "base/wr.h"

enum {
    HELLO_VERIFY_REQUEST = 3,
    BODY_LEN = 3 + COOKIE_LEN,
    MESSAGE_LEN = 12 + BODY_LEN,
    /* RFC 6347 section 4.2.1: DTLS 1.0 here, whatever will be negotiated */
    VERSION = 0xfeff,
};

static int
cookie_make(struct hasher *hasher, const uint8_t secret[COOKIE_SECRET_LEN], const struct addr *peer,
            const struct hello *hello, uint8_t out[COOKIE_LEN])
{
    uint8_t key[ADDR_KEY_LEN];
    const struct bytes parts[] = {BYTES_OF(key), BYTES_OF(hello->random)};

    addr_key(peer, key);
    return hasher_hmac(hasher, HASH_SHA256, bytes_of(secret, COOKIE_SECRET_LEN), parts,
                       ARRAY_LEN(parts), out);
}

static int
request_write(const struct hello *hello, const uint8_t cookie[COOKIE_LEN],
              uint8_t out[COOKIE_REQUEST_LEN])
{
    struct wr wr = wr_init(out, COOKIE_REQUEST_LEN);

    wr_u8(&wr, RECORD_HANDSHAKE);
    wr_be16(&wr, VERSION);
    wr_be16(&wr, 0); /* epoch */
    wr_bytes(&wr, BYTES_OF(hello->record_seq));
    wr_be16(&wr, MESSAGE_LEN);
    wr_be32(&wr, (uint32_t)HELLO_VERIFY_REQUEST << 24 | BODY_LEN);
    wr_be16(&wr, 0); /* message number */
    wr_be16(&wr, 0); /* fragment: from 0 (three bytes) */
    wr_be32(&wr, BODY_LEN);
    wr_be16(&wr, VERSION);
    wr_u8(&wr, COOKIE_LEN);
    wr_bytes(&wr, bytes_of(cookie, COOKIE_LEN));
    return wr_done(&wr).len == COOKIE_REQUEST_LEN ? COOKIE_E_NONE : -EIO;
}

int
cookie_check(struct hasher *hasher, const struct cookie_secrets *secrets, const struct addr *peer,
             const struct hello *hello, uint8_t ret_request[COOKIE_REQUEST_LEN])
{
    uint8_t current[COOKIE_LEN];
    uint8_t previous[COOKIE_LEN];
    int r = cookie_make(hasher, secrets->current, peer, hello, current);

    if (r < 0 || ct_equal(BYTES_OF(current), hello->cookie)) {
        return r;
    }
    if (hello->cookie.len == COOKIE_LEN) {
        r = cookie_make(hasher, secrets->previous, peer, hello, previous);
        if (r < 0 || ct_equal(BYTES_OF(previous), hello->cookie)) {
            return r;
        }
    }
    return request_write(hello, current, ret_request);
}
