#include "base/rd.h"

#include <stdlib.h>

void
free_p(void *pointer_to_pointer)
{
    void **pp = pointer_to_pointer;

    free(*pp);
    *pp = NULL;
}

struct rd
rd_init(struct bytes in)
{
    return (struct rd){.p = in.p, .len = in.len};
}

size_t
rd_left(const struct rd *rd)
{
    return rd->failed ? 0 : rd->len - rd->pos;
}

size_t
rd_offset(const struct rd *rd)
{
    return rd->origin + rd->pos;
}

bool
rd_end(const struct rd *rd)
{
    return !rd->failed && rd->pos == rd->len;
}

void
rd_fail(struct rd *rd)
{
    rd->failed = true;
}

struct bytes
rd_bytes(struct rd *rd, size_t n)
{
    struct bytes view;

    if (n > rd_left(rd)) {
        rd->failed = true;
        return BYTES_NULL;
    }
    view = bytes_of(rd->p + rd->pos, n);
    rd->pos += n;
    return view;
}

struct bytes
rd_rest(struct rd *rd)
{
    return rd_bytes(rd, rd_left(rd));
}

void
rd_copy(struct rd *rd, uint8_t *out, size_t n)
{
    struct bytes view = rd_bytes(rd, n);

    if (rd->failed) {
        memset(out, 0, n);
    } else if (n > 0) {
        memcpy(out, view.p, n);
    }
}

struct rd
rd_sub(struct rd *rd, size_t n)
{
    size_t at = rd_offset(rd);
    struct bytes view = rd_bytes(rd, n);

    return (struct rd){.p = view.p, .len = view.len, .origin = at, .failed = rd->failed};
}

/* Little- or big-endian value of n <= 8 bytes. */
static uint64_t
rd_uint(struct rd *rd, size_t n, bool big)
{
    struct bytes view = rd_bytes(rd, n);
    uint64_t value = 0;

    for (size_t i = 0; i < view.len; i++) {
        size_t at = big ? i : view.len - 1 - i;

        value = value << 8 | view.p[at];
    }
    return value;
}

uint8_t
rd_u8(struct rd *rd)
{
    return (uint8_t)rd_uint(rd, 1, false);
}

uint16_t
rd_le16(struct rd *rd)
{
    return (uint16_t)rd_uint(rd, 2, false);
}

uint32_t
rd_le32(struct rd *rd)
{
    return (uint32_t)rd_uint(rd, 4, false);
}

uint64_t
rd_le64(struct rd *rd)
{
    return rd_uint(rd, 8, false);
}

uint16_t
rd_be16(struct rd *rd)
{
    return (uint16_t)rd_uint(rd, 2, true);
}

uint32_t
rd_be32(struct rd *rd)
{
    return (uint32_t)rd_uint(rd, 4, true);
}

uint64_t
rd_be64(struct rd *rd)
{
    return rd_uint(rd, 8, true);
}
