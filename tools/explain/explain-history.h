/* What the audit log tells of a device and of the policy around it: since when its verdict is what
 * it is, and what was published since it passed. Appraisal page, section 4 (1), (8). */
#pragma once

#include "store/store.h"

#define HISTORY_ROWS 500000 /* so many of the last rows are read */
#define HISTORY_MOVES 8u

struct explain_history {
    int64_t since_ms; /* since when its verdicts are accepted, or refused, alike; 0: not known */
    bool known;       /* the rows reach back to its last accepted evidence */
    uint64_t then;    /* sequence of the bundle that counted then; 0: none did */
    uint64_t now;     /* of what was published last; 0: nothing was */
    int64_t published_ms; /* when */
    unsigned n_published; /* bundles since then */
    unsigned n_moves;     /* releases that moved since then; of the first ones: */
    char moves[HISTORY_MOVES][160];
};

/* accepted_ms: when the device passed last; 0: never. Returns 0 or a negative errno. */
MUST_CHECK int explain_history(struct store *store, const uint8_t device[WIRE_UEID_SIZE],
                               int64_t accepted_ms, struct explain_history *ret);
