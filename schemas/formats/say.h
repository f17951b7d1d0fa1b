/* Builds one line of text for people in bounded room: what does not fit is cut, and the result is
 * always NUL-ended and printable ASCII. */
#pragma once

#include "base/std.h"

struct say {
    char *out;
    size_t cap;
    size_t len;
};

/* cap is 8 at least. */
struct say say_init(char *out, size_t cap);

/* Our own text, by format. */
__attribute__((format(printf, 2, 3))) void say_fmt(struct say *say, const char *format, ...);

/* Bytes that nobody vouches for, escaped as base/text.h does. */
void say_bytes(struct say *say, struct bytes in);

/* UCS-2 little-endian, up to a NUL unit; units beyond ASCII as their escaped UTF-8 bytes. */
void say_ucs2(struct say *say, struct bytes in);

/* At most `max` bytes in hex, then "..." if there are more. */
void say_hex(struct say *say, struct bytes in, size_t max);
