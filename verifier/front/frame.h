/* Where a message on a stream ends: RFC 8323 section 3.2. In front of the token stand a length in
 * one to five bytes and the code; the length counts options and payload. What is behind is the
 * same as in a datagram. */
#pragma once

#include "base/std.h"

#define FRAME_HEAD_MAX 6u

struct frame {
    uint8_t code;
    uint8_t token_len; /* 0 to 8 */
    uint64_t rest;     /* token, options and payload: bytes behind the head; below 2^33 */
};

/* Bytes that the head has, by its first: 2 to 6. */
size_t frame_head_len(uint8_t first);

/* Reads a whole head, no more and no less. Returns 0, or 1 for a token length that is reserved. */
MUST_CHECK int frame_head_read(struct bytes head, struct frame *ret);

/* Writes a head and returns its length. frame->rest is at least frame->token_len. */
size_t frame_head_write(uint8_t out[FRAME_HEAD_MAX], const struct frame *frame);
