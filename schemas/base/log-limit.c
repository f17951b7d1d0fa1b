#include "base/log-limit.h"

bool
log_limit_pass(struct log_limit *limit, int64_t now_ms, uint32_t *ret_left_out)
{
    *ret_left_out = 0;
    if (now_ms - limit->since_ms >= (int64_t)LOG_LIMIT_SPAN_MS) {
        *ret_left_out = limit->left_out;
        *limit = (struct log_limit){.since_ms = now_ms};
    }
    if (limit->n == LOG_LIMIT_LINES) {
        limit->left_out += limit->left_out < UINT32_MAX ? 1 : 0;
        return false;
    }
    limit->n++;
    return true;
}
