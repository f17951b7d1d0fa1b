#include "appraise/order.h"

/* The owner may slow the TPM's clock by about a third, and arrival times shake by seconds. */
enum { RATE_PERCENT = 65, SLACK_MS = 10000, FRESH_NONCE_MS = 30000 };
enum { FAST_PERCENT = 150, FAST_SLACK_MS = 60000 };

static bool
clock_lags(const struct order_point *last, const struct order_point *now)
{
    int64_t ours = now->arrived_ms - last->arrived_ms;
    int64_t least = ours / 100 * RATE_PERCENT - SLACK_MS;
    uint64_t theirs = now->clock_ms - last->clock_ms;

    return least > 0 && theirs < (uint64_t)least;
}

static enum order_verdict
judge_same_boot(const struct order_point *last, const struct order_point *now, int64_t nonce_age_ms)
{
    if (now->clock_ms <= last->clock_ms) {
        return ORDER_BACK;
    }
    if (clock_lags(last, now) && (nonce_age_ms < 0 || nonce_age_ms > FRESH_NONCE_MS)) {
        return ORDER_LAGS;
    }
    return ORDER_SAME;
}

enum order_verdict
order_judge(const struct order_point *last, const struct order_point *now, int64_t nonce_age_ms)
{
    if (!last || now->era > last->era) {
        return ORDER_FIRST;
    }
    if (now->era < last->era) {
        return ORDER_BACK;
    }
    if (now->reset_count < last->reset_count) {
        return ORDER_RESET;
    }
    if (now->reset_count > last->reset_count) {
        return ORDER_BOOT;
    }
    if (now->restart_count < last->restart_count) {
        return ORDER_BACK;
    }
    if (now->restart_count > last->restart_count) {
        return ORDER_MAYBE;
    }
    return judge_same_boot(last, now, nonce_age_ms);
}

enum order_count
order_pair_judge(const struct order_pair *pair)
{
    int64_t since = pair->now_ms - pair->high_ms + pair->before_ms;

    /* a clock of ours that was set back makes no proof, and would ask for ever */
    if (pair->low_ms == 0 || pair->high_ms == 0 || pair->now_ms < pair->low_ms || since < 0 ||
        pair->clock_ms / FAST_PERCENT * 100 <= (uint64_t)(since + FAST_SLACK_MS)) {
        return ORDER_ONE;
    }
    return pair->nonce_ms >= pair->low_ms ? ORDER_TWO : ORDER_ASK;
}
