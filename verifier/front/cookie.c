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

static bool
made_with(struct hasher *hasher, const uint8_t secret[COOKIE_SECRET_LEN], const struct addr *peer,
          const struct hello *hello)
{
    uint8_t cookie[COOKIE_LEN];

    return cookie_make(hasher, secret, peer, hello, cookie) == 0 &&
           ct_equal(BYTES_OF(cookie), hello->cookie);
}

bool
cookie_holds(struct hasher *hasher, const struct cookie_secrets *secrets, const struct addr *peer,
             const struct hello *hello)
{
    return hello->cookie.len == COOKIE_LEN && (made_with(hasher, secrets->current, peer, hello) ||
                                               made_with(hasher, secrets->previous, peer, hello));
}

int
cookie_request(struct hasher *hasher, const struct cookie_secrets *secrets, const struct addr *peer,
               const struct hello *hello, uint8_t out[COOKIE_REQUEST_LEN])
{
    uint8_t cookie[COOKIE_LEN];
    struct wr wr = wr_init(out, COOKIE_REQUEST_LEN);
    int r = cookie_make(hasher, secrets->current, peer, hello, cookie);

    if (r < 0) {
        return r;
    }
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
    wr_bytes(&wr, BYTES_OF(cookie));
    return wr_done(&wr).len == COOKIE_REQUEST_LEN ? 0 : -EIO;
}
