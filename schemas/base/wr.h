/* The bounded writer: bytes into room that the caller owns. The first write that does not fit
 * latches `failed` and nothing more is written; ask wr_done() once at the end. */
#pragma once

#include "base/std.h"

struct wr {
    uint8_t *p;
    size_t cap;
    size_t len;
    bool failed;
};

struct wr wr_init(void *room, size_t cap);

void wr_u8(struct wr *wr, uint8_t value);
void wr_le16(struct wr *wr, uint16_t value);
void wr_le32(struct wr *wr, uint32_t value);
void wr_le64(struct wr *wr, uint64_t value);
void wr_be16(struct wr *wr, uint16_t value);
void wr_be32(struct wr *wr, uint32_t value);
void wr_be64(struct wr *wr, uint64_t value);
void wr_bytes(struct wr *wr, struct bytes in);
void wr_str(struct wr *wr, const char *s); /* without the NUL */

/* Takes n bytes of room to be filled by the caller; NULL when they do not fit. */
uint8_t *wr_room(struct wr *wr, size_t n);

/* What was written, or an empty view with p == NULL if anything did not fit. */
struct bytes wr_done(const struct wr *wr);
