/* The only place that asks what time it is. Everything else is given a time or a clock, so that a
 * test can run a year of fleet time in a second. */
#pragma once

#include "base/std.h"

/* Milliseconds since 1970-01-01 UTC; of a clock that only runs forward; and of one that also runs
 * while the machine is suspended. */
int64_t clock_utc_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_boot_ms(void);

struct clock {
    int64_t (*utc_ms)(void *context);
    int64_t (*mono_ms)(void *context);
    void *context;
    int64_t (*boot_ms)(void *context); /* the verifier's roles have no use for it */
};

/* The machine's own. */
extern const struct clock clock_system;
