#include "lib/cbor-text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/cbor-wr.h"
#include "lib/check.h"

enum { ROOM = 1 << 20, ITEMS_MAX = 4096 };

struct parsing {
    const char *at;
};

static void item(struct parsing *p, struct wr *wr);

static void
blanks(struct parsing *p)
{
    while (*p->at != '\0' && strchr(" \n,:", *p->at)) {
        p->at++;
    }
}

static struct wr
room(void)
{
    return wr_init(check_keep(malloc(ROOM)), ROOM);
}

/* All up to the closing mark, as they are written; returns how many there are. */
static size_t
many(struct parsing *p, char close, struct wr *wr)
{
    size_t n = 0;

    for (blanks(p); *p->at != close; blanks(p)) {
        CHECK(*p->at != '\0' && n < ITEMS_MAX);
        item(p, wr);
        n++;
    }
    p->at++;
    return n;
}

static struct bytes
quoted(struct parsing *p, char end)
{
    const char *from = ++p->at;

    while (*p->at != end) {
        CHECK(*p->at != '\0');
        p->at++;
    }
    return bytes_of(from, (size_t)(p->at++ - from));
}

static void
hex(struct parsing *p, struct wr *wr, bool item_of_it)
{
    const char *from = p->at;
    char text[4096];
    size_t len;
    struct bytes bytes;

    while (isxdigit((unsigned char)*p->at)) {
        p->at++;
    }
    len = (size_t)(p->at - from);
    CHECK(len < sizeof(text));
    memcpy(text, from, len);
    text[len] = '\0';
    bytes = check_hex(text);
    if (item_of_it) {
        cbor_wr_bstr(wr, bytes);
    } else {
        wr_bytes(wr, bytes);
    }
}

static void
number(struct parsing *p, struct wr *wr)
{
    char *end;
    bool negative = *p->at == '-';
    unsigned long long value = strtoull(p->at + negative, &end, 10);

    CHECK(end != p->at + negative);
    p->at = end;
    if (*p->at == '(') {
        p->at++;
        cbor_wr_tag(wr, value);
        CHECK_EQ(many(p, ')', wr), 1);
    } else if (negative) {
        cbor_wr_int(wr, -(int64_t)value);
    } else {
        cbor_wr_uint(wr, value);
    }
}

static bool
word(struct parsing *p, const char *text)
{
    bool is = strncmp(p->at, text, strlen(text)) == 0;

    p->at += is ? strlen(text) : 0;
    return is;
}

static void
collection(struct parsing *p, struct wr *wr, char open)
{
    struct wr inner = room();
    size_t n = many(p, open == '[' ? ']' : open == '{' ? '}' : '>', &inner);

    if (open == '[') {
        cbor_wr_array(wr, n);
    } else if (open == '{') {
        CHECK_EQ(n % 2, 0);
        cbor_wr_map(wr, n / 2);
    } else {
        CHECK(*p->at++ == '>');
        cbor_wr_bstr(wr, wr_done(&inner));
        return;
    }
    wr_bytes(wr, wr_done(&inner));
}

static void
item(struct parsing *p, struct wr *wr)
{
    blanks(p);
    if (word(p, "true") || word(p, "false")) {
        cbor_wr_bool(wr, p->at[-3] == 'r');
    } else if (word(p, "null")) {
        cbor_wr_null(wr);
    } else if (word(p, "h'")) {
        hex(p, wr, true);
        CHECK(*p->at++ == '\'');
    } else if (word(p, "`")) {
        hex(p, wr, false);
    } else if (*p->at == '"') {
        cbor_wr_tstr_view(wr, quoted(p, '"'));
    } else if (word(p, "<<")) {
        collection(p, wr, '<');
    } else if (word(p, "[") || word(p, "{")) {
        collection(p, wr, p->at[-1]);
    } else {
        number(p, wr);
    }
}

struct bytes
cbor_text(const char *text)
{
    struct parsing p = {.at = text};
    struct wr wr = room();

    item(&p, &wr);
    blanks(&p);
    CHECK(*p.at == '\0');
    CHECK(!wr.failed);
    return wr_done(&wr);
}

struct bytes
cbor_textf(const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    CHECK(vasprintf(&text, format, args) >= 0);
    va_end(args);
    return cbor_text(check_keep(text));
}
