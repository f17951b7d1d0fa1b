/* front/addr, front/quota, front/timers, front/conn: the tables that strangers can fill. */
#include "front/conn.h"
#include "lib/check.h"

static struct addr
addr_of(uint8_t a, uint8_t d, uint16_t port)
{
    return (struct addr){.ip = {10, 0, a, d}, .port = port};
}

static void
an_address_survives_the_kernels_form_and_has_a_text(void)
{
    struct addr in[] = {addr_of(1, 2, 5684), {.ip = {0x20, 1}, .port = 7, .v6 = true}};
    static const char *const texts[] = {"10.0.1.2:5684", "[2001::]:7"};
    char text[ADDR_TEXT_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(in); i++) {
        struct sockaddr_storage kernel;
        struct addr out;

        CHECK(addr_sockaddr(&in[i], &kernel) > 0);
        CHECK_EQ(addr_read(&kernel, &out), 0);
        CHECK(addr_equal(&in[i], &out));
        CHECK_STR(addr_text(&out, text), texts[i]);
        kernel.ss_family = AF_UNIX;
        CHECK_EQ(addr_read(&kernel, &out), 1);
    }
}

static void
a_prefix_is_a_24_or_a_48(void)
{
    struct addr a = addr_of(1, 2, 1);
    struct addr b = addr_of(1, 9, 2);
    struct addr c = addr_of(2, 2, 1);
    struct addr_prefix p = addr_prefix(&a);
    struct addr_prefix q = addr_prefix(&b);

    CHECK_EQ(memcmp(&p, &q, sizeof(p)), 0);
    q = addr_prefix(&c);
    CHECK(memcmp(&p, &q, sizeof(p)) != 0);
    a = (struct addr){.ip = {0x20, 1, 0xd, 0xb8, 0, 1, 5}, .v6 = true};
    b = (struct addr){.ip = {0x20, 1, 0xd, 0xb8, 0, 1, 6}, .v6 = true};
    p = addr_prefix(&a);
    q = addr_prefix(&b);
    CHECK_EQ(memcmp(&p, &q, sizeof(p)), 0);
    b.ip[5] = 2;
    q = addr_prefix(&b);
    CHECK(memcmp(&p, &q, sizeof(p)) != 0);
}

static void
a_quota_counts_its_key_and_the_total_and_goes_with_its_last_user(void)
{
    struct quotas quotas = {.max_bytes = 150, .max_each_bytes = 100};
    static const uint8_t longest[LIMIT_FRONT_IDENTITY + 1] = {1};
    struct quota *first;
    struct quota *other;

    CHECK_EQ(quotas_init(&quotas, 1, 9), 0);
    first = quota_take(&quotas, bytes_str("a"));
    CHECK(first == quota_take(&quotas, bytes_str("a")));
    other = quota_take(&quotas, bytes_str("aa"));
    CHECK(other && other != first);
    CHECK(!quota_take(&quotas, BYTES_OF(longest)));
    CHECK(quota_grow(&quotas, first, 100));
    CHECK(!quota_grow(&quotas, first, 1));
    CHECK(!quota_grow(&quotas, other, 51));
    CHECK(!quota_grow(&quotas, other, SIZE_MAX));
    CHECK(quota_grow(&quotas, other, 50));
    quota_shrink(&quotas, first, 100);
    quota_shrink(&quotas, other, 50);
    CHECK_EQ(quotas.n_bytes, 0);
    quota_drop(&quotas, first);
    CHECK_EQ(quotas.n_entries, 2);
    quota_drop(&quotas, first);
    quota_drop(&quotas, other);
    CHECK_EQ(quotas.n_entries, 0);
    quota_drop(&quotas, NULL);
    quotas_done(&quotas);
}

/* In few buckets, taken and given back in another order. */
static void
each_key_has_a_quota_of_its_own(void)
{
    enum { N = 200 };
    struct quotas quotas = {.max_bytes = SIZE_MAX, .max_each_bytes = SIZE_MAX};
    struct quota *quota[N];

    CHECK_EQ(quotas_init(&quotas, 1, 9), 0);
    for (uint8_t i = 0; i < N; i++) {
        const uint8_t key[LIMIT_FRONT_IDENTITY] = {i, [LIMIT_FRONT_IDENTITY - 1] = i};

        quota[i] = quota_take(&quotas, BYTES_OF(key));
        CHECK(quota[i] && quota_grow(&quotas, quota[i], i));
    }
    CHECK_EQ(quotas.n_entries, N);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(quota[i]->n_bytes, i);
    }
    for (int i = 0; i < N; i++) {
        quota_drop(&quotas, quota[i * 7 % N]);
    }
    CHECK_EQ(quotas.n_entries, 0);
    quotas_done(&quotas);
}

