#include "agent/agent-time.h"

#define SOURCES_S 1795737600 /* 2026-11-27, moved forward by each release */

int64_t
agent_time_floor_s(void)
{
    return ASSAY_BUILT_S > SOURCES_S ? ASSAY_BUILT_S : SOURCES_S;
}

struct agent_time
agent_time_now(const struct clock *clock)
{
    int64_t now_s = clock->utc_ms(clock->context) / 1000;
    int64_t floor_s = agent_time_floor_s();

    return (struct agent_time){now_s < floor_s ? floor_s : now_s, now_s < floor_s};
}
