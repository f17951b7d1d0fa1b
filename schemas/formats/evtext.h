/* One line about an event for people. Everything in it that comes from the log is escaped; none of
 * it is to be believed unless evdata says that the digest vouches for it. */
#pragma once

#include "formats/evlog.h"

#define EVTEXT_MAX 200u

/* Writes the line, NUL-ended, empty when there is nothing to say. Returns room. */
const char *evtext_line(const struct evlog_event *event, char room[EVTEXT_MAX]);