static void
the_oldest_of_a_device_is_found_among_the_open_ones(void)
{
    struct conn_table table = {0};
    struct quota device = {0};
    struct quota other = {0};
    struct conn *conn[4];

    CHECK_EQ(conn_table_init(&table, 4, 5), 0);
    for (uint8_t i = 0; i < 4; i++) {
        struct addr peer = addr_of(1, i, 1);

        conn[i] = conn_add(&table, &peer);
        CHECK(conn[i]);
        conn[i]->peer.kind = FRONT_PSK;
        conn[i]->device = i == 1 ? &other : &device;
    }
    CHECK(!conn_oldest_device(&table, &device)); /* none is open */
    for (int i = 0; i < 3; i++) {
        conn_opened(&table, conn[i]);
    }
    CHECK(conn_oldest_device(&table, &device) == conn[0]);
    conn_used(&table, conn[0]);
    CHECK(conn_oldest_device(&table, &device) == conn[2]);
    CHECK(conn_oldest_device(&table, &other) == conn[1]);
    for (int i = 0; i < 4; i++) {
        conn_remove(&table, conn[i]);
    }
    conn_table_done(&table);
}

/* Against a plain search, over many sets, moves and removals. */
static void
the_earliest_timer_is_always_first(void)
{
    enum { N = 50 };
    struct timers timers;
    struct timer timer[N] = {{0}};
    uint32_t seed = 1;

    CHECK_EQ(timers_init(&timers, N), 0);
    for (int step = 0; step < 20000; step++) {
        uint64_t least = TIMER_NEVER;
        size_t n = 0;

        seed = seed * 1664525 + 1013904223;
        timer_set(&timers, &timer[seed >> 16 & 31],
                  seed >> 24 & 3 ? (seed >> 8 & 0xfff) : TIMER_NEVER);
        for (size_t i = 0; i < N; i++) {
            n += timer[i].at ? 1 : 0;
            least = timer[i].at && timer[i].due_ms < least ? timer[i].due_ms : least;
        }
        CHECK_EQ(timers.n, n);
        CHECK_EQ(timers_first(&timers) ? timers_first(&timers)->due_ms : TIMER_NEVER, least);
    }
    timers_done(&timers);
}

static void
connection_ids_are_never_used_again(void)
{
    struct conn_table table = {0};
    struct addr peer = addr_of(1, 1, 1);
    uint64_t last = 0;

    CHECK_EQ(conn_table_init(&table, 2, 5), 0);
    for (int i = 0; i < 100; i++) {
        struct conn *conn = conn_add(&table, &peer);

        CHECK(conn && conn->id > last);
        CHECK(conn_by_id(&table, conn->id) == conn);
        CHECK(conn_find(&table, &peer, false) == conn);
        CHECK(conn_find(&table, &peer, true) == NULL);
        last = conn->id;
        conn_remove(&table, conn);
        CHECK(conn_by_id(&table, last) == NULL);
    }
    CHECK(conn_add(&table, &peer) && conn_add(&table, &peer));
    CHECK(conn_add(&table, &peer) == NULL);
    CHECK(conn_by_id(&table, 0) == NULL);
    conn_remove(&table, conn_oldest_half(&table, NULL));
    conn_remove(&table, conn_oldest_half(&table, NULL));
    CHECK_EQ(table.n, 0);
    conn_table_done(&table);
}

CHECK_MAIN(CASE(an_address_survives_the_kernels_form_and_has_a_text),
           CASE(a_prefix_is_a_24_or_a_48),
           CASE(a_quota_counts_its_key_and_the_total_and_goes_with_its_last_user),
           CASE(each_key_has_a_quota_of_its_own),
           CASE(the_oldest_of_a_device_is_found_among_the_open_ones),
           CASE(the_earliest_timer_is_always_first), CASE(connection_ids_are_never_used_again))
