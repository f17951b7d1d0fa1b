/* keeper/cost and keeper/peer-prefix: what devices may make the keeper do. */
#include "keeper/cost.h"
#include "keeper/peer-prefix.h"
#include "lib/check.h"

static struct cost *cost;

static struct bytes
device(uint8_t n)
{
    static uint8_t ids[256][33];

    memset(ids[n], n, sizeof(ids[n]));
    return BYTES_OF(ids[n]);
}

static int64_t
take(uint8_t n, const char *peer, int64_t us, bool reads, int64_t now_ms)
{
    struct cost_who who = {device(n), bytes_str(peer)};

    return cost_take(cost, &who, us, reads, now_ms);
}

/* How often in a row, at one time. */
static int64_t
times(uint8_t n, const char *peer, int64_t us, bool reads, int64_t now_ms)
{
    int64_t i = 0;

    while (i < 100000 && take(n, peer, us, reads, now_ms) == 0) {
        i++;
    }
    return i;
}

static void
start(void)
{
    cost = cost_new();
    CHECK(cost);
}

static void
a_device_has_a_burst_and_then_its_rate(void)
{
    start();
    CHECK_EQ(times(1, "192.0.2.1:1", 1000, false, 0), COST_DEVICE_BURST_US / 1000);
    CHECK_EQ(take(1, "192.0.2.1:1", 1000, false, 0), 1);
    CHECK_EQ(times(1, "192.0.2.1:1", 1000, false, 1000), 10);
    CHECK_EQ(times(1, "192.0.2.1:1", 1000, false, 61000), 600);
    CHECK_EQ(times(1, "192.0.2.1:1", 1000, false, INT64_MAX), COST_DEVICE_BURST_US / 1000);
    cost_free(cost);
    cost_free(NULL);
}

static void
a_clock_that_went_back_earns_nothing(void)
{
    start();
    CHECK(times(1, "192.0.2.1:1", 1000, false, 500000) > 0);
    CHECK_EQ(times(1, "192.0.2.1:1", 1000, false, 0), 0);
    CHECK_EQ(times(1, "192.0.2.1:1", 1000, false, 501000), 10);
    cost_free(cost);
}

/* The time that is told is enough, and not much more. */
static void
who_waits_as_long_as_told_is_heard(void)
{
    static const int64_t dear[] = {1, 9999, 10000, 1000000, 50000000};

    for (size_t i = 0; i < ARRAY_LEN(dear); i++) {
        int64_t wait;

        start();
        CHECK_EQ(take(1, "192.0.2.1:1", COST_DEVICE_BURST_US - 1, false, 0), 0);
        CHECK_EQ(take(1, "192.0.2.1:1", dear[i], false, 100), 0);
        wait = take(1, "192.0.2.1:1", 1, false, 100);
        if (wait > 0) {
            CHECK(wait == 1 || take(1, "192.0.2.1:1", 1, false, 100 + (wait - 1) * 1000 - 1) > 0);
            CHECK_EQ(take(1, "192.0.2.1:1", 1, false, 100 + wait * 1000), 0);
        }
        cost_free(cost);
    }
}

static void
its_neighbours_are_not_slowed(void)
{
    start();
    (void)times(1, "192.0.2.1:1", COST_READ_US, true, 0);
    CHECK(take(1, "192.0.2.1:1", COST_ATTEST_US, false, 0) > 0);
    CHECK(take(1, "203.0.113.9:1", COST_ATTEST_US, false, 0) > 0); /* wherever it comes from */
    for (uint8_t n = 2; n < 200; n++) {
        CHECK_EQ(take(n, "192.0.2.1:1", COST_ATTEST_US, false, 0), 0);
    }
    CHECK_EQ(take(2, "192.0.2.1:1", COST_READ_US, true, 0), 0);
    cost_free(cost);
}

static void
one_network_has_a_share_of_the_readers(void)
{
    int64_t n = 0;

    start();
    for (uint8_t i = 0; i < 20; i++) {
        n += times(i, "192.0.2.1:1", 100000, true, 0);
    }
    CHECK_EQ(n, COST_PREFIX_BURST_US / 100000);
    CHECK_EQ(take(30, "192.0.2.9:1", COST_READ_US, true, 0), 1);
    CHECK_EQ(take(30, "192.0.2.9:1", COST_ATTEST_US, false, 0), 0); /* a repeat takes none */
    CHECK_EQ(take(30, "192.0.2.9:1", COST_READ_US, true, 1000), 0);
    cost_free(cost);
}

static void
all_together_have_half_of_the_readers(void)
{
    int64_t n = 0;

    start();
    for (uint8_t i = 0; i < 200; i++) {
        char peer[32];

        snprintf(peer, sizeof(peer), "[2001:db8:%x::1]:1", i);
        n += times(i, peer, 100000, true, 0);
    }
    CHECK_EQ(n, COST_ALL_BURST_US / 100000);
    CHECK_EQ(take(250, "192.0.2.1:1", COST_READ_US, true, 0), 1);
    CHECK_EQ(take(250, "192.0.2.1:1", COST_ATTEST_US, false, 0), 0);
    CHECK_EQ(take(250, "192.0.2.1:1", COST_READ_US, true, 20000), 0);
    cost_free(cost);
}

