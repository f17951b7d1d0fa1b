/* POST /announce: what a hook of the device says that a coming boot will measure, and the same
 * bytes as a file that the hook leaves for the attestor. announce.cddl; protocol page, Answers.
 *
 * It is the device's word and explains; no boot is affirmed by it. PCRs and digests are named and
 * not slots: which slot an event is in the verifier finds from the log that brings it. */
#pragma once

#include "base/alg.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"

struct announce_event {
    uint32_t pcr;
    struct bytes digests[HASH_N]; /* by bank, of the bank's size; .p == NULL: none; one at least */
    struct bytes label;           /* what it is of, or .p == NULL */
};

struct announce {
    struct bytes component; /* a name, base/name.h */
    struct bytes version;
    size_t n_events; /* at least 1 */
    struct announce_event events[LIMIT_ANNOUNCE_EVENTS];
    int64_t made_ms; /* UTC, by the device's clock: for people */
    uint32_t life_s; /* it stands so long from when the verifier hears it; 1 to a week */
};

#define ANNOUNCE_LIFE_MAX_S (7u * 86400u)

/* Views into in. Returns 0 or 1 with the fault; *ret is untouched then. */
MUST_CHECK int announce_read(struct bytes in, struct announce *ret, struct fault *ret_fault);

/* wr has failed when it took more than LIMIT_ANNOUNCE_BYTES, or does not fit. */
void announce_write(struct wr *wr, const struct announce *announce);
