/* front/penalty */
#include "front/penalty.h"

#include "base/limits.h"
#include "lib/check.h"

static struct penalties penalties = {.seed = 7};

static void
each_fault_waits_twice_as_long_up_to_a_bound(void)
{
    uint64_t key = penalty_key_identity(&penalties, bytes_str("dev-1"));
    uint64_t now = 1000;
    uint64_t want = LIMIT_FRONT_PENALTY_MS;

    CHECK_EQ(penalty_wait_ms(&penalties, key, now), 0);
    for (int i = 0; i < 40; i++) {
        penalty_add(&penalties, key, now);
        CHECK_EQ(penalty_wait_ms(&penalties, key, now), want);
        CHECK_EQ(penalty_wait_ms(&penalties, key, now + want - 1), 1);
        CHECK_EQ(penalty_wait_ms(&penalties, key, now + want), 0);
        now += want;
        want = 2 * want < LIMIT_FRONT_PENALTY_MOST_MS ? 2 * want : LIMIT_FRONT_PENALTY_MOST_MS;
    }
}

static void
a_good_message_or_a_long_time_forgives(void)
{
    uint64_t key = penalty_key_identity(&penalties, bytes_str("dev-1"));

    penalty_add(&penalties, key, 0);
    penalty_add(&penalties, key, 0);
    penalty_forgive(&penalties, key);
    CHECK_EQ(penalty_wait_ms(&penalties, key, 0), 0);
    penalty_add(&penalties, key, 10);
    CHECK_EQ(penalty_wait_ms(&penalties, key, 10), LIMIT_FRONT_PENALTY_MS);
    penalty_add(&penalties, key, 10);
    CHECK_EQ(penalty_wait_ms(&penalties, key, 10), 2 * LIMIT_FRONT_PENALTY_MS);
    penalty_add(&penalties, key, 11 + 2 * LIMIT_FRONT_PENALTY_MS + LIMIT_FRONT_PENALTY_MOST_MS);
    CHECK_EQ(penalty_wait_ms(&penalties, key,
                             11 + 2 * LIMIT_FRONT_PENALTY_MS + LIMIT_FRONT_PENALTY_MOST_MS),
             LIMIT_FRONT_PENALTY_MS);
    penalty_forgive(&penalties, 12345); /* nobody's */
}

static void
an_address_is_one_peer_at_all_its_ports(void)
{
    struct addr a = {.ip = {192, 0, 2, 1}, .port = 5};
    struct addr b = {.ip = {192, 0, 2, 1}, .port = 6};
    struct addr c = {.ip = {192, 0, 2, 2}, .port = 5};
    struct addr six = {.ip = {0x20, 1, 0xd, 0xb8, [15] = 1}, .v6 = true};
    struct addr other_host = {.ip = {0x20, 1, 0xd, 0xb8, [15] = 2}, .v6 = true};
    struct addr other_net = {.ip = {0x20, 1, 0xd, 0xb8, [7] = 1, [15] = 1}, .v6 = true};

    CHECK(penalty_key_addr(&penalties, &a) == penalty_key_addr(&penalties, &b));
    CHECK(penalty_key_addr(&penalties, &a) != penalty_key_addr(&penalties, &c));
    CHECK(penalty_key_addr(&penalties, &six) == penalty_key_addr(&penalties, &other_host));
    CHECK(penalty_key_addr(&penalties, &six) != penalty_key_addr(&penalties, &other_net));
}

static void
the_seed_decides_who_shares_a_row(void)
{
    static struct penalties other = {.seed = 8};
    struct addr addr = {.ip = {192, 0, 2, 1}};

    CHECK(penalty_key_identity(&penalties, bytes_str("a")) !=
          penalty_key_identity(&other, bytes_str("a")));
    CHECK(penalty_key_addr(&penalties, &addr) != penalty_key_addr(&other, &addr));
    CHECK(penalty_key_identity(&penalties, bytes_str("a")) !=
          penalty_key_identity(&penalties, bytes_str("b")));
}

/* A flood of bad peers moves out those that wait the shortest. */
static void
a_full_row_keeps_the_longest_waits(void)
{
    uint64_t bad = 5;

    for (int i = 0; i < 5; i++) {
        penalty_add(&penalties, bad, 0);
    }
    for (uint64_t i = 1; i < 100; i++) {
        penalty_add(&penalties, bad + i * PENALTY_ROWS, 0);
    }
    CHECK_EQ(penalty_wait_ms(&penalties, bad, 0), 16 * LIMIT_FRONT_PENALTY_MS);
    CHECK_EQ(penalty_wait_ms(&penalties, bad + 99 * PENALTY_ROWS, 0), LIMIT_FRONT_PENALTY_MS);
}

CHECK_MAIN(CASE(each_fault_waits_twice_as_long_up_to_a_bound),
           CASE(a_good_message_or_a_long_time_forgives),
           CASE(an_address_is_one_peer_at_all_its_ports), CASE(the_seed_decides_who_shares_a_row),
           CASE(a_full_row_keeps_the_longest_waits))
