#include "appraise/order.h"
#include "lib/check.h"

static const struct order_point base = {
    .era = 1,
    .reset_count = 5,
    .restart_count = 2,
    .clock_ms = 1000000,
    .clock_safe = true,
    .arrived_ms = INT64_C(1700000000000),
};

static enum order_verdict
after(int64_t era, uint64_t reset, uint64_t restart, int64_t clock, int64_t ours, int64_t age)
{
    struct order_point now = base;

    now.era += era;
    now.reset_count += reset;
    now.restart_count += restart;
    now.clock_ms = (uint64_t)((int64_t)now.clock_ms + clock);
    now.arrived_ms += ours;
    return order_judge(&base, &now, age);
}

static void
the_first_evidence_has_nothing_before_it(void)
{
    CHECK_EQ(order_judge(NULL, &base, -1), ORDER_FIRST);
    CHECK_EQ(after(1, 0, 0, -5000, 0, -1), ORDER_FIRST);
}

static void
boots_are_ordered_by_reset_then_restart(void)
{
    CHECK_EQ(after(0, 1, (uint64_t)-2, -900000, 100, -1), ORDER_BOOT);
    CHECK_EQ(after(0, 0, 1, 10, 100, -1), ORDER_MAYBE);
    CHECK_EQ(after(0, (uint64_t)-1, 5, 10, 100, -1), ORDER_RESET);
    CHECK_EQ(after(0, (uint64_t)-5, (uint64_t)-2, -999999, 100, -1), ORDER_RESET);
    CHECK_EQ(after(0, 0, (uint64_t)-1, 10, 100, -1), ORDER_BACK);
    CHECK_EQ(after(-1, 9, 9, 10, 100, -1), ORDER_BACK);
}

static void
within_a_boot_the_clock_must_advance(void)
{
    CHECK_EQ(after(0, 0, 0, 1, 1, -1), ORDER_SAME);
    CHECK_EQ(after(0, 0, 0, 0, 1, -1), ORDER_BACK);
    CHECK_EQ(after(0, 0, 0, -1, 1, -1), ORDER_BACK);
    /* running ahead is no fault: the owner may set it forward */
    CHECK_EQ(after(0, 0, 0, 3600000, 1000, -1), ORDER_SAME);
}

static void
a_clock_that_lags_needs_a_fresh_nonce(void)
{
    /* 600 s of ours: at least 0.65 x 600 - 10 = 380 s of theirs */
    CHECK_EQ(after(0, 0, 0, 380000, 600000, 200000), ORDER_SAME);
    CHECK_EQ(after(0, 0, 0, 379999, 600000, 200000), ORDER_LAGS);
    CHECK_EQ(after(0, 0, 0, 379999, 600000, -1), ORDER_LAGS);
    CHECK_EQ(after(0, 0, 0, 379999, 600000, 30001), ORDER_LAGS);
    CHECK_EQ(after(0, 0, 0, 379999, 600000, 30000), ORDER_SAME);
}

CHECK_MAIN(CASE(the_first_evidence_has_nothing_before_it),
           CASE(boots_are_ordered_by_reset_then_restart),
           CASE(within_a_boot_the_clock_must_advance), CASE(a_clock_that_lags_needs_a_fresh_nonce))
