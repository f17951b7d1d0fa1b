#include "base/hex.h"

char *
hex_write(char *out, struct bytes in)
{
    static const char digits[] = "0123456789abcdef";
    char *at = out;

    for (size_t i = 0; i < in.len; i++) {
        *at++ = digits[in.p[i] >> 4];
        *at++ = digits[in.p[i] & 15];
    }
    *at = '\0';
    return out;
}

static int
nibble(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

int
hex_read(struct bytes text, uint8_t *out, size_t cap, size_t *ret_len)
{
    if (text.len % 2 != 0 || text.len / 2 > cap) {
        return 1;
    }
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = nibble(text.p[2 * i]);
        int low = nibble(text.p[2 * i + 1]);

        if (high < 0 || low < 0) {
            return 1;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    *ret_len = text.len / 2;
    return 0;
}
