#include "base/json-wr.h"

#include "base/b64.h"
#include "base/utf8.h"

#define SAFE_INTEGER ((INT64_C(1) << 53) - 1)

struct json_wr
json_wr_init(void *room, size_t cap)
{
    return (struct json_wr){.wr = wr_init(room, cap)};
}

/* Begins a value: the comma before it, and the promise of one after it. */
static void
value_begins(struct json_wr *j)
{
    if (j->comma) {
        wr_u8(&j->wr, ',');
    }
    j->comma = true;
}

static void
opens(struct json_wr *j, char bracket)
{
    value_begins(j);
    wr_u8(&j->wr, (uint8_t)bracket);
    j->depth++;
    j->comma = false;
}

static void
closes(struct json_wr *j, char bracket)
{
    if (j->depth == 0) {
        j->wr.failed = true;
        return;
    }
    wr_u8(&j->wr, (uint8_t)bracket);
    j->depth--;
    j->comma = true;
}

void
json_wr_object(struct json_wr *j)
{
    opens(j, '{');
}

void
json_wr_end_object(struct json_wr *j)
{
    closes(j, '}');
}

void
json_wr_array(struct json_wr *j)
{
    opens(j, '[');
}

void
json_wr_end_array(struct json_wr *j)
{
    closes(j, ']');
}

/* The letter after the backslash of a two-character escape, or 0. */
static char
short_escape(uint8_t c)
{
    static const char from[] = "\"\\\b\t\n\f\r";
    static const char to[] = "\"\\btnfr";
    const char *at = c ? strchr(from, c) : NULL;

    return at ? to[at - from] : '\0';
}

static void
character(struct wr *wr, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    char letter = short_escape(c);

    if (letter) {
        wr_u8(wr, '\\');
        wr_u8(wr, (uint8_t)letter);
    } else if (c < 0x20) {
        wr_str(wr, "\\u00");
        wr_u8(wr, (uint8_t)digits[c >> 4]);
        wr_u8(wr, (uint8_t)digits[c & 15]);
    } else {
        wr_u8(wr, c);
    }
}

static void
characters(struct json_wr *j, struct bytes utf8)
{
    if (!utf8_valid(utf8)) {
        j->wr.failed = true;
        return;
    }
    for (size_t i = 0; i < utf8.len; i++) {
        character(&j->wr, utf8.p[i]);
    }
}

void
json_wr_joined(struct json_wr *j, const struct bytes *texts, size_t n)
{
    value_begins(j);
    wr_u8(&j->wr, '"');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            wr_u8(&j->wr, ' ');
        }
        characters(j, texts[i]);
    }
    wr_u8(&j->wr, '"');
}

void
json_wr_text(struct json_wr *j, struct bytes utf8)
{
    json_wr_joined(j, &utf8, 1);
}

void
json_wr_str(struct json_wr *j, const char *value)
{
    json_wr_text(j, bytes_str(value));
}

void
json_wr_key(struct json_wr *j, const char *name)
{
    json_wr_str(j, name);
    wr_u8(&j->wr, ':');
    j->comma = false;
}

void
json_wr_int(struct json_wr *j, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    value_begins(j);
    if (value > SAFE_INTEGER || value < -SAFE_INTEGER) {
        j->wr.failed = true;
        return;
    }
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    wr_bytes(&j->wr, bytes_of(digits + at, sizeof(digits) - at));
}

static void
word(struct json_wr *j, const char *text)
{
    value_begins(j);
    wr_str(&j->wr, text);
}

void
json_wr_bool(struct json_wr *j, bool value)
{
    word(j, value ? "true" : "false");
}

void
json_wr_null(struct json_wr *j)
{
    word(j, "null");
}

void
json_wr_b64(struct json_wr *j, struct bytes value)
{
    char *room;

    value_begins(j);
    wr_u8(&j->wr, '"');
    room = (char *)wr_room(&j->wr, B64_LEN(value.len) + 1);
    if (room) {
        room[b64_write(room, value)] = '"'; /* in the place of the NUL */
    }
}

struct bytes
json_wr_done(const struct json_wr *j)
{
    return j->depth == 0 ? wr_done(&j->wr) : BYTES_NULL;
}