/* What was refused costs nothing: it would push the end of the wait away. */
static void
who_asks_too_early_waits_no_longer(void)
{
    start();
    (void)times(1, "192.0.2.1:1", 1000, false, 0);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(take(1, "192.0.2.1:1", 1000, false, 0), 1);
    }
    CHECK_EQ(take(1, "192.0.2.1:1", 1000, false, 1000), 0);
    cost_free(cost);
}

/* What was done already counts, also above the share: the device waits for all of it. */
static void
what_was_done_is_counted_whatever_the_share(void)
{
    struct cost_who who = {device(1), bytes_str("192.0.2.1:1")};
    int64_t wait_s;

    start();
    CHECK_EQ(cost_add(cost, &who, COST_DEVICE_BURST_US - 1, 0), 0);
    CHECK_EQ(cost_add(cost, &who, 1, 0), 1);
    wait_s = cost_add(cost, &who, COST_DEVICE_BURST_US, 0);
    CHECK_EQ(wait_s, 1 + COST_DEVICE_BURST_US / (COST_DEVICE_RATE * 1000));
    CHECK_EQ(take(1, "192.0.2.1:1", 1, false, 0), wait_s);
    CHECK_EQ(take(1, "192.0.2.1:1", 1, false, wait_s * 1000), 0);
    CHECK_EQ(take(2, "192.0.2.1:1", 1, true, 0), 0);
    cost_free(cost);
}

/* Many devices of one network: it takes from what the network has of the readers, and no repeat
 * waits for it. */
static void
what_was_done_is_the_networks_too(void)
{
    start();
    for (uint8_t n = 0; n < 20; n++) {
        struct cost_who who = {device(n), bytes_str("192.0.2.1:1")};

        (void)cost_add(cost, &who, COST_PREFIX_BURST_US / 20, 0);
    }
    CHECK_EQ(take(30, "192.0.2.9:1", COST_READ_US, true, 0), 1);
    CHECK_EQ(take(30, "192.0.2.9:1", COST_ATTEST_US, false, 0), 0);
    CHECK(take(30, "203.0.113.9:1", COST_READ_US, true, 0) > 0); /* all devices have no more */
    CHECK_EQ(take(30, "203.0.113.9:1", COST_READ_US, true, 1000), 0);
    cost_free(cost);
}

/* More devices than rows: who owes most stays. */
static void
the_table_is_of_fixed_size_and_forgets_who_owes_least(void)
{
    start();
    (void)times(1, "192.0.2.1:1", COST_DEVICE_BURST_US, false, 0);
    CHECK_EQ(take(1, "192.0.2.1:1", 1, false, 0), 1);
    for (uint32_t i = 0; i < 50000; i++) {
        uint8_t id[33] = {9, (uint8_t)i, (uint8_t)(i >> 8)};
        struct cost_who who = {BYTES_OF(id), bytes_str("192.0.2.1:1")};

        CHECK_EQ(cost_take(cost, &who, COST_ATTEST_US, false, 0), 0);
    }
    CHECK_EQ(take(1, "192.0.2.1:1", 1, false, 0), 1);
    cost_free(cost);
}

static bool
same(const char *a, const char *b)
{
    struct peer_prefix p = peer_prefix(bytes_str(a));
    struct peer_prefix q = peer_prefix(bytes_str(b));

    return memcmp(&p, &q, sizeof(p)) == 0;
}

static void
a_peers_prefix_is_its_24_or_48(void)
{
    CHECK(same("192.0.2.1:1", "192.0.2.200:65535"));
    CHECK(!same("192.0.2.1:1", "192.0.3.1:1"));
    CHECK(same("[2001:db8:1::1]:1", "[2001:db8:1:ffff:ffff:ffff:ffff:ffff]:65535"));
    CHECK(!same("[2001:db8:1::1]:1", "[2001:db8:2::1]:1"));
    CHECK(!same("[::]:1", "0.0.0.0:1"));
    CHECK(same("[::1]:1", "[::2]:1"));
}

static void
what_is_no_address_shares_one_prefix(void)
{
    static const char *const none[] = {
        "",
        "[",
        "[]",
        "[]:1",
        ":1",
        "192.0.2:1",
        "[1.2.3.4]:1",
        "::1",
        "2001:db8::1",
        "1.2.3.4.5:1",
        "192.0.2.256:1",
        "[2001:db8:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1]:1",
    };

    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        CHECK(same(none[i], "nobody"));
    }
    CHECK(!same("nobody", "192.0.2.1:1"));
    CHECK_EQ(peer_prefix(BYTES_NULL).b[0], 0);
    CHECK_EQ(peer_prefix(check_guarded(bytes_str("192.0.2.1"))).b[0], 4);
}

CHECK_MAIN(CASE(a_device_has_a_burst_and_then_its_rate), CASE(a_clock_that_went_back_earns_nothing),
           CASE(who_waits_as_long_as_told_is_heard), CASE(its_neighbours_are_not_slowed),
           CASE(one_network_has_a_share_of_the_readers),
           CASE(all_together_have_half_of_the_readers), CASE(who_asks_too_early_waits_no_longer),
           CASE(what_was_done_is_counted_whatever_the_share),
           CASE(what_was_done_is_the_networks_too),
           CASE(the_table_is_of_fixed_size_and_forgets_who_owes_least),
           CASE(a_peers_prefix_is_its_24_or_48), CASE(what_is_no_address_shares_one_prefix))
