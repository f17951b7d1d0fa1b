/* base/log-limit */
#include "base/log-limit.h"

#include "lib/check.h"

static struct log_limit limit;
static uint32_t left_out;

static uint32_t
passes(uint32_t tries, int64_t now_ms)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < tries; i++) {
        n += log_limit_pass(&limit, now_ms, &left_out) ? 1 : 0;
    }
    return n;
}

static void
a_span_has_so_many_lines_and_no_more(void)
{
    CHECK_EQ(passes(1000, 5), LOG_LIMIT_LINES);
    CHECK_EQ(passes(1, LOG_LIMIT_SPAN_MS - 1), 0);
    CHECK_EQ(left_out, 0);
}

static void
what_was_left_out_is_told_once_with_the_next_span(void)
{
    CHECK_EQ(passes(LOG_LIMIT_LINES + 7, 0), LOG_LIMIT_LINES);
    CHECK(log_limit_pass(&limit, LOG_LIMIT_SPAN_MS, &left_out));
    CHECK_EQ(left_out, 7);
    CHECK(log_limit_pass(&limit, LOG_LIMIT_SPAN_MS, &left_out));
    CHECK_EQ(left_out, 0);
    CHECK_EQ(passes(100, LOG_LIMIT_SPAN_MS), LOG_LIMIT_LINES - 2);
}

static void
a_quiet_log_never_leaves_a_line_out(void)
{
    for (int64_t now = 0; now < 1000000; now += LOG_LIMIT_SPAN_MS / LOG_LIMIT_LINES) {
        CHECK(log_limit_pass(&limit, now, &left_out));
        CHECK_EQ(left_out, 0);
    }
}

static void
the_count_does_not_wrap(void)
{
    CHECK_EQ(passes(LOG_LIMIT_LINES, 0), LOG_LIMIT_LINES);
    limit.left_out = UINT32_MAX;
    CHECK_EQ(passes(3, 0), 0);
    CHECK(log_limit_pass(&limit, LOG_LIMIT_SPAN_MS, &left_out));
    CHECK(left_out == UINT32_MAX);
}

CHECK_MAIN(CASE(a_span_has_so_many_lines_and_no_more),
           CASE(what_was_left_out_is_told_once_with_the_next_span),
           CASE(a_quiet_log_never_leaves_a_line_out), CASE(the_count_does_not_wrap))
