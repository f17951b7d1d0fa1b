#include "lib/store-make.h"

static void
check_device(const struct store_device *a, const struct store_device *b)
{
    CHECK_BYTES(BYTES_OF(a->id), BYTES_OF(b->id));
    CHECK_BYTES(BYTES_OF(a->ident), BYTES_OF(b->ident));
    CHECK_BYTES(BYTES_OF(a->ek_fingerprint), BYTES_OF(b->ek_fingerprint));
    CHECK_BYTES(BYTES_OF(a->ek_digest), BYTES_OF(b->ek_digest));
    CHECK_BYTES(bytes_of(a->ak_name, a->ak_name_len), bytes_of(b->ak_name, b->ak_name_len));
    CHECK_BYTES(bytes_of(a->ak_public, a->ak_public_len), bytes_of(b->ak_public, b->ak_public_len));
    CHECK_EQ(a->ek_chain, b->ek_chain);
    CHECK_EQ(a->state, b->state);
    CHECK_STR(a->class_name, b->class_name);
    CHECK_STR(a->why, b->why);
    CHECK_STR(a->maker, b->maker);
    CHECK_STR(a->model, b->model);
    CHECK_STR(a->serial, b->serial);
    CHECK_EQ(a->enrolled_ms, b->enrolled_ms);
    CHECK_EQ(a->era, b->era);
}

static struct store_device
whole_device(void)
{
    struct store_device device = make_device(7);

    device.ek_chain = EK_CHAIN_VERIFIED;
    device.state = DEVICE_QUARANTINED;
    device.ak_name_len = sizeof(device.ak_name);
    device.ak_public_len = sizeof(device.ak_public);
    memset(device.class_name, 'c', sizeof(device.class_name) - 1);
    memset(device.why, 'w', sizeof(device.why) - 1);
    memset(device.maker, 'm', sizeof(device.maker) - 1);
    memset(device.model, 'o', sizeof(device.model) - 1);
    memcpy(device.serial, "\xc3\xa9", 3);
    device.enrolled_ms = INT64_MAX;
    device.tpm_vendor = UINT32_MAX;
    device.era = 3;
    return device;
}

static void
a_device_is_found_by_each_of_its_keys(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device want = whole_device();
    struct store_device seen;

    put_device(store, 1);
    CHECK_EQ(store_device_put(store, &want), 0);
    CHECK_EQ(store_device_get(store, want.id, &seen), 0);
    check_device(&seen, &want);
    memset(&seen, 0, sizeof(seen));
    CHECK_EQ(store_device_by_fingerprint(store, want.ek_fingerprint, &seen), 0);
    check_device(&seen, &want);
    memset(&seen, 0, sizeof(seen));
    CHECK_EQ(store_device_by_ident(store, want.ident, &seen), 0);
    check_device(&seen, &want);
}

static void
a_missing_device_leaves_the_result_alone(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device other = make_device(2);
    struct store_device seen = {.era = 42};

    put_device(store, 1);
    CHECK_EQ(store_device_get(store, other.id, &seen), STORE_NONE);
    CHECK_EQ(store_device_by_fingerprint(store, other.ek_fingerprint, &seen), STORE_NONE);
    CHECK_EQ(store_device_by_ident(store, other.ident, &seen), STORE_NONE);
    CHECK_EQ(seen.era, 42);
}

static void
putting_again_replaces_every_column(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device want = whole_device();
    struct store_device seen;
    int64_t n = 0;

    put_device(store, 7);
    memset(want.ident, 1, sizeof(want.ident));
    memset(want.ek_fingerprint, 2, sizeof(want.ek_fingerprint));
    memset(want.ek_digest, 3, sizeof(want.ek_digest));
    memset(want.ak_name, 4, sizeof(want.ak_name));
    memset(want.ak_public, 5, sizeof(want.ak_public));
    CHECK_EQ(store_device_put(store, &want), 0);
    CHECK_EQ(store_device_get(store, want.id, &seen), 0);
    check_device(&seen, &want);
    CHECK_EQ(store_device_count(store, DEVICE_PENDING, &n), 0);
    CHECK_EQ(n, 0);
    CHECK_EQ(store_device_count(store, DEVICE_QUARANTINED, &n), 0);
    CHECK_EQ(n, 1);
}

static void
fingerprint_ident_and_ak_name_belong_to_one(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device first = make_device(1);
    struct store_device clash = make_device(2);

    CHECK_EQ(store_device_put(store, &first), 0);
    memcpy(clash.ek_fingerprint, first.ek_fingerprint, sizeof(clash.ek_fingerprint));
    CHECK_EQ(store_device_put(store, &clash), STORE_EXISTS);
    clash = make_device(2);
    memcpy(clash.ident, first.ident, sizeof(clash.ident));
    CHECK_EQ(store_device_put(store, &clash), STORE_EXISTS);
    clash = make_device(2);
    memcpy(clash.ak_name, first.ak_name, sizeof(clash.ak_name));
    CHECK_EQ(store_device_put(store, &clash), STORE_EXISTS);
    CHECK(!has_device(store, 2));
    clash = make_device(2);
    memcpy(clash.ek_digest, first.ek_digest, sizeof(clash.ek_digest));
    CHECK_EQ(store_device_put(store, &clash), 0);
}

static void
devices_without_an_ak_name_share_nothing(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    for (uint8_t n = 1; n <= 2; n++) {
        struct store_device device = make_device(n);
        struct store_device seen;

        device.ak_name_len = 0;
        CHECK_EQ(store_device_put(store, &device), 0);
        CHECK_EQ(store_device_get(store, device.id, &seen), 0);
        CHECK_EQ(seen.ak_name_len, 0);
    }
}

