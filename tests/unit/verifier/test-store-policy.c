/* store: the policy bundle, and what its rules pinned. */
#include "lib/store-make.h"

static uint64_t
sequence_of(struct store *store, struct bytes *ret_sealed)
{
    struct store_bundle bundle = {0};
    uint8_t *sealed = NULL;
    size_t len = 0;

    CHECK_EQ(store_bundle_get(store, &bundle, &sealed, &len), 0);
    *ret_sealed = bytes_of(check_keep(sealed), len);
    return bundle.sequence;
}

static void
the_sequence_of_a_bundle_never_falls(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_bundle bundle = {.sequence = 7, .loaded_ms = 5};
    uint8_t *sealed = NULL;
    size_t len = 0;
    struct bytes got;

    CHECK_EQ(store_bundle_get(store, &bundle, &sealed, &len), STORE_NONE);
    CHECK(!sealed && bundle.sequence == 7);
    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("seven")), 0);
    CHECK_EQ(sequence_of(store, &got), 7);
    CHECK_BYTES(got, bytes_str("seven"));
    bundle.sequence = 6;
    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("six")), STORE_EXISTS);
    CHECK_EQ(sequence_of(store, &got), 7);
    bundle.sequence = 7;
    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("again")), 0);
    CHECK_EQ(sequence_of(store, &got), 7);
    CHECK_BYTES(got, bytes_str("again"));
    bundle.sequence = INT64_MAX;
    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("last")), 0);
    CHECK_EQ(sequence_of(store, &got), INT64_MAX);
}

static void
a_bundle_outlives_the_store(void)
{
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);
    struct store_bundle bundle = {.sequence = 3};
    struct bytes got;

    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("three")), 0);
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    store = open_store(made.path);
    CHECK_EQ(sequence_of(store, &got), 3);
    store_close(store);
    drop_folder(&made);
}

static void
what_is_no_bundle_is_not_written(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_bundle bundle = {.sequence = 0};

    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("x")), -EINVAL);
    bundle.sequence = (uint64_t)INT64_MAX + 1;
    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("x")), -EINVAL);
    bundle.sequence = 1;
    CHECK_EQ(store_bundle_put(store, &bundle, BYTES_NULL), -EINVAL);
}

static struct store_pin
make_pin(const char *slot, const char *name, const char *value)
{
    struct store_pin pin = {.value_len = strlen(value)};

    snprintf(pin.slot, sizeof(pin.slot), "%s", slot);
    snprintf(pin.name, sizeof(pin.name), "%s", name);
    memcpy(pin.value, value, pin.value_len);
    return pin;
}

struct seen {
    size_t n;
    size_t most;
    char text[256];
};

static bool
see(void *context, const struct store_pin *pin)
{
    struct seen *seen = context;
    size_t len = strlen(seen->text);

    snprintf(seen->text + len, sizeof(seen->text) - len, "%s.%s=%.*s;", pin->slot, pin->name,
             (int)pin->value_len, (const char *)pin->value);
    return ++seen->n < seen->most;
}

static const char *
pins_of(struct store *store, const struct store_device *device, size_t most)
{
    static struct seen seen;

    seen = (struct seen){.most = most};
    CHECK_EQ(store_pin_each(store, device->id, PINS_HELD, see, &seen), 0);
    return seen.text;
}

static void
pins_are_kept_in_order_and_once(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_device other = make_device(2);
    struct store_pin pins[] = {make_pin("gpt", "", "b"), make_pin("args", "root", "12"),
                               make_pin("gpt", "", "a"), make_pin("gpt", "", "b")};

    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pins[0]), STORE_NONE);
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_device_put(store, &other), 0);
    for (size_t i = 0; i < ARRAY_LEN(pins); i++) {
        CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pins[i]), 0);
    }
    CHECK_STR(pins_of(store, &device, 9), "args.root=12;gpt.=a;gpt.=b;");
    CHECK_STR(pins_of(store, &device, 1), "args.root=12;");
    CHECK_STR(pins_of(store, &other, 9), "");
}

/* Drops, and says how many there were; the list that is left is *ret's. */
static int64_t
drop(struct store *store, const struct store_device *device, const char *slot, const char *name)
{
    int64_t n = -1;

    CHECK_EQ(store_pin_drop(store, device->id, PINS_HELD, slot, name, &n), 0);
    return n;
}

static void
pins_are_dropped_by_name_slot_or_all(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_pin pins[] = {make_pin("gpt", "", "b"), make_pin("args", "root", "12"),
                               make_pin("args", "swap", "13"), make_pin("args", "", "line"),
                               make_pin("gpt", "", "a")};

    CHECK_EQ(store_device_put(store, &device), 0);
    for (size_t i = 0; i < ARRAY_LEN(pins); i++) {
        CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pins[i]), 0);
        CHECK_EQ(store_pin_put(store, device.id, PINS_SHOWN, &pins[i]), 0);
    }
    CHECK_EQ(drop(store, &device, "none", NULL), 0);
    CHECK_EQ(drop(store, &device, "args", "root"), 1);
    CHECK_EQ(drop(store, &device, "args", "root"), 0);
    CHECK_EQ(drop(store, &device, "args", ""), 1); /* no name is a name */
    CHECK_STR(pins_of(store, &device, 9), "args.swap=13;gpt.=a;gpt.=b;");
    CHECK_EQ(drop(store, &device, "gpt", NULL), 2);
    CHECK_STR(pins_of(store, &device, 9), "args.swap=13;");
    CHECK_EQ(drop(store, &device, NULL, NULL), 1);
    CHECK_EQ(drop(store, &device, NULL, NULL), 0);
    CHECK_STR(pins_of(store, &device, 9), "");
    CHECK_EQ(store_pin_drop(store, device.id, PINS_SHOWN, "gpt", NULL, NULL), 0);
    CHECK_EQ(store_pin_drop(store, device.id, PINS_SHOWN, NULL, NULL, NULL), 0);
}

