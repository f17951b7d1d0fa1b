/* Two sequences set side by side by what they have in common: whoever compares logs says what is
 * the same. Pure. */
#pragma once

#include "base/limits.h"
#include "base/std.h"

enum align_step {
    ALIGN_SAME,
    ALIGN_CHANGED, /* one became the other */
    ALIGN_REMOVED,
    ALIGN_ADDED,
};

struct align_ask {
    size_t n_a, n_b; /* at most LIMIT_EVENTS each */
    void *context;
    bool (*same)(const void *context, size_t a, size_t b);
    bool (*becomes)(const void *context, size_t a, size_t b); /* may one have become the other? */
    /* Told in the order of both; of what was removed b says nothing, of what was added a. */
    void (*tell)(void *context, enum align_step step, size_t a, size_t b);
};

/* Tells of each member of both once, along a longest common subsequence. Takes at most 32 MiB.
 * Returns 0 or -ENOMEM. */
MUST_CHECK int align(const struct align_ask *ask);
