/* One release of a policy text into another state. The text stays the operator's: nothing but the
 * words of the move changes, comments and order are as they were. Appraisal page, section 5c. */
#pragma once

#include "policy/policy-compile.h"

struct policy_move {
    const char *release;     /* COMPONENT/NAME/VERSION */
    enum bundle_state state; /* that it is to have */
    const char *until;       /* "2026-11-27": the day that it retires; NULL: that stays */
};

struct policy_moved {
    enum bundle_state was;
    uint64_t was_retire_s; /* UTC; 0: no day was said */
    uint64_t active_s, retire_s;
    struct bytes text; /* the whole; free() its bytes */
};

/* Compiles the text before and after, and compares: the move, and nothing else, has been made of
 * it. A release goes from staged to active, from active to retiring and back, to retired and from
 * there back to active, and from all to revoked, where it stays; the same state again is no fault.
 * Returns 0, 1 with say->n_errors > 0, or -ENOMEM; *ret is untouched unless 0. */
MUST_CHECK int policy_move(struct bytes source, const struct policy_move *move,
                           struct policy_say *say, struct policy_moved *ret);
