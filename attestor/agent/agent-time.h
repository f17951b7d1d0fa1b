/* The time at which certificates are judged. A machine whose clock lost its battery starts in 1970
 * or thereabouts, before it has a network that could tell it the time; so no clock is believed
 * below the floor: the date of the sources, or SOURCE_DATE_EPOCH of the build when that is later.
 * RFC 5280 section 4.1.2.5 has the validity; protocol page, Attestation, has the claim. */
#pragma once

#include "base/clock.h"

struct agent_time {
    int64_t now_s; /* seconds since 1970: the clock's, or the floor */
    bool behind;   /* the clock is before the floor, so it is later than now_s by an unknown time */
};

int64_t agent_time_floor_s(void);
struct agent_time agent_time_now(const struct clock *clock);
