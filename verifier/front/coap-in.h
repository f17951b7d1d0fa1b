/* One CoAP message from a peer, parsed by libcoap and checked: RFC 7252 sections 3 and 5.4, RFC
 * 7959. Only what a front can be asked is kept. */
#pragma once

#include "front/front.h"

enum coap_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

#define COAP_TOKEN_MAX 8u
struct coap_token {
    uint8_t b[COAP_TOKEN_MAX];
    uint8_t len;
};

/* A Block1 or Block2 option. Bytes of a block: 16 << szx. */
struct coap_block {
    uint32_t num;
    uint8_t szx; /* 0 to 6 */
    bool more;
    bool present;
};

struct coap_in {
    enum coap_type type;
    uint8_t code; /* 0: empty */
    uint16_t mid;
    struct coap_token token;
    enum front_resource resource; /* FRONT_RESOURCE_N: a path that is none of ours */
    bool has_aud;
    uint8_t aud[LIMIT_NAME];
    size_t aud_len;
    int content_format; /* -1 without one */
    int accept;         /* -1 without one */
    struct coap_block block1;
    struct coap_block block2;
    bool has_size1;
    uint32_t size1;
    uint8_t tag[COAP_TOKEN_MAX]; /* Request-Tag, RFC 9175 section 3 */
    uint8_t tag_len;
    struct bytes payload; /* view into the message */
};

enum {
    COAP_IN_OK,
    COAP_IN_E_MALFORMED,  /* no CoAP message: nothing but the first four bytes may be believed */
    COAP_IN_E_BAD_OPTION, /* 4.02: a critical option that we do not know, or one twice */
    COAP_IN_E_BAD_VALUE,  /* 4.00: an option of ours with a value that makes no sense */
};

/* A message may be longer than a datagram, a stream's; its options must end within
 * LIMIT_FRONT_DATAGRAM bytes, and libcoap, which copies, gets no more of it.
 * Type, code, message id and token are set unless COAP_IN_E_MALFORMED, all else if COAP_IN_OK.
 * Returns one of the above, or -ENOMEM. */
MUST_CHECK int coap_in_read(struct bytes message, struct coap_in *ret_in);
