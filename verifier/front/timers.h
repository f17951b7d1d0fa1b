/* When something is due, earliest first: a binary heap whose entries sit in their owners. */
#pragma once

#include "base/std.h"

#define TIMER_NEVER UINT64_MAX

struct timer {
    uint64_t due_ms;
    size_t at; /* place in the heap + 1; 0: not in it */
};

struct timers {
    struct timer **heap;
    size_t n;
    size_t cap;
};

/* Room for cap timers at once. Returns 0 or -ENOMEM. */
MUST_CHECK int timers_init(struct timers *timers, size_t cap);
void timers_done(struct timers *timers);

/* Sets, moves or (TIMER_NEVER) takes out. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t due_ms);

/* The earliest, or NULL. */
struct timer *timers_first(const struct timers *timers);
