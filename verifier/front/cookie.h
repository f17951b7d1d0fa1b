/* The stateless cookie, RFC 6347 section 4.2.1: a stranger must prove its address before the front
 * keeps a byte for it. The MAC also covers the client's random, so that one cookie is good for one
 * handshake and not for all that this address will ever try.
 *
 * Two secrets: cookies are made with the first and taken with both, so that a rotation drops no
 * handshake. All workers of a port share them. */
#pragma once

#include "crypto/digest.h"
#include "front/addr.h"
#include "front/hello.h"

#define COOKIE_LEN 32u
#define COOKIE_SECRET_LEN 32u

struct cookie_secrets {
    uint8_t current[COOKIE_SECRET_LEN];
    uint8_t previous[COOKIE_SECRET_LEN];
};

enum { COOKIE_E_NONE = 1 }; /* none, or none that we gave to this address for this random */

/* Whether the hello carries a cookie of ours. If not, ret_request is the HelloVerifyRequest that
 * gives it one; it is shorter than any hello that hello_read() takes, so that no address can be
 * flooded through us. This is all that a stranger costs: one HMAC, and a second if there is a
 * cookie to compare with the previous secret's. Returns 0, COOKIE_E_NONE or -EIO; ret_request is
 * untouched unless COOKIE_E_NONE. */
#define COOKIE_REQUEST_LEN 60u
MUST_CHECK int cookie_check(struct hasher *hasher, const struct cookie_secrets *secrets,
                            const struct addr *peer, const struct hello *hello,
                            uint8_t ret_request[COOKIE_REQUEST_LEN]);
