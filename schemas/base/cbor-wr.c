#include "base/cbor-wr.h"

#include <cbor.h>

/* Accepts what a libcbor encoder wrote: 0 bytes mean that it did not fit. */
static void
advance(struct wr *wr, size_t written)
{
    if (written == 0) {
        wr->failed = true;
    }
    wr->len += written;
}

#define ENCODE(wr, call)           \
    do {                           \
        if (!(wr)->failed) {       \
            advance((wr), (call)); \
        }                          \
    } while (0)

void
cbor_wr_uint(struct wr *wr, uint64_t value)
{
    ENCODE(wr, cbor_encode_uint(value, wr->p + wr->len, wr->cap - wr->len));
}

void
cbor_wr_int(struct wr *wr, int64_t value)
{
    if (value >= 0) {
        cbor_wr_uint(wr, (uint64_t)value);
        return;
    }
    ENCODE(wr, cbor_encode_negint((uint64_t)(-1 - value), wr->p + wr->len, wr->cap - wr->len));
}

void
cbor_wr_bool(struct wr *wr, bool value)
{
    ENCODE(wr, cbor_encode_bool(value, wr->p + wr->len, wr->cap - wr->len));
}

void
cbor_wr_null(struct wr *wr)
{
    ENCODE(wr, cbor_encode_null(wr->p + wr->len, wr->cap - wr->len));
}

void
cbor_wr_bstr_head(struct wr *wr, size_t n)
{
    ENCODE(wr, cbor_encode_bytestring_start(n, wr->p + wr->len, wr->cap - wr->len));
}

uint8_t *
cbor_wr_bstr_room(struct wr *wr, size_t n)
{
    cbor_wr_bstr_head(wr, n);
    return wr_room(wr, n);
}

void
cbor_wr_bstr(struct wr *wr, struct bytes value)
{
    uint8_t *room = cbor_wr_bstr_room(wr, value.len);

    if (room && value.len > 0) {
        memcpy(room, value.p, value.len);
    }
}

void
cbor_wr_tstr_view(struct wr *wr, struct bytes value)
{
    ENCODE(wr, cbor_encode_string_start(value.len, wr->p + wr->len, wr->cap - wr->len));
    wr_bytes(wr, value);
}

void
cbor_wr_tstr(struct wr *wr, const char *value)
{
    cbor_wr_tstr_view(wr, bytes_str(value));
}

void
cbor_wr_tag(struct wr *wr, uint64_t tag)
{
    ENCODE(wr, cbor_encode_tag(tag, wr->p + wr->len, wr->cap - wr->len));
}

void
cbor_wr_array(struct wr *wr, size_t n)
{
    ENCODE(wr, cbor_encode_array_start(n, wr->p + wr->len, wr->cap - wr->len));
}

void
cbor_wr_map(struct wr *wr, size_t n_pairs)
{
    ENCODE(wr, cbor_encode_map_start(n_pairs, wr->p + wr->len, wr->cap - wr->len));
}
