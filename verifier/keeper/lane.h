/* Enrolments wait here until the attestations of a turn are done, and get at most a tenth of the
 * keeper: whoever asks, strangers cannot crowd devices out. Protocol page, Limits. */
#pragma once

#include "base/ipc.h"
#include "base/std.h"

struct asked;
struct lane;

#define LANE_WAITING_MAX 64u      /* at the dearest rate, a second and a half */
#define LANE_WAITING_PREFIX 16u   /* of one /24 or /48: a quarter of them */
#define LANE_BURST_US 200000      /* a quiet keeper serves 400 at once */
#define LANE_SHARE_PERCENT 10     /* of the time that passes */
#define LANE_ENROL_US 500         /* what one enrolment costs: parse, MakeCredential, sign */
#define LANE_LARGE_CURVE_US 2000  /* more, with an EK of P-384 or larger */
#define LANE_CERTIFICATES_US 2500 /* more, to check a chain: three signatures of large curves */

struct lane *lane_new(int64_t now_ms);
void lane_free(struct lane *lane); /* and what waits */

/* Owns *take_asked from now when 0; -ENOBUFS when too much waits, of all or of its prefix, and the
 * caller keeps it. */
MUST_CHECK int lane_put(struct lane *lane, struct asked *take_asked);

/* The oldest that waits, the caller's from now, as long as time is left; else NULL. */
struct asked *lane_next(struct lane *lane, int64_t now_ms);

/* What was just done cost so much; it may be more than was left. */
void lane_spend(struct lane *lane, int64_t us);

size_t lane_waiting(const struct lane *lane);

/* Nobody waits for those of a front, or of one connection of it (NULL: all), any more. */
void lane_front_gone(struct lane *lane, const struct ipc *front, const uint64_t *connection);
