#include "base/wr.h"

struct wr
wr_init(void *room, size_t cap)
{
    return (struct wr){.p = room, .cap = cap};
}

uint8_t *
wr_room(struct wr *wr, size_t n)
{
    uint8_t *room;

    if (wr->failed || n > wr->cap - wr->len) {
        wr->failed = true;
        return NULL;
    }
    room = wr->p + wr->len;
    wr->len += n;
    return room;
}

void
wr_bytes(struct wr *wr, struct bytes in)
{
    uint8_t *room = wr_room(wr, in.len);

    if (room && in.len > 0) {
        memcpy(room, in.p, in.len);
    }
}

void
wr_str(struct wr *wr, const char *s)
{
    wr_bytes(wr, bytes_str(s));
}

static void
wr_uint(struct wr *wr, uint64_t value, size_t n, bool big)
{
    uint8_t *room = wr_room(wr, n);

    for (size_t i = 0; room && i < n; i++) {
        size_t at = big ? n - 1 - i : i;

        room[at] = (uint8_t)(value >> (8 * i));
    }
}

void
wr_u8(struct wr *wr, uint8_t value)
{
    wr_uint(wr, value, 1, false);
}

void
wr_le16(struct wr *wr, uint16_t value)
{
    wr_uint(wr, value, 2, false);
}

void
wr_le32(struct wr *wr, uint32_t value)
{
    wr_uint(wr, value, 4, false);
}

void
wr_le64(struct wr *wr, uint64_t value)
{
    wr_uint(wr, value, 8, false);
}

void
wr_be16(struct wr *wr, uint16_t value)
{
    wr_uint(wr, value, 2, true);
}

void
wr_be32(struct wr *wr, uint32_t value)
{
    wr_uint(wr, value, 4, true);
}

void
wr_be64(struct wr *wr, uint64_t value)
{
    wr_uint(wr, value, 8, true);
}

struct bytes
wr_done(const struct wr *wr)
{
    return wr->failed ? BYTES_NULL : bytes_of(wr->p, wr->len);
}
