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

static const struct order_pair pair = {
    .high_ms = INT64_C(1700000000000),
    .low_ms = INT64_C(1700000300000),
    .nonce_ms = INT64_C(1700000300000),
    .now_ms = INT64_C(1700000600000),
    .before_ms = 100000,
    .clock_ms = UINT64_C(30) * 86400 * 1000, /* a month since it was cleared last */
};

static void
high_low_high_of_a_long_run_is_two_tpms(void)
{
    CHECK_EQ(order_pair_judge(&pair), ORDER_TWO);
}

static void
a_tpm_that_was_cleared_in_between_can_say_it(void)
{
    struct order_pair one = pair;
    uint64_t most = (600000 + 100000 + 60000) / 2 * 3; /* it ran half as fast again */

    one.clock_ms = most;
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
    one.clock_ms = most + 150;
    CHECK_EQ(order_pair_judge(&one), ORDER_TWO);
    one.before_ms += 100; /* the high one may be older */
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
    one.clock_ms = 0;
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
    one.clock_ms = UINT64_MAX;
    CHECK_EQ(order_pair_judge(&one), ORDER_TWO);
}

static void
what_may_have_been_quoted_before_is_asked_for_again(void)
{
    struct order_pair one = pair;

    one.nonce_ms = pair.low_ms - 1;
    CHECK_EQ(order_pair_judge(&one), ORDER_ASK);
    one.nonce_ms = 0; /* a front's word for the time */
    CHECK_EQ(order_pair_judge(&one), ORDER_ASK);
    one.clock_ms = 1000; /* and not where it would not matter */
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
}

static void
without_a_pair_or_a_clock_of_ours_nothing_is_told(void)
{
    struct order_pair one = pair;

    one.low_ms = 0;
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
    one = pair;
    one.high_ms = 0; /* a row of an older version */
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
    one = pair;
    one.now_ms = pair.low_ms - 1; /* it was set back */
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
    one.nonce_ms = 0;
    CHECK_EQ(order_pair_judge(&one), ORDER_ONE);
}

CHECK_MAIN(CASE(the_first_evidence_has_nothing_before_it),
           CASE(boots_are_ordered_by_reset_then_restart),
           CASE(within_a_boot_the_clock_must_advance), CASE(a_clock_that_lags_needs_a_fresh_nonce),
           CASE(high_low_high_of_a_long_run_is_two_tpms),
           CASE(a_tpm_that_was_cleared_in_between_can_say_it),
           CASE(what_may_have_been_quoted_before_is_asked_for_again),
           CASE(without_a_pair_or_a_clock_of_ours_nothing_is_told))
