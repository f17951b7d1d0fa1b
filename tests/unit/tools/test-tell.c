/* tell: members of an object; what is not known is null, and nothing that JSON cannot hold is
 * written. */
#include "explain/tell.h"

#include "base/fault.h"
#include "lib/check.h"

static uint8_t room[512];
static struct json_wr j;

static void
start(void)
{
    j = json_wr_init(room, sizeof(room));
    json_wr_object(&j);
}

static void
is(const char *json)
{
    struct bytes done;

    json_wr_end_object(&j);
    done = json_wr_done(&j);
    CHECK_BYTES(done, bytes_str(json));
}

static void
texts_are_null_when_they_are_empty(void)
{
    start();
    tell_text(&j, "a", "x\"y");
    tell_text(&j, "b", "");
    tell_text(&j, "c", NULL);
    tell_view(&j, "d", bytes_str("v"));
    tell_view(&j, "e", BYTES_NULL);
    is("{\"a\":\"x\\\"y\",\"b\":null,\"c\":null,\"d\":\"v\",\"e\":null}");
}

static void
numbers_are_null_beyond_what_json_holds(void)
{
    start();
    tell_int(&j, "a", 0);
    tell_int(&j, "b", (UINT64_C(1) << 53) - 1);
    tell_int(&j, "c", UINT64_C(1) << 53);
    tell_int(&j, "d", UINT64_MAX);
    is("{\"a\":0,\"b\":9007199254740991,\"c\":null,\"d\":null}");
}

static void
times_and_places_are_null_when_there_are_none(void)
{
    start();
    tell_time(&j, "a", 1);
    tell_time(&j, "b", 0);
    tell_time(&j, "c", -1);
    tell_time(&j, "d", INT64_MAX);
    tell_place(&j, "e", 0);
    tell_place(&j, "f", FAULT_NO_EVENT);
    is("{\"a\":1,\"b\":null,\"c\":null,\"d\":null,\"e\":0,\"f\":null}");
}

static void
digests_are_digits(void)
{
    static const uint8_t digest[] = {0x00, 0xab};
    static const uint8_t longest[64] = {1};
    static const uint8_t too_long[65] = {1};

    start();
    tell_hex(&j, "a", BYTES_OF(digest));
    tell_hex(&j, "b", BYTES_NULL);
    tell_hex(&j, "c", BYTES_OF(too_long));
    is("{\"a\":\"00ab\",\"b\":null,\"c\":null}");
    start();
    tell_hex(&j, "a", BYTES_OF(longest));
    json_wr_end_object(&j);
    CHECK_EQ(json_wr_done(&j).len, 8 + 128);
}

static void
yes_no_and_nothing(void)
{
    start();
    tell_bool(&j, "a", true);
    tell_bool(&j, "b", false);
    tell_null(&j, "c");
    is("{\"a\":true,\"b\":false,\"c\":null}");
}

CHECK_MAIN(CASE(texts_are_null_when_they_are_empty), CASE(numbers_are_null_beyond_what_json_holds),
           CASE(times_and_places_are_null_when_there_are_none), CASE(digests_are_digits),
           CASE(yes_no_and_nothing))
