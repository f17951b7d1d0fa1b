/* keeper/lane: the share of a keeper that enrolment gets. */
#include "keeper/lane.h"

#include <errno.h>
#include <stdlib.h>

#include "keeper/keeper.h"
#include "lib/check.h"

static struct lane *lane;

static struct asked *
make(uint64_t id, const char *peer)
{
    struct asked *asked = calloc(1, sizeof(*asked));

    CHECK(asked);
    asked->id = id;
    asked->request.peer = bytes_str(peer);
    return asked;
}

/* From a network of its own. */
static struct asked *
put(uint64_t id)
{
    static char peers[256][32];
    char *peer = peers[id % 256];
    struct asked *asked;

    snprintf(peer, sizeof(peers[0]), "198.51.%u.7:5684", (unsigned)(id % 256));
    asked = make(id, peer);
    CHECK_EQ(lane_put(lane, asked), 0);
    return asked;
}

/* The id of the next; 0: none. */
static uint64_t
next(int64_t now_ms)
{
    struct asked *asked = lane_next(lane, now_ms);
    uint64_t id = asked ? asked->id : 0;

    asked_free(asked);
    return id;
}

static void
the_oldest_goes_first(void)
{
    lane = lane_new(0);
    put(1);
    put(2);
    CHECK_EQ(lane_waiting(lane), 2);
    CHECK_EQ(next(0), 1);
    put(3);
    CHECK_EQ(next(0), 2);
    CHECK_EQ(next(0), 3);
    CHECK_EQ(next(0), 0);
    lane_free(lane);
}

/* Served from a start with nothing left until the clock is at that time. */
static size_t
served_until(int64_t until_ms, int64_t cost_us)
{
    size_t n = 0;

    lane = lane_new(0);
    lane_spend(lane, LANE_BURST_US);
    put(9);
    CHECK_EQ(next(0), 0);
    for (int64_t now = 0; now <= until_ms; now++) {
        while (next(now) != 0) {
            lane_spend(lane, cost_us);
            put(9);
            n++;
        }
    }
    lane_free(lane);
    return n;
}

static void
a_tenth_of_the_time_is_spent_and_no_more(void)
{
    CHECK_EQ(served_until(1000, LANE_ENROL_US), 1000 * 1000 / 10 / LANE_ENROL_US);
    CHECK_EQ(served_until(1000, 2 * LANE_ENROL_US), 1000 * 1000 / 10 / LANE_ENROL_US / 2);
    CHECK(served_until(60000, 2500) <= 60000 * 1000 / 10 / 2500 + 1);
}

static void
a_quiet_time_earns_a_burst_and_no_more(void)
{
    size_t n = 0;

    lane = lane_new(0);
    put(1);
    while (next(INT64_MAX) != 0) {
        lane_spend(lane, LANE_ENROL_US);
        put(1);
        n++;
    }
    CHECK_EQ(n, LANE_BURST_US / LANE_ENROL_US);
    CHECK_EQ(next(0), 0); /* a clock that went back earns nothing */
    lane_free(lane);
}

static void
a_debt_is_paid_before_the_next(void)
{
    lane = lane_new(0);
    put(1);
    put(2);
    CHECK_EQ(next(0), 1);
    lane_spend(lane, LANE_BURST_US + 1000);
    CHECK_EQ(next(9), 0);
    CHECK_EQ(next(10), 0); /* nothing is left, and nothing owed */
    CHECK_EQ(next(11), 2);
    lane_free(lane);
}

static void
a_full_lane_takes_no_more(void)
{
    struct asked over = {0};

    lane = lane_new(0);
    for (uint64_t i = 0; i < LANE_WAITING_MAX; i++) {
        put(i + 1);
    }
    CHECK_EQ(lane_put(lane, &over), -ENOBUFS);
    CHECK_EQ(next(0), 1);
    put(100);
    CHECK_EQ(lane_put(lane, &over), -ENOBUFS);
    lane_free(lane); /* with all that waits */
    lane_free(NULL);
}

static void
one_network_does_not_take_all_places(void)
{
    struct asked *over = make(99, "[2001:db8:1:ffff::1]:7");

    lane = lane_new(0);
    for (uint64_t i = 0; i < LANE_WAITING_PREFIX; i++) {
        CHECK_EQ(lane_put(lane, make(i + 1, "[2001:db8:1::1]:5684")), 0);
    }
    CHECK_EQ(lane_put(lane, over), -ENOBUFS);
    put(50);
    CHECK_EQ(lane_put(lane, make(51, "[2001:db8:2::1]:5684")), 0);
    CHECK_EQ(next(0), 1);
    CHECK_EQ(lane_put(lane, over), 0);
    CHECK_EQ(lane_waiting(lane), LANE_WAITING_PREFIX + 2);
    lane_free(lane);
}

static void
places_of_who_is_gone_are_nobodys(void)
{
    struct ipc *front = (struct ipc *)&lane; /* a name only */

    lane = lane_new(0);
    for (uint64_t i = 0; i < LANE_WAITING_PREFIX; i++) {
        struct asked *asked = make(i + 1, "192.0.2.1:1");

        asked->front = front;
        CHECK_EQ(lane_put(lane, asked), 0);
    }
    lane_front_gone(lane, front, NULL);
    CHECK_EQ(lane_put(lane, make(50, "192.0.2.2:1")), 0);
    lane_free(lane);
}

static void
who_is_gone_is_passed_over(void)
{
    struct ipc *fronts[2] = {(struct ipc *)&lane, (struct ipc *)&fronts}; /* names only */
    const uint64_t connection = 7;

    lane = lane_new(0);
    for (uint64_t i = 0; i < 6; i++) {
        struct asked *asked = put(i + 1);

        asked->front = fronts[i % 2];
        asked->request.connection = 7 + i / 2;
    }
    lane_front_gone(lane, fronts[0], &connection); /* 1 */
    lane_front_gone(lane, fronts[1], NULL);        /* 2, 4, 6 */
    CHECK_EQ(next(0), 3);
    CHECK_EQ(next(0), 5);
    CHECK_EQ(next(0), 0);
    CHECK_EQ(lane_waiting(lane), 0);
    lane_free(lane);
}

CHECK_MAIN(CASE(the_oldest_goes_first), CASE(a_tenth_of_the_time_is_spent_and_no_more),
           CASE(a_quiet_time_earns_a_burst_and_no_more), CASE(a_debt_is_paid_before_the_next),
           CASE(a_full_lane_takes_no_more), CASE(one_network_does_not_take_all_places),
           CASE(places_of_who_is_gone_are_nobodys), CASE(who_is_gone_is_passed_over))
