/* A process under a list of its own, and what came of it: for tests of base/sandbox and of the
 * roles' lists. */
#pragma once

#include "base/sandbox.h"

enum confined_end { CONFINED_RETURNED, CONFINED_FORBIDDEN, CONFINED_KILLED, CONFINED_ELSE };

struct confined {
    enum confined_end end;
    int signal;     /* that ended it, or 0 */
    int status;     /* what `act` returned, & 0xff, when it did */
    long call;      /* of its "forbidden-call" line; -1 when it wrote none */
    char said[512]; /* its standard error */
};

/* Forks; the child takes the rules (seccomp) and acts. FORBIDDEN: ended by SIGSYS with its line;
 * KILLED: by SIGSYS without one; RETURNED: `act` came back. */
struct confined confined_run(const struct sandbox_rule *rules, size_t n_rules, int (*act)(void));
