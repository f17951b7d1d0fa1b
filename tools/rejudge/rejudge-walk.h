/* All members of a store, judged one after the other. */
#pragma once

#include "rejudge/rejudge-child.h"

struct rejudge_walk {
    const char *class_name; /* NULL: of all classes */
    bool progress;          /* count on stderr, which is a terminal */
    /* Told of each member that was judged, or could not be; NULL: a witness has seen enough. */
    void (*visit)(void *context, const struct store_device *device,
                  const struct rejudge_result *result);
    void *context;
};

/* Adds to the tally. Returns 0 or a negative errno. */
MUST_CHECK int rejudge_walk(struct rejudge *rejudge, const struct rejudge_ask *ask,
                            const struct rejudge_walk *walk, struct rejudge_tally *tally);

/* How many were not judged, whyever. */
uint64_t rejudge_not_judged(const struct rejudge_tally *tally);
