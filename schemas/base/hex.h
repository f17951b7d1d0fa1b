/* Hexadecimal text. */
#pragma once

#include "base/std.h"

/* Writes 2 * in.len lower-case digits and a NUL; out has that room. Returns out. */
char *hex_write(char *out, struct bytes in);

/* Reads an even number of hex digits of either case. Returns 0 and the number of bytes in ret_len,
 * or 1 when the text is not hex or gives more than cap bytes (out is then undefined). */
MUST_CHECK int hex_read(struct bytes text, uint8_t *out, size_t cap, size_t *ret_len);
