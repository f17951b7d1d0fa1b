#include "ident/ident.h"
#include "lib/check.h"

static const struct ident_master masters[2] = {{.id = 2, .key = {1}}, {.id = 1, .key = {2}}};
static const struct ident sample = {.master_id = 2, .keys = {7}, .epoch = 0x0102};

static void
an_identity_reads_back_under_its_master(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    char text[IDENT_TEXT_SIZE + 1];
    struct ident back;

    CHECK_EQ(ident_write(hasher, &masters[0], &sample, text), 0);
    CHECK_EQ(strlen(text), IDENT_TEXT_SIZE);
    CHECK_EQ(ident_read(hasher, masters, 2, bytes_str(text), &back), 0);
    CHECK_EQ(back.epoch, 0x0102);
    CHECK_EQ(back.keys[0], 7);
}

static void
every_guess_is_refused_by_its_tag(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    char text[IDENT_TEXT_SIZE + 1];
    struct ident back;

    CHECK_EQ(ident_write(hasher, &masters[0], &sample, text), 0);
    for (size_t i = 0; i < IDENT_TEXT_SIZE; i++) {
        char kept = text[i];

        text[i] = kept == 'A' ? 'B' : 'A';
        CHECK_EQ(ident_read(hasher, masters, 2, bytes_str(text), &back), 1);
        text[i] = kept;
    }
    CHECK_EQ(ident_read(hasher, masters, 2, bytes_of(text, 35), &back), 1);
    CHECK_EQ(ident_read(hasher, masters, 2, BYTES_NULL, &back), 1);
    /* a retired master is unknown */
    CHECK_EQ(ident_read(hasher, masters + 1, 1, bytes_str(text), &back), 1);
    CHECK_EQ(
        ident_read(hasher, &(struct ident_master){.id = 2, .key = {9}}, 1, bytes_str(text), &back),
        1);
}

static void
keys_differ_by_identity_master_and_site(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct ident other = sample;
    uint8_t a[32];
    uint8_t b[32];

    other.epoch++;
    CHECK_EQ(ident_psk(hasher, masters, 2, &sample, a), 0);
    CHECK_EQ(ident_psk(hasher, masters, 2, &other, b), 0);
    CHECK(memcmp(a, b, 32) != 0);
    other = sample;
    other.master_id = 1;
    CHECK_EQ(ident_psk(hasher, masters, 2, &other, b), 0);
    CHECK(memcmp(a, b, 32) != 0);
    other.master_id = 0;
    CHECK(ident_psk(hasher, masters, 2, &other, b) < 0);
    CHECK_EQ(ident_keys(hasher, bytes_str("a"), bytes_str("ek"), bytes_str("ak"), a), 0);
    CHECK_EQ(ident_keys(hasher, bytes_str("b"), bytes_str("ek"), bytes_str("ak"), b), 0);
    CHECK(memcmp(a, b, IDENT_KEYS_SIZE) != 0);
    CHECK_EQ(ident_keys(hasher, bytes_str("a"), bytes_str("eka"), bytes_str("k"), b), 0);
    CHECK(memcmp(a, b, IDENT_KEYS_SIZE) != 0);
}

static void
a_ueid_is_random_type_and_by_site(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    uint8_t a[33];
    uint8_t b[33];

    CHECK_EQ(ident_ueid(hasher, bytes_str("a"), bytes_str("ek"), a), 0);
    CHECK_EQ(ident_ueid(hasher, bytes_str("b"), bytes_str("ek"), b), 0);
    CHECK_EQ(a[0], 1);
    CHECK(memcmp(a, b, 33) != 0);
}

