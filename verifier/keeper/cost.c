#include "keeper/cost.h"

#include <stdlib.h>

#include "base/spread.h"
#include "crypto/digest.h"
#include "keeper/peer-prefix.h"

enum { ROWS = 1024, WAYS = 4 };

struct share {
    uint64_t key; /* 0: free */
    int64_t debt_us;
    int64_t at_ms; /* when it was so */
};

struct table {
    struct share rows[ROWS][WAYS];
};

struct rate {
    int64_t thousandths;
    int64_t burst_us;
};

static const struct rate device_rate = {COST_DEVICE_RATE, COST_DEVICE_BURST_US};
static const struct rate prefix_rate = {COST_PREFIX_RATE, COST_PREFIX_BURST_US};
static const struct rate all_rate = {COST_ALL_RATE, COST_ALL_BURST_US};

struct cost {
    uint64_t seed;
    struct table devices;
    struct table prefixes;
    struct share all;
};

struct cost *
cost_new(void)
{
    struct cost *cost = calloc(1, sizeof(*cost));

    if (cost && random_bytes(&cost->seed, sizeof(cost->seed)) < 0) {
        free(cost);
        return NULL;
    }
    return cost;
}

void
cost_free(struct cost *cost)
{
    free(cost);
}

static uint64_t
prefix_key(const struct cost *cost, struct bytes peer)
{
    struct peer_prefix prefix = peer_prefix(peer);

    return spread_key(cost->seed, BYTES_OF(prefix.b));
}

static int64_t
debt(const struct share *share, const struct rate *rate, int64_t now_ms)
{
    int64_t passed_ms = now_ms > share->at_ms ? now_ms - share->at_ms : 0;

    /* a thousandth pays a microsecond each millisecond; behind this nothing overflows */
    if (passed_ms > share->debt_us / rate->thousandths) {
        return 0;
    }
    return share->debt_us - passed_ms * rate->thousandths;
}

/* The share of a key; where its row is full, whoever owes least is let go. */
static struct share *
find(struct table *table, const struct rate *rate, uint64_t key, int64_t now_ms)
{
    struct share *row = table->rows[key % ROWS];
    struct share *least = &row[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (row[i].key == key) {
            return &row[i];
        }
        if (debt(&row[i], rate, now_ms) < debt(least, rate, now_ms)) {
            least = &row[i];
        }
    }
    *least = (struct share){.key = key};
    return least;
}

/* Seconds until a share is below its burst; 0: it is. */
static int64_t
wait_s(const struct share *share, const struct rate *rate, int64_t now_ms)
{
    int64_t over_us = debt(share, rate, now_ms) - rate->burst_us;
    int64_t per_s = rate->thousandths * 1000;

    return over_us < 0 ? 0 : over_us / per_s + 1;
}

static void
spend(struct share *share, const struct rate *rate, int64_t us, int64_t now_ms)
{
    share->debt_us = debt(share, rate, now_ms) + us;
    share->at_ms = now_ms;
}

/* The shares that one asks of. */
struct shares {
    struct share *device;
    struct share *prefix; /* NULL: it takes no reader, and nothing of all */
    struct share *all;
};

static struct shares
shares_of(struct cost *cost, const struct cost_who *who, bool reads, int64_t now_ms)
{
    struct shares ret = {.all = &cost->all};

    ret.device = find(&cost->devices, &device_rate, spread_key(cost->seed, who->device), now_ms);
    if (reads) {
        ret.prefix = find(&cost->prefixes, &prefix_rate, prefix_key(cost, who->peer), now_ms);
    }
    return ret;
}

static int64_t
wait_of(const struct shares *shares, int64_t now_ms)
{
    int64_t wait = wait_s(shares->device, &device_rate, now_ms);

    if (wait == 0 && shares->prefix) {
        wait = wait_s(shares->prefix, &prefix_rate, now_ms);
    }
    if (wait == 0 && shares->prefix) {
        wait = wait_s(shares->all, &all_rate, now_ms);
    }
    return wait;
}

static void
spend_all(const struct shares *shares, int64_t us, int64_t now_ms)
{
    spend(shares->device, &device_rate, us, now_ms);
    if (shares->prefix) {
        spend(shares->prefix, &prefix_rate, us, now_ms);
        spend(shares->all, &all_rate, us, now_ms);
    }
}

int64_t
cost_take(struct cost *cost, const struct cost_who *who, int64_t us, bool reads, int64_t now_ms)
{
    struct shares shares = shares_of(cost, who, reads, now_ms);
    int64_t wait = wait_of(&shares, now_ms);

    if (wait == 0) {
        spend_all(&shares, us, now_ms);
    }
    return wait;
}

int64_t
cost_add(struct cost *cost, const struct cost_who *who, int64_t us, int64_t now_ms)
{
    struct shares shares = shares_of(cost, who, true, now_ms);

    spend_all(&shares, us, now_ms);
    return wait_of(&shares, now_ms);
}
