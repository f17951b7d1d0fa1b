/* base64url without padding, RFC 4648 section 5: the text form of JOSE and of identities. */
#pragma once

#include "base/std.h"

/* Characters that n bytes take, without the NUL. */
#define B64_LEN(n) (((n)*4 + 2) / 3)

/* Writes B64_LEN(in.len) characters and a NUL; out has that room. Returns the number written. */
size_t b64_write(char *out, struct bytes in);

/* Strict: no padding, no white space, unused bits zero. Returns 0 and the number of bytes in
 * ret_len, or 1 when the text is not base64url or gives more than cap bytes. */
MUST_CHECK int b64_read(struct bytes text, uint8_t *out, size_t cap, size_t *ret_len);
