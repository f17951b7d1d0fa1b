/* base/json-wr */
#include "base/json-wr.h"
#include "lib/check.h"

static char room[512];

static struct json_wr
begin(void)
{
    return json_wr_init(room, sizeof(room));
}

static void
commas_and_brackets_stand_where_they_must(void)
{
    struct json_wr j = begin();

    json_wr_object(&j);
    json_wr_key(&j, "a");
    json_wr_array(&j);
    json_wr_int(&j, 1);
    json_wr_object(&j);
    json_wr_end_object(&j);
    json_wr_null(&j);
    json_wr_end_array(&j);
    json_wr_key(&j, "b");
    json_wr_bool(&j, true);
    json_wr_key(&j, "c");
    json_wr_bool(&j, false);
    json_wr_end_object(&j);
    CHECK_BYTES(json_wr_done(&j), bytes_str("{\"a\":[1,{},null],\"b\":true,\"c\":false}"));
}

static void
strings_are_escaped_as_rfc_8785_does(void)
{
    struct json_wr j = begin();

    json_wr_text(&j, check_hex("22 5c 08 09 0a 0c 0d 00 1f 7f 2f c3a9 f09f9880"));
    CHECK_BYTES(
        json_wr_done(&j),
        bytes_str("\"\\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001f\x7f/\xc3\xa9\xf0\x9f\x98\x80\""));
}

static void
text_that_is_not_utf8_gives_nothing(void)
{
    static const char *const bad[] = {"ff", "c0af", "eda080", "c3"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct json_wr j = begin();

        json_wr_text(&j, check_hex(bad[i]));
        CHECK(json_wr_done(&j).p == NULL);
    }
}

static void
integers_are_exact_and_bounded(void)
{
    struct json_wr j = begin();

    json_wr_array(&j);
    json_wr_int(&j, 0);
    json_wr_int(&j, -97);
    json_wr_int(&j, INT64_C(9007199254740991));
    json_wr_int(&j, -INT64_C(9007199254740991));
    json_wr_end_array(&j);
    CHECK_BYTES(json_wr_done(&j), bytes_str("[0,-97,9007199254740991,-9007199254740991]"));
    json_wr_int(&j, INT64_C(9007199254740992));
    CHECK(json_wr_done(&j).p == NULL);
    j = begin();
    json_wr_int(&j, INT64_MIN);
    CHECK(json_wr_done(&j).p == NULL);
}

static void
bytes_and_lists_become_strings(void)
{
    const struct bytes words[] = {bytes_str("a\"b"), bytes_str("c")};
    struct json_wr j = begin();

    json_wr_array(&j);
    json_wr_b64(&j, check_hex("fb ff"));
    json_wr_b64(&j, BYTES_NULL);
    json_wr_joined(&j, words, 2);
    json_wr_joined(&j, words, 0);
    json_wr_str(&j, "");
    json_wr_end_array(&j);
    CHECK_BYTES(json_wr_done(&j), bytes_str("[\"-_8\",\"\",\"a\\\"b c\",\"\",\"\"]"));
}

static void
unbalanced_brackets_give_nothing(void)
{
    struct json_wr j = begin();

    json_wr_object(&j);
    CHECK(json_wr_done(&j).p == NULL);
    json_wr_end_object(&j);
    CHECK_EQ(json_wr_done(&j).len, 2);
    json_wr_end_object(&j);
    CHECK(json_wr_done(&j).p == NULL);
}

static void
each_short_room_gives_nothing(void)
{
    static const char whole[] = "{\"k\":[\"\\u0001\",-12,\"AQ\",null]}";

    for (size_t cap = 0; cap < sizeof(whole); cap++) {
        struct bytes guarded = check_guarded(bytes_of(whole, cap));
        struct json_wr j = json_wr_init((uint8_t *)(uintptr_t)guarded.p, cap);

        json_wr_object(&j);
        json_wr_key(&j, "k");
        json_wr_array(&j);
        json_wr_text(&j, check_hex("01"));
        json_wr_int(&j, -12);
        json_wr_b64(&j, check_hex("01"));
        json_wr_null(&j);
        json_wr_end_array(&j);
        json_wr_end_object(&j);
        if (cap + 1 < sizeof(whole)) {
            CHECK(json_wr_done(&j).p == NULL);
        } else {
            CHECK_BYTES(json_wr_done(&j), bytes_str(whole));
        }
    }
}

CHECK_MAIN(CASE(commas_and_brackets_stand_where_they_must),
           CASE(strings_are_escaped_as_rfc_8785_does), CASE(text_that_is_not_utf8_gives_nothing),
           CASE(integers_are_exact_and_bounded), CASE(bytes_and_lists_become_strings),
           CASE(unbalanced_brackets_give_nothing), CASE(each_short_room_gives_nothing))
