#include "base/b64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t
b64_write(char *out, struct bytes in)
{
    size_t n = 0;
    uint32_t acc = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < in.len; i++) {
        acc = (acc << 8 | in.p[i]) & 0xffffu;
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out[n++] = alphabet[acc >> bits & 63];
        }
    }
    if (bits > 0) {
        out[n++] = alphabet[acc << (6 - bits) & 63];
    }
    out[n] = '\0';
    return n;
}

static int
sextet(uint8_t c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

int
b64_read(struct bytes text, uint8_t *out, size_t cap, size_t *ret_len)
{
    size_t n = 0;
    uint32_t acc = 0;
    unsigned bits = 0;

    if (text.len % 4 == 1) {
        return 1;
    }
    for (size_t i = 0; i < text.len; i++) {
        int value = sextet(text.p[i]);

        if (value < 0) {
            return 1;
        }
        acc = (acc << 6 | (uint32_t)value) & 0xffffu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (n == cap) {
                return 1;
            }
            out[n++] = (uint8_t)(acc >> bits);
        }
    }
    if ((acc & ((1u << bits) - 1)) != 0) {
        return 1; /* one value has one spelling */
    }
    *ret_len = n;
    return 0;
}
