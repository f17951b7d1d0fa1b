/* What cannot be saved of a repeat attestation: a DTLS 1.2 ECDHE-PSK resumption between two ends in
 * one memory, one P-256 verification, one P-256 signature. The verifier's cost is told as a ratio
 * to their sum, so that a figure of one machine says something about another. */
#pragma once

#include "base/std.h"

struct bare;

/* CPU nanoseconds of this thread, summed over n turns. */
struct bare_cost {
    uint64_t n;
    uint64_t resumption_ns; /* both ends */
    uint64_t accepting_ns;  /* the server's share of it */
    uint64_t verify_ns;
    uint64_t sign_ns;
};

/* Makes keys and a session to resume; ends the program when it cannot. */
struct bare *bare_new(void);
void bare_free(struct bare *bare);

/* One of each, added to *cost. */
void bare_turn(struct bare *bare, struct bare_cost *cost);
