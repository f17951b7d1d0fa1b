/* Lines that anybody can cause are written so often and no more; how many were left out is told. */
#pragma once

#include "base/std.h"

#define LOG_LIMIT_LINES 20u      /* enough to see what it is about */
#define LOG_LIMIT_SPAN_MS 10000u /* 170,000 lines a day at most: 40 MB */

struct log_limit {
    int64_t since_ms; /* monotonic: when this span began */
    uint32_t n;       /* written in it */
    uint32_t left_out;
};

/* Whether a line may be written now. *ret_left_out is how many were left out in the span before,
 * told once, with the first line of a new one. */
bool log_limit_pass(struct log_limit *limit, int64_t now_ms, uint32_t *ret_left_out);
