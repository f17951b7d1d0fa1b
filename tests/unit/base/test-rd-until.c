/* base/rd-until: never past the end, never past the bound. */
#include "base/rd-until.h"
#include "lib/check.h"

static void
takes_what_is_before_the_stop_and_the_stop(void)
{
    struct rd rd = rd_init(check_guarded(bytes_str("ab:c::")));

    CHECK_BYTES(rd_until(&rd, ':', 9), bytes_str("ab"));
    CHECK_BYTES(rd_until(&rd, ':', 9), bytes_str("c"));
    CHECK_EQ(rd_until(&rd, ':', 9).len, 0);
    CHECK(rd_end(&rd));
    CHECK_EQ(rd_until(&rd, ':', 9).len, 0);
    CHECK(rd.failed);
}

static void
the_bound_is_on_what_is_before_the_stop(void)
{
    for (size_t max = 0; max < 6; max++) {
        struct rd rd = rd_init(check_guarded(bytes_str("abc:d")));
        struct bytes view = rd_until(&rd, ':', max);

        CHECK_EQ(rd.failed, max < 3);
        CHECK_EQ(view.len, max < 3 ? 0 : 3);
    }
}

static void
no_stop_and_a_failed_reader_fail(void)
{
    struct rd rd = rd_init(check_guarded(bytes_str("abc")));

    CHECK_EQ(rd_until(&rd, ':', SIZE_MAX).len, 0);
    CHECK(rd.failed);
    CHECK_EQ(rd_until(&rd, 'b', SIZE_MAX).len, 0);
    rd = rd_init(BYTES_NULL);
    CHECK_EQ(rd_until(&rd, 0, SIZE_MAX).len, 0);
    CHECK(rd.failed);
}

CHECK_MAIN(CASE(takes_what_is_before_the_stop_and_the_stop),
           CASE(the_bound_is_on_what_is_before_the_stop), CASE(no_stop_and_a_failed_reader_fail))
