#include "crypto/der-sig.h"

#include "base/rd.h"
#include "base/wr.h"

enum { TAG_INTEGER = 0x02, TAG_SEQUENCE = 0x30, COORD_MAX = 66, SHORT_FORM_MAX = 127 };

static struct bytes
strip_zeros(struct bytes in)
{
    while (in.len > 0 && in.p[0] == 0) {
        in.p++;
        in.len--;
    }
    return in;
}

/* Encoded size of a positive integer without its leading zeros. */
static size_t
integer_size(struct bytes value)
{
    return 2 + value.len + (value.p[0] >> 7);
}

static void
integer_write(struct wr *wr, struct bytes value)
{
    bool high = value.p[0] >> 7;

    wr_u8(wr, TAG_INTEGER);
    wr_u8(wr, (uint8_t)(value.len + high));
    if (high) {
        wr_u8(wr, 0); /* else it would read as negative */
    }
    wr_bytes(wr, value);
}

int
der_sig_write(struct bytes r, struct bytes s, uint8_t out[DER_SIG_MAX], size_t *ret_len)
{
    struct wr wr = wr_init(out, DER_SIG_MAX);
    size_t body;

    r = strip_zeros(r);
    s = strip_zeros(s);
    if (r.len == 0 || s.len == 0 || r.len > COORD_MAX || s.len > COORD_MAX) {
        return 1;
    }
    body = integer_size(r) + integer_size(s);
    wr_u8(&wr, TAG_SEQUENCE);
    if (body > SHORT_FORM_MAX) {
        wr_u8(&wr, 0x81);
    }
    wr_u8(&wr, (uint8_t)body);
    integer_write(&wr, r);
    integer_write(&wr, s);
    *ret_len = wr_done(&wr).len;
    return *ret_len > 0 ? 0 : 1;
}

static void
integer_read(struct rd *rd, size_t size, uint8_t *out)
{
    struct bytes value = BYTES_NULL;

    if (rd_u8(rd) != TAG_INTEGER) {
        rd_fail(rd);
    }
    value = strip_zeros(rd_bytes(rd, rd_u8(rd)));
    if (rd->failed || value.len == 0 || value.len > size) {
        rd_fail(rd);
        return;
    }
    memset(out, 0, size - value.len);
    memcpy(out + size - value.len, value.p, value.len);
}

/* Of a signature's encodings the one: who keeps what was verified is not asked again by another
 * writing of the same numbers. (That n - s verifies as s does is ECDSA's own, and makes two.) */
static bool
is_der(struct bytes der, struct bytes r, struct bytes s)
{
    uint8_t again[DER_SIG_MAX];
    size_t len = 0;

    return der_sig_write(r, s, again, &len) == 0 && bytes_equal(bytes_of(again, len), der);
}

int
der_sig_read(struct bytes der, size_t size, uint8_t *ret_rs)
{
    uint8_t rs[2 * COORD_MAX];
    struct rd rd = rd_init(der);
    uint8_t len;

    if (size > COORD_MAX || rd_u8(&rd) != TAG_SEQUENCE) {
        return 1;
    }
    len = rd_u8(&rd);
    if (len == 0x81) {
        len = rd_u8(&rd);
    }
    if (rd.failed || len != rd_left(&rd)) {
        return 1;
    }
    integer_read(&rd, size, rs);
    integer_read(&rd, size, rs + size);
    if (!rd_end(&rd) || !is_der(der, bytes_of(rs, size), bytes_of(rs + size, size))) {
        return 1;
    }
    memcpy(ret_rs, rs, 2 * size);
    return 0;
}
