/* What devices make the keeper do, in microseconds that are counted, not measured, as in lane.h:
 * each device has a share of its own, so that one that asks without end is slowed and nobody else
 * is; what takes a reader, the dearest, is also counted by prefix and in total. Protocol page,
 * Limits. Only devices are counted, after their row was found: strangers can fill no row.
 *
 * A share is a debt that falls by its rate while time passes. Above its burst the device is asked
 * to wait until it is below again. */
#pragma once

#include "base/std.h"

#define COST_ATTEST_US 200   /* an evidence: look-ups, one verification, its part of a commit */
#define COST_ATTEST_KIB_US 2 /* each KiB of it: decrypted, handed on, copied, whatever is in it */
#define COST_TOKEN_US 200    /* a token: look-ups and one signature */
/* digests that a device had not announced: their audit row is kept for ever, so ten at once and
 * then one in ten seconds; what it says again costs as a token */
#define COST_ANNOUNCE_US 100000
#define COST_READ_US 4000   /* a reader, begun and ended, and its answer judged and stored */
#define COST_READ_KIB_US 50 /* each KiB of the log that it gets */
/* signatures of files that nobody had verified (ima_work), in one go: nobody else is served
 * meanwhile. 3,000 files of a boot by P-256 take one go, the longest list of P-384 sixty. */
#define COST_FILES_MOST_US 200000

/* Rates in thousandths of the time that passes. */
#define COST_DEVICE_RATE 10u /* a new log of 256 KiB each minute takes 0.3 */
#define COST_DEVICE_BURST_US 1000000
#define COST_PREFIX_RATE 250u /* an office whose machines start at the same minute */
#define COST_PREFIX_BURST_US 10000000
#define COST_ALL_RATE 500u /* a site that comes back from an outage */
#define COST_ALL_BURST_US 10000000

struct cost;

/* NULL without memory or random bytes. */
struct cost *cost_new(void);
void cost_free(struct cost *cost);

/* Who asks: the device's id, and its peer as the front tells it ("192.0.2.1:5684",
 * "[2001:db8::1]:5684"). Of text that is neither all share one prefix. */
struct cost_who {
    struct bytes device;
    struct bytes peer;
};

/* Counts us microseconds if the share allows it, and returns 0; else counts nothing and returns the
 * seconds to wait, at least 1. `reads`: it takes a reader. now_ms is monotonic. */
MUST_CHECK int64_t cost_take(struct cost *cost, const struct cost_who *who, int64_t us, bool reads,
                             int64_t now_ms);

/* Counts what was done already, whatever the share, and with what takes a reader. Returns the
 * seconds until cost_take() allows something that reads again; 0: it does. */
int64_t cost_add(struct cost *cost, const struct cost_who *who, int64_t us, int64_t now_ms);
