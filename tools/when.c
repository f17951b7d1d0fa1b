#include "when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

const char *
when_age(char room[WHEN_ROOM], int64_t seconds)
{
    static const struct {
        int64_t below;
        int64_t unit;
        const char *name;
    } units[] = {{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {INT64_MAX, 86400, "d"}};
    size_t i = 0;

    seconds = seconds < 0 ? 0 : seconds;
    while (i + 1 < ARRAY_LEN(units) && seconds >= units[i].below) {
        i++;
    }
    snprintf(room, WHEN_ROOM, "%" PRId64 " %s", seconds / units[i].unit, units[i].name);
    return room;
}

const char *
when_utc(char room[WHEN_ROOM], int64_t ms)
{
    static const int64_t year_10000_s = 253402300800;
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    if (ms <= 0 || ms / 1000 >= year_10000_s || !gmtime_r(&seconds, &tm) ||
        strftime(room, WHEN_ROOM, "%Y-%m-%d %H:%M UTC", &tm) == 0) {
        snprintf(room, WHEN_ROOM, "-");
    }
    return room;
}
