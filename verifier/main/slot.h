/* One role that main keeps running: its process, its channel, and when it may start again. Pure
 * bookkeeping, so that a test can run a day of crashes in no time. */
#pragma once

#include "base/ipc.h"
#include "main/role.h"

struct slot {
    enum role_kind kind;
    size_t index;        /* of the worker or reader; a stream's is behind the last worker */
    pid_t pid;           /* 0: not running */
    struct ipc *channel; /* NULL: none, as for readers, or it is gone */
    bool ready;          /* it said so */
    bool asked;          /* main told it to end: no fault of its own */
    unsigned n_faults;   /* in a row */
    int64_t started_ms;  /* monotonic */
    int64_t start_at_ms; /* not before */
};

/* Whether it carries devices' requests to the keeper, over UDP or TCP. */
bool slot_is_front(const struct slot *slot);

/* Back-off of the n-th fault in a row: 100 ms doubling up to 30 s; a reader's ends at 1 s, as what
 * breaks it is one device's log and not its own. */
int64_t slot_delay_ms(enum role_kind kind, unsigned n_faults);

/* Notes the end of its process; at fault unless it was asked to end or ended well. Returns the
 * delay until it starts again. A life of a minute forgets the faults before. */
int64_t slot_ended(struct slot *slot, bool at_fault, int64_t now_ms);
