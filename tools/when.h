/* Spans and points of time, as people read them. */
#pragma once

#include "base/std.h"

#define WHEN_ROOM 32u

/* "12 s", "3 min", "5 h", "2 d"; a span below zero is "0 s". Returns room. */
const char *when_age(char room[WHEN_ROOM], int64_t seconds);

/* "2026-11-24 14:02 UTC"; "-" for 0 and for what no calendar of four digits has. Returns room. */
const char *when_utc(char room[WHEN_ROOM], int64_t ms);
