/* store: what is known of logs that grow. */
#include "lib/store-make.h"

static struct store_growing
whole_growing(void)
{
    struct store_growing growing = {
        .era = 3,
        .reset_count = UINT64_MAX,
        .restart_count = UINT64_MAX - 1,
        .length = (uint64_t)INT64_MAX + 7,
        .n_entries = UINT32_MAX,
        .n_violations = UINT32_MAX - 1,
        .tracks_len = STORE_TRACKS_MAX,
        .judged_len = STORE_JUDGED_MAX,
    };

    memset(growing.run.state, 0xa5, sizeof(growing.run.state));
    memset(growing.tracks, 0x5a, sizeof(growing.tracks));
    memset(growing.judged, 0x3c, sizeof(growing.judged));
    return growing;
}

static void
check_growing(const struct store_growing *a, const struct store_growing *b)
{
    CHECK_EQ(a->era, b->era);
    CHECK(a->reset_count == b->reset_count && a->restart_count == b->restart_count);
    CHECK(a->length == b->length);
    CHECK_EQ(a->n_entries, b->n_entries);
    CHECK_EQ(a->n_violations, b->n_violations);
    CHECK_BYTES(BYTES_OF(a->run.state), BYTES_OF(b->run.state));
    CHECK_BYTES(bytes_of(a->tracks, a->tracks_len), bytes_of(b->tracks, b->tracks_len));
    CHECK_BYTES(bytes_of(a->judged, a->judged_len), bytes_of(b->judged, b->judged_len));
}

static void
each_kind_has_its_row_and_replaces_it(void)
{
    struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_growing ima = whole_growing();
    static struct store_growing userspace = {.length = 5}; /* sanitized frames are small */
    static struct store_growing got = {.length = 99};

    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_growing_get(store, device.id, LOG_IMA, &got), STORE_NONE);
    CHECK_EQ(got.length, 99);
    CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &ima), 0);
    CHECK_EQ(store_growing_put(store, device.id, LOG_USERSPACE, &userspace), 0);
    CHECK_EQ(store_growing_get(store, device.id, LOG_IMA, &got), 0);
    check_growing(&got, &ima);
    CHECK_EQ(store_growing_get(store, device.id, LOG_USERSPACE, &got), 0);
    check_growing(&got, &userspace);
    ima.length = 12;
    ima.tracks_len = 0;
    ima.judged_len = 0;
    CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &ima), 0);
    CHECK_EQ(store_growing_get(store, device.id, LOG_IMA, &got), 0);
    check_growing(&got, &ima);
    store_close(store);
}

static void
no_device_has_no_row_and_a_device_takes_its_rows_along(void)
{
    struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_growing growing = whole_growing();

    CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &growing), STORE_NONE);
    device.state = DEVICE_PENDING;
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &growing), 0);
    CHECK_EQ(store_pending_trim(store, INT64_MAX, 0), 0);
    CHECK_EQ(store_growing_get(store, device.id, LOG_IMA, &growing), STORE_NONE);
    store_close(store);
}

static void
what_cannot_be_is_not_written(void)
{
    struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_growing growing = whole_growing();

    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_growing_put(store, device.id, LOG_FIRMWARE, &growing), -EINVAL);
    CHECK_EQ(store_growing_put(store, device.id, (enum log_kind)9, &growing), -EINVAL);
    growing.tracks_len++;
    CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &growing), -EINVAL);
    growing.tracks_len--;
    growing.judged_len++;
    CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &growing), -EINVAL);
    CHECK_EQ(store_growing_get(store, device.id, LOG_IMA, &growing), STORE_NONE);
    store_close(store);
}

static void
it_outlives_the_process(void)
{
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);
    struct store_device device = make_device(1);
    struct store_growing growing = whole_growing();
    struct store_growing got;

    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &growing), 0);
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    store = open_store(made.path);
    CHECK_EQ(store_growing_get(store, device.id, LOG_IMA, &got), 0);
    check_growing(&got, &growing);
    store_close(store);
    drop_folder(&made);
}

/* Rows of other shapes than ours: the file was damaged or edited. */
static void
a_row_that_does_not_fit_is_an_error(void)
{
    static const char *const edits[] = {
        "UPDATE growing SET run = zeroblob(103)",
        "UPDATE growing SET run = zeroblob(105)",
        "UPDATE growing SET n_entries = -1",
        "UPDATE growing SET n_violations = 4294967296",
        "UPDATE growing SET tracks = zeroblob(2177)",
    };

    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        struct store_folder made = make_folder();
        struct store *store = open_store(made.path);
        struct store_device device = make_device(1);
        struct store_growing growing = whole_growing();

        CHECK_EQ(store_device_put(store, &device), 0);
        CHECK_EQ(store_growing_put(store, device.id, LOG_IMA, &growing), 0);
        CHECK_EQ(store_commit(store), 0);
        store_close(store);
        edit_file(made.path, edits[i]);
        store = open_store(made.path);
        CHECK_EQ(store_growing_get(store, device.id, LOG_IMA, &growing), -EIO);
        store_close(store);
        drop_folder(&made);
    }
}

/* Files that did not pass: replaced, dropped by none, and gone with their device. */
static void
open_files_are_kept_and_dropped(void)
{
    struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    static uint8_t most[STORE_OPEN_MAX + 1];
    static uint8_t room[STORE_OPEN_MAX];
    size_t len = 7;

    memset(most, 0x6b, sizeof(most));
    CHECK_EQ(store_open_put(store, device.id, bytes_of(most, 3)), STORE_NONE); /* whose? */
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_open_get(store, device.id, room, &len), STORE_NONE);
    CHECK_EQ(len, 7);
    CHECK_EQ(store_open_put(store, device.id, bytes_of(most, STORE_OPEN_MAX)), 0);
    CHECK_EQ(store_open_get(store, device.id, room, &len), 0);
    CHECK_BYTES(bytes_of(room, len), bytes_of(most, STORE_OPEN_MAX));
    CHECK_EQ(store_open_put(store, device.id, BYTES_OF(most)), -EINVAL);
    CHECK_EQ(store_open_put(store, device.id, bytes_of(most, 1)), 0);
    CHECK_EQ(store_open_get(store, device.id, room, &len), 0);
    CHECK_EQ(len, 1);
    CHECK_EQ(store_open_put(store, device.id, BYTES_NULL), 0);
    CHECK_EQ(store_open_put(store, device.id, BYTES_NULL), 0);
    CHECK_EQ(store_open_get(store, device.id, room, &len), STORE_NONE);
    store_close(store);
}

CHECK_MAIN(CASE(open_files_are_kept_and_dropped), CASE(each_kind_has_its_row_and_replaces_it),
           CASE(no_device_has_no_row_and_a_device_takes_its_rows_along),
           CASE(what_cannot_be_is_not_written), CASE(it_outlives_the_process),
           CASE(a_row_that_does_not_fit_is_an_error))
