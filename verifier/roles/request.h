/* One CoAP request as the front tells it to the keeper, and the answer. The front's word counts for
 * the connection only: who it is comes from the PSK identity, which the keeper checks against the
 * device's row at each request. Numbers, times and the exporter are the front's; a hijacked front
 * can lie about them, back to the keeper's own nonce and no further. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"

enum request_kind { REQUEST_CERTIFICATE, REQUEST_PSK, REQUEST_KIND_N };

enum request_resource {
    RESOURCE_ENROLL,
    RESOURCE_ATTEST,
    RESOURCE_TOKEN,
    RESOURCE_KEYS,
    RESOURCE_ANNOUNCE,
    RESOURCE_N,
};

struct request {
    uint64_t connection; /* never used again */
    enum request_kind kind;
    struct bytes identity; /* PSK identity; empty on a certificate connection */
    uint8_t exporter[32];
    int64_t handshake_ms; /* UTC: the handshake began its last flight not before this */
    int64_t first_ms;     /* first block of this request arrived */
    int64_t complete_ms;  /* last one did */
    struct bytes peer;    /* address as text, for log and audit */
    enum request_resource resource;
    struct bytes audience; /* of GET /token; empty when none */
    uint32_t size1; /* of POST /attest without a body: bytes that the device has to say; 0 none */
    struct bytes body;
};

/* Views into in. Returns 0 or 1. */
MUST_CHECK int request_read(struct bytes in, struct request *ret);
void request_write(struct wr *wr, const struct request *request);

/* All but the body's own bytes, which must follow: a body may be large, and is copied but once. */
void request_write_head(struct wr *wr, const struct request *request);

/* Answer: CoAP code as a number (2.05 is 69), content-format (-1 none), Max-Age in s (-1 none),
 * and whether the connection shall end after it. */
struct reply {
    uint64_t connection;
    uint8_t code;
    int32_t content_format;
    int64_t max_age_s;
    bool close;
    uint32_t size1; /* the largest body that would be taken, beside 4.13; 0 none */
    uint32_t takes; /* largest evidence of the device whose connection it is; 0 not known */
    struct bytes body;
};

MUST_CHECK int reply_read(struct bytes in, struct reply *ret);
void reply_write(struct wr *wr, const struct reply *reply);

#define COAP_CODE(class_digit, detail) ((uint8_t)((class_digit) << 5 | (detail)))
