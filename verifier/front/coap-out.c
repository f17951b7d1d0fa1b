#include "front/coap-out.h"

enum { VERSION = 1, EXT8_FROM = 13, EXT16_FROM = 269, EXT8 = 13, EXT16 = 14, MARKER = 0xff };

struct coap_out
coap_out_begin(void *room, size_t cap, enum coap_type type, uint8_t code, uint16_t mid,
               const struct coap_token *token)
{
    struct coap_out out = {.wr = wr_init(room, cap)};

    if (token->len > COAP_TOKEN_MAX) {
        out.wr.failed = true;
        return out;
    }
    wr_u8(&out.wr, (uint8_t)(VERSION << 6 | (unsigned)type << 4 | token->len));
    wr_u8(&out.wr, code);
    wr_be16(&out.wr, mid);
    wr_bytes(&out.wr, bytes_of(token->b, token->len));
    return out;
}

/* The four bits of a delta or length, RFC 7252 section 3.1. */
static uint8_t
nibble(uint32_t value)
{
    if (value >= EXT16_FROM) {
        return EXT16;
    }
    return value >= EXT8_FROM ? EXT8 : (uint8_t)value;
}

/* What the four bits could not hold. */
static void
extension(struct wr *wr, uint32_t value)
{
    if (value >= EXT16_FROM) {
        wr_be16(wr, (uint16_t)(value - EXT16_FROM));
    } else if (value >= EXT8_FROM) {
        wr_u8(wr, (uint8_t)(value - EXT8_FROM));
    }
}

void
coap_out_option(struct coap_out *out, uint16_t number, struct bytes value)
{
    if (number < out->last || value.len > UINT16_MAX) {
        out->wr.failed = true;
        return;
    }
    wr_u8(&out->wr, (uint8_t)(nibble(number - out->last) << 4 | nibble((uint32_t)value.len)));
    extension(&out->wr, number - out->last);
    extension(&out->wr, (uint32_t)value.len);
    wr_bytes(&out->wr, value);
    out->last = number;
}

void
coap_out_uint(struct coap_out *out, uint16_t number, uint32_t value)
{
    uint8_t room[4];
    struct wr wr = wr_init(room, sizeof(room));
    size_t skip = 0;

    wr_be32(&wr, value);
    while (skip < sizeof(room) && room[skip] == 0) {
        skip++;
    }
    coap_out_option(out, number, bytes_of(room + skip, sizeof(room) - skip));
}

void
coap_out_block(struct coap_out *out, uint16_t number, const struct coap_block *block)
{
    if (block->num >= 1u << 20) {
        out->wr.failed = true;
        return;
    }
    coap_out_uint(out, number, block->num << 4 | (block->more ? 8u : 0u) | (block->szx & 7u));
}

void
coap_out_payload(struct coap_out *out, struct bytes payload)
{
    if (payload.len > 0) {
        wr_u8(&out->wr, MARKER);
        wr_bytes(&out->wr, payload);
    }
}

struct bytes
coap_out_done(const struct coap_out *out)
{
    return wr_done(&out->wr);
}

struct bytes
coap_out_empty(uint8_t room[COAP_OUT_EMPTY_LEN], enum coap_type type, uint16_t mid)
{
    struct coap_token none = {.len = 0};
    struct coap_out out = coap_out_begin(room, COAP_OUT_EMPTY_LEN, type, 0, mid, &none);

    return coap_out_done(&out);
}
