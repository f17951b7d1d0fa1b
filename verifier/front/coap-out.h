/* Writes CoAP messages, RFC 7252 section 3: header, token, options in ascending order, payload. A
 * misuse or want of room latches, as in struct wr. */
#pragma once

#include "base/wr.h"
#include "front/coap-in.h"

struct coap_out {
    struct wr wr;
    uint32_t last; /* number of the last option */
};

struct coap_out coap_out_begin(void *room, size_t cap, enum coap_type type, uint8_t code,
                               uint16_t mid, const struct coap_token *token);
void coap_out_option(struct coap_out *out, uint16_t number, struct bytes value);
void coap_out_uint(struct coap_out *out, uint16_t number, uint32_t value);
void coap_out_block(struct coap_out *out, uint16_t number, const struct coap_block *block);
void coap_out_payload(struct coap_out *out, struct bytes payload); /* last; nothing when empty */

/* The message, or an empty view with p == NULL. */
struct bytes coap_out_done(const struct coap_out *out);

/* An empty ACK or RST, RFC 7252 section 4.1. */
#define COAP_OUT_EMPTY_LEN 4u
struct bytes coap_out_empty(uint8_t room[COAP_OUT_EMPTY_LEN], enum coap_type type, uint16_t mid);