static void
structs_beyond_their_rooms_are_refused(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device bad[6];

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bad[i] = make_device(1);
    }
    bad[0].ak_name_len = sizeof(bad[0].ak_name) + 1;
    bad[1].ak_public_len = sizeof(bad[1].ak_public) + 1;
    bad[2].state = DEVICE_STATE_N;
    bad[3].ek_chain = (enum ek_chain)3;
    memset(bad[4].maker, 'x', sizeof(bad[4].maker));
    memcpy(bad[5].model, "\xff", 2);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(store_device_put(store, &bad[i]), -EINVAL);
    }
    CHECK(!has_device(store, 1));
}

struct seen {
    struct store *store;
    uint8_t order[8];
    size_t n;
    size_t stop_after;
};

static bool
note(void *context, const struct store_device *device)
{
    struct seen *seen = context;

    CHECK(seen->n < sizeof(seen->order));
    seen->order[seen->n++] = device->id[0];
    return seen->n != seen->stop_after;
}

static void
each_goes_in_the_order_of_enrolment(void)
{
    static const uint8_t numbers[] = {4, 2, 3, 1};
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct seen seen = {0};
    struct seen two = {.stop_after = 2};

    CHECK_EQ(store_device_each(store, note, &seen), 0);
    CHECK_EQ(seen.n, 0);
    for (size_t i = 0; i < sizeof(numbers); i++) {
        struct store_device device = make_device(numbers[i]);

        device.enrolled_ms = numbers[i] >= 3 ? 5 : 10 - numbers[i]; /* 3 and 4 at once */
        CHECK_EQ(store_device_put(store, &device), 0);
    }
    CHECK_EQ(store_device_each(store, note, &seen), 0);
    CHECK_BYTES(bytes_of(seen.order, seen.n), check_hex("03 04 02 01"));
    CHECK_EQ(store_device_each(store, note, &two), 0);
    CHECK_BYTES(bytes_of(two.order, two.n), check_hex("03 04"));
}

static bool
visit_and_write(void *context, const struct store_device *device)
{
    struct seen *seen = context;
    struct seen inner = {0};
    struct store_device changed = *device;

    changed.state = DEVICE_STALE;
    CHECK_EQ(store_device_put(seen->store, &changed), 0);
    CHECK_EQ(store_device_each(seen->store, note, &inner), 0);
    CHECK_EQ(inner.n, 3);
    return note(context, device);
}

static void
a_visitor_may_call_the_store(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct seen seen = {.store = store};
    int64_t n = 0;

    for (uint8_t i = 1; i <= 3; i++) {
        put_device(store, i);
    }
    CHECK_EQ(store_device_each(store, visit_and_write, &seen), 0);
    CHECK_BYTES(bytes_of(seen.order, seen.n), check_hex("01 02 03"));
    CHECK_EQ(store_device_count(store, DEVICE_STALE, &n), 0);
    CHECK_EQ(n, 3);
}

static void
pending_ones_are_trimmed_by_age_and_number(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device member = make_device(1);
    struct store_last last = {0};

    member.state = DEVICE_FRESH;
    CHECK_EQ(store_device_put(store, &member), 0);
    for (uint8_t n = 2; n <= 6; n++) {
        put_device(store, n);
    }
    member = make_device(2);
    CHECK_EQ(store_last_put(store, member.id, &last), 0);
    CHECK_EQ(store_pending_trim(store, 1003, 100), 0); /* 2 is of 1002 */
    CHECK(!has_device(store, 2) && has_device(store, 3) && has_device(store, 6));
    CHECK_EQ(store_last_get(store, member.id, &last), STORE_NONE);
    CHECK_EQ(store_pending_trim(store, 0, 2), 0);
    CHECK(!has_device(store, 4) && has_device(store, 5) && has_device(store, 6));
    CHECK_EQ(store_pending_trim(store, INT64_MAX, 0), 0);
    CHECK(!has_device(store, 6) && has_device(store, 1));
    CHECK_EQ(store_pending_trim(store, 0, -1), -EINVAL);
}

static void
twins_claim_serial_model_and_maker(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_device other = make_device(4);
    int64_t n = 7;

    CHECK_EQ(store_serial_twins(store, &device, &n), 0);
    CHECK_EQ(n, 0);
    for (uint8_t i = 1; i <= 3; i++) {
        put_device(store, i);
    }
    other.maker[0] = 'm';
    CHECK_EQ(store_device_put(store, &other), 0);
    CHECK_EQ(store_serial_twins(store, &device, &n), 0);
    CHECK_EQ(n, 2);
    CHECK_EQ(store_serial_twins(store, &other, &n), 0);
    CHECK_EQ(n, 0);
    device.serial[0] = '\0';
    other = make_device(5);
    other.serial[0] = '\0';
    CHECK_EQ(store_device_put(store, &other), 0);
    n = 7;
    CHECK_EQ(store_serial_twins(store, &device, &n), 0);
    CHECK_EQ(n, 0);
}

CHECK_MAIN(CASE(a_device_is_found_by_each_of_its_keys),
           CASE(a_missing_device_leaves_the_result_alone),
           CASE(putting_again_replaces_every_column),
           CASE(fingerprint_ident_and_ak_name_belong_to_one),
           CASE(devices_without_an_ak_name_share_nothing),
           CASE(structs_beyond_their_rooms_are_refused), CASE(each_goes_in_the_order_of_enrolment),
           CASE(a_visitor_may_call_the_store), CASE(pending_ones_are_trimmed_by_age_and_number),
           CASE(twins_claim_serial_model_and_maker))
