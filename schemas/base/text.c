#include "base/text.h"

static const char digits[] = "0123456789abcdef";

/* Characters that one byte becomes. `keep` holds what stays although it has a meaning in strings.
 */
static size_t
escaped_len(uint8_t c, const char *keep)
{
    bool special = c < 0x20 || c > 0x7e || c == '"' || c == '\\';

    return special && (c == 0 || !strchr(keep, c)) ? 4 : 1;
}

static char *
escape_byte(char *at, uint8_t c, const char *keep)
{
    if (escaped_len(c, keep) == 1) {
        *at++ = (char)c;
        return at;
    }
    *at++ = '\\';
    *at++ = 'x';
    *at++ = digits[c >> 4];
    *at++ = digits[c & 15];
    return at;
}

/* Writes to at what fits before end and leaves room for "..." there; returns the new end. */
static char *
escape_all(char *at, const char *end, struct bytes in, const char *keep)
{
    for (size_t i = 0; i < in.len; i++) {
        size_t need = escaped_len(in.p[i], keep) + (i + 1 < in.len ? 3 : 0);

        if (need > (size_t)(end - at)) {
            memcpy(at, "...", 3);
            return at + 3;
        }
        at = escape_byte(at, in.p[i], keep);
    }
    return at;
}

char *
text_escaped(char *out, size_t cap, struct bytes in)
{
    *escape_all(out, out + cap - 1, in, "") = '\0';
    return out;
}

char *
text_printable(char *out, size_t cap, struct bytes in)
{
    *escape_all(out, out + cap - 1, in, "\"\\") = '\0';
    return out;
}

char *
text_quoted(char *out, size_t cap, struct bytes in)
{
    char *at = out;

    *at++ = '"';
    at = escape_all(at, out + cap - 2, in, "");
    *at++ = '"';
    *at = '\0';
    return out;
}