static void
a_master_is_lost_when_its_key_is(void)
{
    const struct ident_master none[2] = {{0, {0}}, {0, {0}}};
    const struct ident_master one[2] = {{1, {5}}, {0, {0}}};
    const struct ident_master both[2] = {{2, {6}}, {1, {5}}};
    const struct ident_master other[2] = {{1, {7}}, {0, {0}}};

    CHECK(!ident_masters_lost(one, one));
    CHECK(!ident_masters_lost(one, both)); /* one more */
    CHECK(!ident_masters_lost(none, one));
    CHECK(ident_masters_lost(both, one));
    CHECK(ident_masters_lost(one, none));
    CHECK(ident_masters_lost(one, other)); /* the id says nothing */
}

#define BEGIN_MS(epoch) ((epoch)*IDENT_EPOCH_MS)
#define DAY_MS INT64_C(86400000)

static void
a_new_identity_is_of_the_next_epoch_in_the_last_third(void)
{
    CHECK_EQ(ident_epoch(BEGIN_MS(700) - 1), 699);
    CHECK_EQ(ident_epoch(BEGIN_MS(700)), 700);
    CHECK_EQ(ident_epoch_new(BEGIN_MS(700)), 700);
    CHECK_EQ(ident_epoch_new(BEGIN_MS(700) + 20 * DAY_MS - 1), 700);
    CHECK_EQ(ident_epoch_new(BEGIN_MS(700) + 20 * DAY_MS), 701);
    CHECK_EQ(ident_epoch_new(BEGIN_MS(701) - 1), 701);
}

/* Of 256 devices of one epoch: who asks at a time. */
static unsigned
old_at(int64_t utc_ms)
{
    struct ident ident = {.master_id = 1, .epoch = 700};
    unsigned n = 0;

    for (unsigned i = 0; i < 256; i++) {
        ident.keys[0] = (uint8_t)i;
        n += ident_is_old(&ident, utc_ms);
    }
    return n;
}

static void
a_fleet_asks_one_after_the_other(void)
{
    struct ident next = {.master_id = 1, .epoch = 701, .keys = {255}};
    int64_t third = BEGIN_MS(700) + 20 * DAY_MS;

    CHECK_EQ(old_at(BEGIN_MS(700)), 0);
    CHECK_EQ(old_at(third - 1), 0);
    CHECK_EQ(old_at(third), 1);
    CHECK_EQ(old_at(third + 30 * DAY_MS / 8), 129); /* half of seven and a half days */
    CHECK_EQ(old_at(third + 30 * DAY_MS / 4), 256);
    CHECK_EQ(old_at(BEGIN_MS(701)), 256);
    /* what was fetched early is not asked for again, by any device */
    for (unsigned i = 0; i < 256; i++) {
        next.keys[0] = (uint8_t)i;
        CHECK(!ident_is_old(&next, third));
        CHECK(!ident_is_old(&next, BEGIN_MS(701)));
        CHECK(!ident_is_old(&next, BEGIN_MS(701) + 20 * DAY_MS - 1));
    }
}

static void
an_identity_ends_with_its_epoch(void)
{
    const struct ident ident = {.master_id = 1, .epoch = 700};

    CHECK(!ident_ended(&ident, BEGIN_MS(700)));
    CHECK(!ident_ended(&ident, BEGIN_MS(701) - 1));
    CHECK(ident_ended(&ident, BEGIN_MS(701)));
    CHECK(ident_ended(&ident, BEGIN_MS(800)));
    CHECK(!ident_ended(&ident, BEGIN_MS(699))); /* made ahead, as each is in the last third */
    CHECK(ident_ended(&ident, BEGIN_MS(699) - 1));
}

CHECK_MAIN(CASE(an_identity_reads_back_under_its_master), CASE(every_guess_is_refused_by_its_tag),
           CASE(keys_differ_by_identity_master_and_site), CASE(a_ueid_is_random_type_and_by_site),
           CASE(a_master_is_lost_when_its_key_is),
           CASE(a_new_identity_is_of_the_next_epoch_in_the_last_third),
           CASE(a_fleet_asks_one_after_the_other), CASE(an_identity_ends_with_its_epoch))
