/* What a reader makes of a firmware log, for the keeper: fixed fields a record, strictly read. The
 * reader's word counts for meaning only; the digests are believed because they replay. */
#pragma once

#include "appraise/events.h"

/* Writes the log's head and its events, in order; records_begin() first. */
void records_begin(struct wr *wr, const struct event_log *log);
void records_event(struct wr *wr, const struct event_log *log, const struct event *event);

/* Reads it all into events (room for LIMIT_EVENTS) as views into in; ret->events is `events`.
 * Returns 0 or 1: then the reader is broken or hijacked. */
MUST_CHECK int records_read(struct bytes in, struct event *events, struct event_log *ret);
