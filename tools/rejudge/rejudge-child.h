/* Kept evidence is what devices sent, and an operator reads it as root: it is judged in a process
 * of its own that can open no path, make no socket and run nothing, as the verifier's readers are.
 * What comes back is a few numbers. */
#pragma once

#include "rejudge/rejudge.h"

/* How many of the members were judged how. */
struct rejudge_tally {
    uint64_t members, judged, shared;
    uint64_t same, better, worse;   /* of those judged */
    uint64_t fails;                 /* of those that are worse: they would get no token */
    uint64_t acknowledged;          /* of those that fail: by nothing that was not acknowledged */
    bool has_old;                   /* there was an old bundle; */
    uint8_t old_digest[32];         /* SHA-256 of it as it lay there */
    uint64_t others[REJUDGE_WHY_N]; /* not judged, by why */
};

/* What the child does: opens what it needs, calls rejudge_confine(), works and prints. Returns an
 * exit code. */
typedef int rejudge_work_fn(void *context, struct rejudge_tally *tally);

/* Forks, works there and waits. Returns the child's exit code with its tally, or 1 after a message
 * on stderr when it did not come to its end. */
int rejudge_child(rejudge_work_fn *work, void *context, struct rejudge_tally *ret);

/* Gives up all that judging does not take; descriptors that are open stay. Returns 0 or a negative
 * errno, and then nobody may go on. */
MUST_CHECK int rejudge_confine(void);
