/* tools/when */
#include "when.h"

#include "lib/check.h"

static void
spans_change_their_unit_where_they_get_long(void)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {INT64_MIN, "0 s"}, {-1, "0 s"},     {0, "0 s"},          {1, "1 s"},
        {119, "119 s"},     {120, "2 min"},  {179, "2 min"},      {180, "3 min"},
        {7199, "119 min"},  {7200, "2 h"},   {172799, "47 h"},    {172800, "2 d"},
        {259199, "2 d"},    {259200, "3 d"}, {31536000, "365 d"}, {INT64_MAX, "106751991167300 d"},
    };
    char room[WHEN_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_STR(when_age(room, rows[i].seconds), rows[i].text);
    }
}

static void
points_of_time_are_utc(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {1, "1970-01-01 00:00 UTC"},
        {59999, "1970-01-01 00:00 UTC"},
        {60000, "1970-01-01 00:01 UTC"},
        {INT64_C(951782400000), "2000-02-29 00:00 UTC"},
        {INT64_C(1790000000000), "2026-09-21 14:13 UTC"},
        {INT64_C(253402300799999), "9999-12-31 23:59 UTC"},
    };
    char room[WHEN_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_STR(when_utc(room, rows[i].ms), rows[i].text);
    }
}

static void
what_no_calendar_has_is_a_dash(void)
{
    static const int64_t bad[] = {0, -1, INT64_MIN, INT64_C(253402300800000), INT64_MAX};
    char room[WHEN_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_STR(when_utc(room, bad[i]), "-");
    }
}

CHECK_MAIN(CASE(spans_change_their_unit_where_they_get_long), CASE(points_of_time_are_utc),
           CASE(what_no_calendar_has_is_a_dash))
