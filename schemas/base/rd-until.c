#include "base/rd-until.h"

struct bytes
rd_until(struct rd *rd, uint8_t stop, size_t max)
{
    struct rd ahead = *rd;
    struct bytes rest = rd_rest(&ahead);
    size_t window = max < rest.len ? max + 1 : rest.len;
    const uint8_t *at = window > 0 ? memchr(rest.p, stop, window) : NULL;
    struct bytes view;

    if (!at) {
        rd_fail(rd);
        return BYTES_NULL;
    }
    view = rd_bytes(rd, (size_t)(at - rest.p));
    (void)rd_u8(rd);
    return view;
}
