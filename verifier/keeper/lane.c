#include "keeper/lane.h"

#include <errno.h>
#include <stdlib.h>

#include "keeper/keeper.h"
#include "keeper/peer-prefix.h"

struct waiting {
    struct asked *asked;       /* NULL: its front is gone */
    struct peer_prefix prefix; /* of its peer */
};

struct lane {
    struct waiting waiting[LANE_WAITING_MAX]; /* a ring */
    size_t first;
    size_t n;
    int64_t left_us; /* below zero: a debt */
    int64_t at_ms;   /* when left_us was so */
};

struct lane *
lane_new(int64_t now_ms)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (lane) {
        lane->left_us = LANE_BURST_US;
        lane->at_ms = now_ms;
    }
    return lane;
}

void
lane_free(struct lane *lane)
{
    for (size_t i = 0; lane && i < lane->n; i++) {
        asked_free(lane->waiting[(lane->first + i) % LANE_WAITING_MAX].asked);
    }
    free(lane);
}

static struct waiting *
place(struct lane *lane, size_t i)
{
    return &lane->waiting[(lane->first + i) % LANE_WAITING_MAX];
}

/* How many wait that came from the same network: it may not take all places. */
static size_t
n_of_prefix(struct lane *lane, const struct peer_prefix *prefix)
{
    size_t n = 0;

    for (size_t i = 0; i < lane->n; i++) {
        const struct waiting *other = place(lane, i);

        n += other->asked && memcmp(&other->prefix, prefix, sizeof(*prefix)) == 0;
    }
    return n;
}

int
lane_put(struct lane *lane, struct asked *take_asked)
{
    struct peer_prefix prefix;

    if (lane->n == LANE_WAITING_MAX) {
        return -ENOBUFS;
    }
    prefix = peer_prefix(take_asked->request.peer);
    if (n_of_prefix(lane, &prefix) >= LANE_WAITING_PREFIX) {
        return -ENOBUFS;
    }
    *place(lane, lane->n++) = (struct waiting){take_asked, prefix};
    return 0;
}

static void
earn(struct lane *lane, int64_t now_ms)
{
    int64_t passed_ms = now_ms - lane->at_ms;

    if (passed_ms <= 0) {
        return;
    }
    lane->at_ms = now_ms;
    /* a long sleep earns no more than a burst, and cannot overflow */
    passed_ms = passed_ms > LANE_BURST_US ? LANE_BURST_US : passed_ms;
    lane->left_us += passed_ms * 1000 * LANE_SHARE_PERCENT / 100;
    lane->left_us = lane->left_us > LANE_BURST_US ? LANE_BURST_US : lane->left_us;
}

struct asked *
lane_next(struct lane *lane, int64_t now_ms)
{
    struct asked *next = NULL;

    earn(lane, now_ms);
    while (!next && lane->n > 0 && lane->left_us > 0) {
        next = place(lane, 0)->asked;
        lane->first = (lane->first + 1) % LANE_WAITING_MAX;
        lane->n--;
    }
    return next;
}

void
lane_spend(struct lane *lane, int64_t us)
{
    lane->left_us -= us;
}

size_t
lane_waiting(const struct lane *lane)
{
    return lane->n;
}

void
lane_front_gone(struct lane *lane, const struct ipc *front, const uint64_t *connection)
{
    for (size_t i = 0; i < lane->n; i++) {
        struct asked **at = &place(lane, i)->asked;

        if (*at && (*at)->front == front &&
            (!connection || (*at)->request.connection == *connection)) {
            asked_free(*at);
            *at = NULL;
        }
    }
}