static bool
take(void *context, const struct store_pin *pin)
{
    *(struct store_pin *)context = *pin;
    return true;
}

/* What is there already stays as it was written. */
static void
a_pin_keeps_when_and_by_which_policy(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_pin pin = make_pin("gpt", "", "b");
    struct store_pin got = {0};

    CHECK_EQ(store_device_put(store, &device), 0);
    pin.at_ms = 1790000000123;
    snprintf(pin.policy, sizeof(pin.policy), "laptop:3");
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), 0);
    pin.at_ms = 5;
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), 0);
    CHECK_EQ(store_pin_each(store, device.id, PINS_HELD, take, &got), 0);
    CHECK_EQ(got.at_ms, 1790000000123);
    CHECK_STR(got.policy, "laptop:3");
    CHECK_EQ(got.value_len, 1);
    got = (struct store_pin){0};
    CHECK_EQ(store_pin_each(store, device.id, PINS_SHOWN, take, &got), 0);
    CHECK_STR(got.slot, "");
}

static void
pins_go_with_their_device(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_pin pin = make_pin("gpt", "", "b");

    device.state = DEVICE_PENDING;
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), 0);
    CHECK_EQ(store_pending_trim(store, INT64_MAX, 0), 0);
    CHECK_STR(pins_of(store, &device, 9), "");
}

static void
a_pin_beyond_its_room_is_not_written(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_pin pin = make_pin("gpt", "", "b");

    CHECK_EQ(store_device_put(store, &device), 0);
    pin.value_len = sizeof(pin.value) + 1;
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), -EINVAL);
    pin.value_len = sizeof(pin.value);
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), 0);
    memset(pin.slot, 'r', sizeof(pin.slot));
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), -EINVAL);
}

static struct bytes
list_of(struct store *store, const char *digest)
{
    uint8_t *body = NULL;
    size_t len = 0;
    int r = store_list_get(store, bytes_str(digest), &body, &len);

    CHECK(r == 0 || r == STORE_NONE);
    check_keep(body);
    return bytes_of(body, len);
}

static void
lists_live_as_long_as_a_pin_of_them(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    static const char held[] = "a digest of 20 bytes", shown[] = "a digest of 20 others";
    struct store_pin pin = make_pin("sb.dbx", "", held);

    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(list_of(store, held).len, 0);
    CHECK_EQ(store_list_put(store, bytes_str(held), bytes_str("list")), 0);
    CHECK_EQ(store_list_put(store, bytes_str(shown), bytes_str("other")), 0);
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), 0);
    pin = make_pin("sb.dbx", "", shown);
    CHECK_EQ(store_pin_put(store, device.id, PINS_SHOWN, &pin), 0);
    CHECK_EQ(store_list_trim(store), 0);
    CHECK_BYTES(list_of(store, held), bytes_str("list"));
    CHECK_BYTES(list_of(store, shown), bytes_str("other"));
    CHECK_EQ(store_list_put(store, bytes_str(held), bytes_str("anew")), 0);
    CHECK_BYTES(list_of(store, held), bytes_str("anew"));
    CHECK_EQ(store_pin_drop(store, device.id, PINS_SHOWN, NULL, NULL, NULL), 0);
    CHECK_EQ(store_list_trim(store), 0);
    CHECK_EQ(list_of(store, shown).len, 0);
    CHECK_BYTES(list_of(store, held), bytes_str("anew"));
    pin = make_pin("sb.db", "", held); /* of another slot: no list of ours */
    CHECK_EQ(store_pin_drop(store, device.id, PINS_HELD, NULL, NULL, NULL), 0);
    CHECK_EQ(store_pin_put(store, device.id, PINS_HELD, &pin), 0);
    CHECK_EQ(store_list_trim(store), 0);
    CHECK_EQ(list_of(store, held).len, 0);
}

static void
what_is_no_list_is_not_written(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    static uint8_t much[STORE_LIST_MAX + 1];
    static const char digest[] = "a digest of 20 bytes";

    CHECK_EQ(store_list_put(store, bytes_str(digest), BYTES_NULL), -EINVAL);
    CHECK_EQ(store_list_put(store, bytes_str(digest), BYTES_OF(much)), -EINVAL);
    CHECK_EQ(store_list_put(store, bytes_str(digest), bytes_of(much, STORE_LIST_MAX)), 0);
    CHECK(store_list_put(store, bytes_str("short"), bytes_str("list")) != 0);
    CHECK_EQ(list_of(store, digest).len, STORE_LIST_MAX);
}

CHECK_MAIN(CASE(the_sequence_of_a_bundle_never_falls), CASE(a_bundle_outlives_the_store),
           CASE(what_is_no_bundle_is_not_written), CASE(pins_are_kept_in_order_and_once),
           CASE(pins_are_dropped_by_name_slot_or_all), CASE(a_pin_keeps_when_and_by_which_policy),
           CASE(pins_go_with_their_device), CASE(a_pin_beyond_its_room_is_not_written),
           CASE(lists_live_as_long_as_a_pin_of_them), CASE(what_is_no_list_is_not_written))
