#include "front/coap-in.h"

#include <coap3/coap.h>
#include <errno.h>

#include "base/rd.h"
#include "base/utf8.h"
#include "base/wr.h"
#include "front/access.h"

enum {
    PATH_ROOM = 32, /* our longest path has 16 characters */
    OPTION_REQUEST_TAG = 292,
    SZX_MAX = 6,
};

/* What an option list says so far. */
struct gather {
    struct coap_in *in;
    struct wr path;
    uint8_t path_room[PATH_ROOM];
    bool path_empty;
    unsigned last_number;
};

/* An unsigned value in at most max bytes, RFC 7252 section 3.2. */
static int
uint_read(struct bytes value, size_t max, uint32_t *ret_value)
{
    struct rd rd = rd_init(value);
    uint32_t out = 0;

    if (value.len > max) {
        return COAP_IN_E_BAD_VALUE;
    }
    while (rd_left(&rd) > 0) {
        out = out << 8 | rd_u8(&rd);
    }
    *ret_value = out;
    return COAP_IN_OK;
}

static int
format_read(struct bytes value, int *ret_format)
{
    uint32_t number = 0;
    int r = uint_read(value, 2, &number);

    if (r == COAP_IN_OK) {
        *ret_format = (int)number;
    }
    return r;
}

static int
block_read(struct bytes value, struct coap_block *ret_block)
{
    uint32_t number = 0;
    int r = uint_read(value, 3, &number);

    if (r != COAP_IN_OK || (number & 7) > SZX_MAX) {
        return COAP_IN_E_BAD_VALUE;
    }
    ret_block->num = number >> 4;
    ret_block->more = (number >> 3 & 1) != 0;
    ret_block->szx = number & 7;
    ret_block->present = true;
    return COAP_IN_OK;
}

static int
path_read(struct gather *g, struct bytes segment)
{
    if (!g->path_empty) {
        wr_u8(&g->path, '/');
    }
    g->path_empty = false;
    /* a '/' inside a segment would spell another path */
    if (segment.len > 0 && memchr(segment.p, '/', segment.len)) {
        g->path.failed = true;
    }
    wr_bytes(&g->path, segment);
    return COAP_IN_OK;
}

/* One query is known, aud=NAME, and only once: an ignored one would change what was asked. */
static int
query_read(struct coap_in *in, struct bytes value)
{
    struct rd rd = rd_init(value);
    struct bytes name;

    if (in->has_aud || !bytes_equal(rd_bytes(&rd, 4), bytes_str("aud="))) {
        return COAP_IN_E_BAD_VALUE;
    }
    name = rd_rest(&rd);
    if (name.len == 0 || name.len > sizeof(in->aud) || !utf8_valid(name)) {
        return COAP_IN_E_BAD_VALUE;
    }
    in->has_aud = true;
    in->aud_len = name.len;
    rd = rd_init(name);
    rd_copy(&rd, in->aud, name.len);
    return COAP_IN_OK;
}

static int
tag_read(struct coap_in *in, struct bytes value)
{
    struct rd rd = rd_init(value);

    if (value.len > sizeof(in->tag)) {
        return COAP_IN_E_BAD_VALUE;
    }
    in->tag_len = (uint8_t)value.len;
    rd_copy(&rd, in->tag, value.len);
    return COAP_IN_OK;
}

static int
size1_read(struct coap_in *in, struct bytes value)
{
    int r = uint_read(value, 4, &in->size1);

    in->has_size1 = r == COAP_IN_OK;
    return r;
}

