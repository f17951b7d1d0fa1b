/* What two boots of one device measured differently, slot by slot: what a policy speaks of, and not
 * one PCR's digest that tells nothing. Pure. Appraisal page, section 4 (5). */
#pragma once

#include "appraise/slots.h"

enum slot_change {
    SLOT_CHANGED, /* one value stands where another stood */
    SLOT_ADDED,
    SLOT_REMOVED,
    SLOT_MOVED, /* the same value, at another place of its slot */
};

/* "changed" */
const char *slot_change_name(enum slot_change change);

struct slot_diff_item {
    enum slot_change change;
    enum slot slot;
    const struct event *before; /* of the logs compared; NULL: added */
    const struct event *after;  /* NULL: removed */
};

#define SLOT_DIFF_MAX 256u /* told one by one; what is more is counted */

struct slot_diff {
    size_t n;
    struct slot_diff_item items[SLOT_DIFF_MAX];
    size_t n_before, n_after; /* events in slots, echoes left out */
    uint16_t same[SLOT_N];    /* events of a slot that both have, at their place */
    uint16_t changed[SLOT_N]; /* changes of a slot, told or not; a move is one */
    size_t n_changed;         /* of all slots */
};

struct slot_side {
    const struct event_log *log;
    const struct slot_map *map; /* its slots, slots_assign() with the PCRs that are compared */
};

/* Compares by the digests of a bank; a log that lacks it has no events. Events of no slot and
 * echoes are left out. Returns 0 or -ENOMEM. *ret has views into both logs. */
MUST_CHECK int slot_diff(const struct slot_side *before, const struct slot_side *after,
                         enum hash bank, struct slot_diff *ret);
