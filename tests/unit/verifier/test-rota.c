/* main/rota and the message that tells of it. */
#include "main/rota.h"

#include "lib/check.h"

static bool
is_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void
the_first_keys_are_four_and_none_is_zero(void)
{
    struct rota rota = {0};

    CHECK_EQ(rota_init(&rota, 3600000, 5), 0);
    for (int i = 0; i < 2; i++) {
        CHECK(!is_zero(rota.keys.ticket[i], 80) && !is_zero(rota.keys.cookie[i], 32));
    }
    CHECK(memcmp(rota.keys.ticket[0], rota.keys.ticket[1], 80) != 0);
    CHECK(memcmp(rota.keys.cookie[0], rota.keys.cookie[1], 32) != 0);
}

static void
they_change_when_it_is_time_and_the_current_become_the_previous(void)
{
    struct rota rota = {0};
    struct shared_keys before;

    CHECK_EQ(rota_init(&rota, 3600000, 5), 0);
    before = rota.keys;
    CHECK_EQ(rota_turn(&rota, 3600004), 0);
    CHECK_EQ(memcmp(&before, &rota.keys, sizeof(before)), 0);
    CHECK_EQ(rota_turn(&rota, 3600005), 1);
    CHECK_BYTES(BYTES_OF(rota.keys.ticket[1]), BYTES_OF(before.ticket[0]));
    CHECK_BYTES(BYTES_OF(rota.keys.cookie[1]), BYTES_OF(before.cookie[0]));
    CHECK(memcmp(rota.keys.ticket[0], before.ticket[0], 80) != 0);
    CHECK(memcmp(rota.keys.cookie[0], before.cookie[0], 32) != 0);
    CHECK_EQ(rota_turn(&rota, 3600006), 0);
    CHECK_EQ(rota_turn(&rota, 7200005), 1);
}

static void
renewed_ones_leave_none_of_before(void)
{
    struct rota rota = {0};
    struct shared_keys before;

    CHECK_EQ(rota_init(&rota, 3600000, 5), 0);
    before = rota.keys;
    CHECK_EQ(rota_renew(&rota, 1000), 0);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            CHECK(memcmp(rota.keys.ticket[i], before.ticket[j], 80) != 0);
            CHECK(memcmp(rota.keys.cookie[i], before.cookie[j], 32) != 0);
        }
    }
    CHECK_EQ(rota_turn(&rota, 3600999), 0); /* the hour begins anew */
    CHECK_EQ(rota_turn(&rota, 3601000), 1);
}

static void
what_is_retired_is_wiped(void)
{
    struct rota rota = {0};

    CHECK_EQ(rota_init(&rota, 1000, 0), 0);
    rota_done(&rota);
    CHECK(is_zero((const uint8_t *)&rota, sizeof(rota)));
}

static void
the_message_reads_back_and_no_part_of_it_does(void)
{
    struct shared_keys in = {.ticket = {{1}, {2}}, .cookie = {{3}, {4}}};
    struct shared_keys out;
    uint8_t room[257];
    struct wr wr = wr_init(room, 256);
    struct bytes told;

    shared_keys_write(&wr, &in);
    told = wr_done(&wr);
    CHECK(told.p != NULL);
    CHECK_EQ(shared_keys_read(check_guarded(told), &out), 0);
    CHECK_EQ(memcmp(&in, &out, sizeof(in)), 0);
    for (size_t n = 0; n < told.len; n++) {
        CHECK_EQ(shared_keys_read(check_guarded(bytes_of(told.p, n)), &out), 1);
    }
    room[told.len] = 0;
    CHECK_EQ(shared_keys_read(check_guarded(bytes_of(room, told.len + 1)), &out), 1);
    room[1] ^= 0x20; /* text where bytes belong */
    CHECK_EQ(shared_keys_read(check_guarded(bytes_of(room, told.len)), &out), 1);
}

CHECK_MAIN(CASE(the_first_keys_are_four_and_none_is_zero),
           CASE(they_change_when_it_is_time_and_the_current_become_the_previous),
           CASE(renewed_ones_leave_none_of_before), CASE(what_is_retired_is_wiped),
           CASE(the_message_reads_back_and_no_part_of_it_does))
