/* The bounded reader: the only way from outside bytes to values.
 *
 * The first read past the end latches `failed`; every later read yields zero or an empty view, so a
 * reader takes ten fields and tests once. Test `failed` before a value steers a loop, an index or
 * an allocation. Views point into the bytes given to rd_init() and live as long as they do. */
#pragma once

#include "base/std.h"

struct rd {
    const uint8_t *p;
    size_t len;
    size_t pos;
    size_t origin; /* offset of p[0] in the outermost bytes, so that faults name absolute offsets */
    bool failed;
};

struct rd rd_init(struct bytes in);

uint8_t rd_u8(struct rd *rd);
uint16_t rd_le16(struct rd *rd);
uint32_t rd_le32(struct rd *rd);
uint64_t rd_le64(struct rd *rd);
uint16_t rd_be16(struct rd *rd);
uint32_t rd_be32(struct rd *rd);
uint64_t rd_be64(struct rd *rd);

/* The next n bytes as a view; empty and failed when fewer are left. */
struct bytes rd_bytes(struct rd *rd, size_t n);

/* All bytes that are left. */
struct bytes rd_rest(struct rd *rd);

/* Copies exactly n bytes to out (n bytes of room); fills out with zero when fewer are left. */
void rd_copy(struct rd *rd, uint8_t *out, size_t n);

/* A reader over the next n bytes, with absolute offsets kept; failed from birth when fewer are left
 * (the parent fails too). */
struct rd rd_sub(struct rd *rd, size_t n);

/* Latches the failure: for a value that makes no sense to go on with. */
void rd_fail(struct rd *rd);

size_t rd_left(const struct rd *rd);

/* Offset of the next byte in the outermost bytes. */
size_t rd_offset(const struct rd *rd);

/* True when nothing failed and nothing is left: trailing bytes are always refused. */
bool rd_end(const struct rd *rd);
