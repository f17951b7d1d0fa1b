#include "base/clock.h"

#include <time.h>

static int64_t
read_ms(clockid_t id)
{
    struct timespec now;

    if (clock_gettime(id, &now) != 0) {
        return 0;
    }
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_utc_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_boot_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

static int64_t
system_utc(void *context)
{
    (void)context;
    return clock_utc_ms();
}

static int64_t
system_mono(void *context)
{
    (void)context;
    return clock_mono_ms();
}

static int64_t
system_boot(void *context)
{
    (void)context;
    return clock_boot_ms();
}

const struct clock clock_system = {
    .utc_ms = system_utc, .mono_ms = system_mono, .boot_ms = system_boot};
