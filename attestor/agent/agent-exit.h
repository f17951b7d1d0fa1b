/* How a run of the attestor ends: one number for scripts, one word for logs, one line for people.
 */
#pragma once

#include "base/std.h"

enum agent_exit {
    AGENT_ATTESTED = 0,
    AGENT_REFUSED = 1,
    AGENT_USAGE = 2,
    AGENT_NO_TPM = 10,
    AGENT_NO_LOG = 11,
    AGENT_NO_NETWORK = 12,
    AGENT_NO_VERIFIER = 13,
    AGENT_PENDING = 14,
    AGENT_CREDENTIAL = 15,
    AGENT_TPM_FAULT = 16,
    AGENT_TOO_LONG = 17,
};

struct agent_exit_row {
    enum agent_exit code;
    const char *name;
    const char *text; /* what it means, and what to do */
};

extern const struct agent_exit_row agent_exits[];
extern const size_t agent_exits_n;

/* "attested"; "unknown" for a number that is none. */
const char *agent_exit_name(enum agent_exit code);
