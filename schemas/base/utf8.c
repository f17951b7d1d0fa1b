#include "base/utf8.h"

/* Length of the sequence that a lead byte begins, with the code point's lower bound; 0 for none. */
static size_t
utf8_lead(uint8_t c, uint32_t *ret_bits, uint32_t *ret_min)
{
    if (c < 0x80) {
        *ret_bits = c;
        *ret_min = 0;
        return 1;
    }
    if (c >= 0xc2 && c <= 0xdf) {
        *ret_bits = c & 0x1fu;
        *ret_min = 0x80;
        return 2;
    }
    if ((c & 0xf0) == 0xe0) {
        *ret_bits = c & 0x0fu;
        *ret_min = 0x800;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        *ret_bits = c & 0x07u;
        *ret_min = 0x10000;
        return 4;
    }
    return 0;
}

bool
utf8_valid(struct bytes text)
{
    size_t i = 0;

    while (i < text.len) {
        uint32_t code = 0;
        uint32_t min = 0;
        size_t n = utf8_lead(text.p[i], &code, &min);

        if (n == 0 || n > text.len - i) {
            return false;
        }
        for (size_t k = 1; k < n; k++) {
            if ((text.p[i + k] & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (text.p[i + k] & 0x3fu);
        }
        if (code < min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
            return false;
        }
        i += n;
    }
    return true;
}
