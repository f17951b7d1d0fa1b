/* base/hex, base/b64, base/text, base/utf8 */
#include "base/b64.h"
#include "base/hex.h"
#include "base/text.h"
#include "base/utf8.h"
#include "lib/check.h"

static uint8_t pad[64];

static void
hex_goes_both_ways(void)
{
    uint8_t out[4];
    size_t len = 0;
    char text[9];

    CHECK_EQ(hex_read(bytes_str("00fFa9"), out, sizeof(out), &len), 0);
    CHECK_STR(hex_write(text, bytes_of(out, len)), "00ffa9");
}

static void
bad_hex_is_refused(void)
{
    uint8_t out[2];
    size_t len = 0;

    CHECK_EQ(hex_read(bytes_str("0"), out, sizeof(out), &len), 1);
    CHECK_EQ(hex_read(bytes_str("0g"), out, sizeof(out), &len), 1);
    CHECK_EQ(hex_read(bytes_str("000000"), out, sizeof(out), &len), 1);
    CHECK_EQ(hex_read(bytes_str(" 0"), out, sizeof(out), &len), 1);
    CHECK_EQ(len, 0);
}

static void
base64url_goes_both_ways_at_every_length(void)
{
    uint8_t in[40];
    uint8_t back[40];
    char text[B64_LEN(40) + 1];
    size_t len = 0;

    for (size_t n = 0; n <= sizeof(in); n++) {
        for (size_t i = 0; i < n; i++) {
            in[i] = (uint8_t)(251 * i + n);
        }
        CHECK_EQ(b64_write(text, bytes_of(in, n)), B64_LEN(n));
        CHECK_EQ(b64_read(bytes_str(text), back, n, &len), 0);
        CHECK_BYTES(bytes_of(back, len), bytes_of(in, n));
    }
}

static void
base64url_has_one_spelling(void)
{
    static const char *const bad[] = {"A", "AB=", "AB==", "A B", "A+", "A/", "AB", "AAB", "AAAAA"};
    uint8_t out[8];
    size_t len = 0;

    CHECK_EQ(b64_read(bytes_str("-_8"), out, sizeof(out), &len), 0);
    CHECK_BYTES(bytes_of(out, len), check_hex("fbff"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(b64_read(bytes_str(bad[i]), out, sizeof(out), &len), 1);
    }
    CHECK_EQ(b64_read(bytes_str("AAAA"), out, 2, &len), 1);
}

static void
utf8_is_strict(void)
{
    static const char *const good[] = {"", "a", "c3a4", "e282ac", "f09f9880", "f48fbfbf"};
    static const char *const bad[] = {"80",     "c080",     "c3",       "e08080", "eda080",
                                      "f08080", "f4908080", "f8888080", "c3a4ff"};

    CHECK(utf8_valid(bytes_str("a")));
    for (size_t i = 2; i < ARRAY_LEN(good); i++) {
        CHECK(utf8_valid(check_guarded(check_hex(good[i]))));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!utf8_valid(check_guarded(check_hex(bad[i]))));
    }
}

static void
outside_bytes_are_escaped(void)
{
    char out[TEXT_QUOTED_ROOM(8)];

    CHECK_STR(text_quoted(out, sizeof(out), bytes_str("a\"\\\n\x1b")), "\"a\\x22\\x5c\\x0a\\x1b\"");
    CHECK_STR(text_escaped(out, sizeof(out), check_hex("00ff41")), "\\x00\\xffA");
    CHECK_STR(text_quoted(out, sizeof(out), BYTES_NULL), "\"\"");
    CHECK_STR(text_printable(out, sizeof(out), bytes_str("a\"\\\n\x1b")), "a\"\\\\x0a\\x1b");
}

static void
escaping_stops_at_its_room(void)
{
    struct bytes in = check_hex("4142430045464748494a");

    for (size_t cap = 6; cap < 64; cap++) {
        char *room = (char *)(uintptr_t)check_guarded(bytes_of(pad, cap)).p;

        CHECK(strlen(text_quoted(room, cap, in)) < cap);
        CHECK(strlen(text_escaped(room, cap, in)) < cap);
    }
    CHECK_STR(text_escaped((char[8]){0}, 8, in), "ABC...");
}

CHECK_MAIN(CASE(hex_goes_both_ways), CASE(bad_hex_is_refused),
           CASE(base64url_goes_both_ways_at_every_length), CASE(base64url_has_one_spelling),
           CASE(utf8_is_strict), CASE(outside_bytes_are_escaped), CASE(escaping_stops_at_its_room))
