/* What the appraisal sees of an event of a firmware log, from what the log's reader found: the same
 * for the service's reader and for the tools that need no service. */
#pragma once

#include "appraise/events.h"
#include "formats/evdata.h"

/* A log being turned: known banks only, by their place in it. */
struct event_from {
    struct bytes body;
    size_t n_banks;
    size_t place[LIMIT_BANKS];
};

/* Sets the banks of *ret_head, which is zeroed, to those of the log that we know. */
struct event_from event_from_log(struct bytes body, const struct evlog *log,
                                 struct event_log *ret_head);

/* An event that extends nothing has PCR UINT32_MAX. Digests are views into the log; the label is
 * empty, it is the caller's. */
void event_from(const struct event_from *from, const struct evlog_event *event,
                const struct evdata *evdata, struct event *ret);
