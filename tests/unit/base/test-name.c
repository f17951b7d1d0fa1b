#include "base/name.h"

#include "lib/check.h"

static void
each_byte_is_good_or_not(void)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    for (unsigned c = 0; c < 256; c++) {
        uint8_t name[2] = {'n', (uint8_t)c};

        CHECK_EQ(name_good(BYTES_OF(name)), c != 0 && strchr(good, (int)c) != NULL);
    }
}

static void
a_dot_may_not_come_first(void)
{
    CHECK(!name_good(bytes_str(".")));
    CHECK(!name_good(bytes_str("..")));
    CHECK(!name_good(bytes_str(".a")));
    CHECK(name_good(bytes_str("a..")));
    CHECK(name_good(bytes_str("-a")));
}

static void
lengths_are_bounded(void)
{
    char name[64];

    memset(name, 'n', sizeof(name));
    CHECK(!name_good(BYTES_NULL));
    for (size_t n = 1; n < 64; n++) {
        CHECK(name_good(check_guarded(bytes_of(name, n))));
    }
    CHECK(!name_good(bytes_of(name, 64)));
}

CHECK_MAIN(CASE(each_byte_is_good_or_not), CASE(a_dot_may_not_come_first),
           CASE(lengths_are_bounded))