static int
option_read(struct gather *g, unsigned number, struct bytes value)
{
    struct coap_in *in = g->in;
    bool again = number == g->last_number;

    g->last_number = number;
    switch (number) {
    case COAP_OPTION_URI_PATH:
        return path_read(g, value);
    case COAP_OPTION_URI_QUERY:
        return query_read(in, value);
    default:
        break;
    }
    if (again) { /* RFC 7252 section 5.4.5: as if unknown */
        return number & 1 ? COAP_IN_E_BAD_OPTION : COAP_IN_OK;
    }
    switch (number) {
    case COAP_OPTION_URI_HOST: /* we are the only host here */
    case COAP_OPTION_URI_PORT:
        return COAP_IN_OK;
    case COAP_OPTION_CONTENT_FORMAT:
        return format_read(value, &in->content_format);
    case COAP_OPTION_ACCEPT:
        return format_read(value, &in->accept);
    case COAP_OPTION_BLOCK1:
        return block_read(value, &in->block1);
    case COAP_OPTION_BLOCK2:
        return block_read(value, &in->block2);
    case COAP_OPTION_SIZE1:
        return size1_read(in, value);
    case OPTION_REQUEST_TAG:
        return tag_read(in, value);
    default: /* odd numbers are critical, RFC 7252 section 5.4.1 */
        return number & 1 ? COAP_IN_E_BAD_OPTION : COAP_IN_OK;
    }
}

static int
options_read(const coap_pdu_t *pdu, struct coap_in *in)
{
    struct gather g = {.in = in, .path_empty = true};
    coap_opt_iterator_t at;
    coap_opt_t *option;
    int r = COAP_IN_OK;

    g.path = wr_init(g.path_room, sizeof(g.path_room));
    coap_option_iterator_init(pdu, &at, COAP_OPT_ALL);
    while (r == COAP_IN_OK && (option = coap_option_next(&at)) != NULL) {
        r = option_read(&g, at.number, bytes_of(coap_opt_value(option), coap_opt_length(option)));
    }
    in->resource = g.path.failed ? FRONT_RESOURCE_N : access_resource(wr_done(&g.path));
    return r;
}

/* The payload is the end of the message, of which the PDU may hold the beginning only. */
static int
payload_read(const coap_pdu_t *pdu, struct bytes head, struct bytes message, struct coap_in *in)
{
    size_t len = 0;
    const uint8_t *data = NULL;
    struct rd whole = rd_init(message);

    if (coap_get_data(pdu, &len, &data) && len <= head.len) {
        (void)rd_bytes(&whole, head.len - len);
        in->payload = rd_rest(&whole);
        return COAP_IN_OK;
    }
    return head.len < message.len ? COAP_IN_E_MALFORMED : COAP_IN_OK; /* what is behind? */
}

static int
pdu_read(const coap_pdu_t *pdu, struct bytes head, struct bytes message, struct coap_in *in)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    struct rd rd = rd_init(bytes_of(token.s, token.length));

    if (token.length > COAP_TOKEN_MAX || payload_read(pdu, head, message, in) != COAP_IN_OK) {
        return COAP_IN_E_MALFORMED;
    }
    in->type = (enum coap_type)coap_pdu_get_type(pdu);
    in->code = (uint8_t)coap_pdu_get_code(pdu);
    in->mid = (uint16_t)coap_pdu_get_mid(pdu);
    in->token.len = (uint8_t)token.length;
    rd_copy(&rd, in->token.b, token.length);
    return options_read(pdu, in);
}

int
coap_in_read(struct bytes message, struct coap_in *ret_in)
{
    struct coap_in in = {.content_format = -1, .accept = -1, .resource = FRONT_RESOURCE_N};
    struct bytes head = bytes_of(
        message.p, message.len < LIMIT_FRONT_DATAGRAM ? message.len : LIMIT_FRONT_DATAGRAM);
    coap_pdu_t *pdu;
    int r = COAP_IN_E_MALFORMED;

    if (message.len < 4) {
        return COAP_IN_E_MALFORMED;
    }
    coap_set_log_level(LOG_EMERG); /* its parser prints what it refuses */
    pdu = coap_pdu_init(0, 0, 0, head.len);
    if (!pdu) {
        return -ENOMEM;
    }
    if (coap_pdu_parse(COAP_PROTO_DTLS, head.p, head.len, pdu)) {
        r = pdu_read(pdu, head, message, &in);
    }
    coap_delete_pdu(pdu);
    if (r != COAP_IN_E_MALFORMED) {
        *ret_in = in;
    }
    return r;
}
