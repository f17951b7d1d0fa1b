#include "formats/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

enum { ROOM_MIN = 6 }; /* what text_escaped() needs at least */

struct say
say_init(char *out, size_t cap)
{
    out[0] = '\0';
    return (struct say){.out = out, .cap = cap};
}

static size_t
room(const struct say *say)
{
    return say->cap - say->len;
}

void
say_fmt(struct say *say, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(say->out + say->len, room(say), format, args);
    va_end(args);
    if (n > 0) {
        say->len += (size_t)n < room(say) ? (size_t)n : room(say) - 1;
    }
}

void
say_bytes(struct say *say, struct bytes in)
{
    if (room(say) >= ROOM_MIN) {
        text_escaped(say->out + say->len, room(say), in);
        say->len += strlen(say->out + say->len);
    }
}

/* UTF-8 of one UCS-2 unit; a surrogate half becomes what its number says, as the result is escaped
 * and not decoded again. */
static size_t
utf8_of_unit(uint32_t unit, uint8_t out[3])
{
    if (unit < 0x80) {
        out[0] = (uint8_t)unit;
        return 1;
    }
    if (unit < 0x800) {
        out[0] = (uint8_t)(0xc0 | (unit >> 6));
        out[1] = (uint8_t)(0x80 | (unit & 0x3f));
        return 2;
    }
    out[0] = (uint8_t)(0xe0 | (unit >> 12));
    out[1] = (uint8_t)(0x80 | ((unit >> 6) & 0x3f));
    out[2] = (uint8_t)(0x80 | (unit & 0x3f));
    return 3;
}

void
say_ucs2(struct say *say, struct bytes in)
{
    for (size_t i = 0; i + 1 < in.len && room(say) >= ROOM_MIN; i += 2) {
        uint32_t unit = in.p[i] | (uint32_t)in.p[i + 1] << 8;
        uint8_t utf8[3];

        if (unit == 0) {
            return;
        }
        say_bytes(say, bytes_of(utf8, utf8_of_unit(unit, utf8)));
    }
}

void
say_hex(struct say *say, struct bytes in, size_t max)
{
    for (size_t i = 0; i < in.len && i < max; i++) {
        say_fmt(say, "%02x", in.p[i]);
    }
    if (in.len > max) {
        say_fmt(say, "...");
    }
}
