/* store/store-group */
#include "store/store-group.h"

#include "lib/store-make.h"
#include "store/store-sql.h"

static void
put_group(struct store *store, const char *name, bool site)
{
    struct store_group group = {.site = site};

    snprintf(group.name, sizeof(group.name), "%s", name);
    CHECK_EQ(store_group_put(store, &group), 0);
}

/* Valid until the next call. */
static const struct store_groups *
these(size_t n, const char *const *names)
{
    static struct store_groups groups;

    groups = (struct store_groups){.n = n};
    for (size_t i = 0; i < n && i < STORE_GROUPS_MAX; i++) {
        snprintf(groups.groups[i].name, sizeof(groups.groups[i].name), "%s", names[i]);
    }
    return &groups;
}

#define THESE(...) \
    these(ARRAY_LEN(((const char *const[]){__VA_ARGS__})), ((const char *const[]){__VA_ARGS__}))

static struct store *
start(void)
{
    struct store *store = open_store(":memory:");

    put_device(store, 1);
    put_device(store, 2);
    put_group(store, "pilots", false);
    put_group(store, "berlin", true);
    return store;
}

/* The groups of device n, with a blank behind each. */
static const char *
of(struct store *store, uint8_t n)
{
    static char text[STORE_GROUPS_TEXT_MAX + 1];
    struct store_device device = make_device(n);
    struct store_groups groups;
    size_t len = 0;

    CHECK_EQ(store_groups_get(store, device.id, &groups), 0);
    text[0] = '\0';
    for (size_t i = 0; i < groups.n; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s ", groups.groups[i].name);
    }
    return text;
}

static int
set(struct store *store, uint8_t n, const struct store_groups *groups)
{
    struct store_device device = make_device(n);

    return store_groups_set(store, device.id, groups);
}

static void
a_group_reads_back_and_is_replaced(void)
{
    CLEANUP(store_closep) struct store *store = start();
    struct store_group seen = {.name = "untouched"};

    CHECK_EQ(store_group_get(store, "munich", &seen), STORE_NONE);
    CHECK_STR(seen.name, "untouched");
    CHECK_EQ(store_group_get(store, "berlin", &seen), 0);
    CHECK_STR(seen.name, "berlin");
    CHECK(seen.site);
    CHECK_EQ(store_group_get(store, "pilots", &seen), 0);
    CHECK(!seen.site);
    put_group(store, "berlin", false);
    CHECK_EQ(store_group_get(store, "berlin", &seen), 0);
    CHECK(!seen.site);
}

static void
a_group_without_a_name_or_with_too_long_a_one_is_refused(void)
{
    CLEANUP(store_closep) struct store *store = start();
    struct store_group group = {.name = ""};

    CHECK_EQ(store_group_put(store, &group), -EINVAL);
    memset(group.name, 'x', sizeof(group.name));
    CHECK_EQ(store_group_put(store, &group), -EINVAL);
    group.name[sizeof(group.name) - 1] = '\0';
    CHECK_EQ(store_group_put(store, &group), 0);
}

struct heard {
    size_t n, most;
    char names[4][STORE_CLASS_MAX];
};

static bool
hear(void *context, const struct store_group *group)
{
    struct heard *heard = context;

    snprintf(heard->names[heard->n], STORE_CLASS_MAX, "%s", group->name);
    heard->n++;
    return heard->n < heard->most;
}

static void
groups_are_told_by_name_until_enough(void)
{
    CLEANUP(store_closep) struct store *store = start();
    struct heard heard = {.most = 4};

    put_group(store, "Paris", true);
    CHECK_EQ(store_group_each(store, hear, &heard), 0);
    CHECK_EQ(heard.n, 3);
    CHECK_STR(heard.names[0], "Paris");
    CHECK_STR(heard.names[1], "berlin");
    CHECK_STR(heard.names[2], "pilots");
    heard = (struct heard){.most = 1};
    CHECK_EQ(store_group_each(store, hear, &heard), 0);
    CHECK_EQ(heard.n, 1);
}

static void
a_device_is_in_the_groups_that_were_set_last(void)
{
    CLEANUP(store_closep) struct store *store = start();
    int64_t n = 7;

    CHECK_STR(of(store, 1), "");
    CHECK_EQ(set(store, 1, THESE("pilots", "berlin")), 0);
    CHECK_STR(of(store, 1), "berlin pilots ");
    CHECK_STR(of(store, 2), "");
    CHECK_EQ(set(store, 2, THESE("pilots")), 0);
    CHECK_EQ(store_group_members(store, "pilots", &n), 0);
    CHECK_EQ(n, 2);
    CHECK_EQ(set(store, 1, THESE("berlin")), 0);
    CHECK_STR(of(store, 1), "berlin ");
    CHECK_EQ(store_group_members(store, "pilots", &n), 0);
    CHECK_EQ(n, 1);
    CHECK_EQ(set(store, 1, &(struct store_groups){.n = 0}), 0);
    CHECK_STR(of(store, 1), "");
    CHECK_EQ(store_group_members(store, "munich", &n), 0);
    CHECK_EQ(n, 0);
}

static void
what_cannot_be_set_changes_nothing(void)
{
    CLEANUP(store_closep) struct store *store = start();

    CHECK_EQ(set(store, 1, THESE("pilots")), 0);
    CHECK_EQ(set(store, 1, THESE("berlin", "munich")), STORE_NONE);
    CHECK_EQ(set(store, 1, THESE("berlin", "berlin")), STORE_EXISTS);
    CHECK_STR(of(store, 1), "pilots ");
}

static void
too_many_or_of_nobody_changes_nothing(void)
{
    CLEANUP(store_closep) struct store *store = start();

    CHECK_EQ(set(store, 1, THESE("pilots")), 0);
    CHECK_EQ(set(store, 1, &(struct store_groups){.n = STORE_GROUPS_MAX + 1}), -EINVAL);
    CHECK_EQ(set(store, 9, THESE("berlin")), STORE_NONE); /* no such device */
    CHECK_STR(of(store, 1), "pilots ");
    CHECK_STR(of(store, 9), "");
}

static void
as_many_groups_as_a_device_may_have(void)
{
    CLEANUP(store_closep) struct store *store = start();
    struct store_groups eight = {.n = STORE_GROUPS_MAX};
    struct store_groups seen = {.n = 3};
    struct store_device device = make_device(1);

    for (size_t i = 0; i < STORE_GROUPS_MAX; i++) {
        snprintf(eight.groups[i].name, STORE_CLASS_MAX, "%zu%062d", i, 0); /* 63 letters */
        put_group(store, eight.groups[i].name, false);
    }
    CHECK_EQ(set(store, 1, &eight), 0);
    CHECK_EQ(store_groups_get(store, device.id, &seen), 0);
    CHECK_EQ(seen.n, STORE_GROUPS_MAX);
    CHECK_STR(seen.groups[7].name, eight.groups[7].name);
    CHECK(store_groups_have(&seen, eight.groups[0].name));
    CHECK(!store_groups_have(&seen, "pilots"));
    /* a ninth, by another hand */
    CHECK_EQ(sqlite3_exec(store->db, "INSERT INTO membership SELECT id, 'pilots' FROM device", NULL,
                          NULL, NULL),
             SQLITE_OK);
    CHECK_EQ(store_groups_get(store, device.id, &seen), -EIO);
    CHECK_EQ(seen.n, STORE_GROUPS_MAX);
}

static void
memberships_go_with_their_group_and_their_device(void)
{
    CLEANUP(store_closep) struct store *store = start();
    int64_t n = 7;

    CHECK_EQ(set(store, 1, THESE("pilots", "berlin")), 0);
    CHECK_EQ(set(store, 2, THESE("pilots")), 0);
    CHECK_EQ(store_group_drop(store, "berlin"), 0);
    CHECK_EQ(store_group_drop(store, "berlin"), STORE_NONE);
    CHECK_STR(of(store, 1), "pilots ");
    put_group(store, "berlin", true); /* a new one of the old name is empty */
    CHECK_STR(of(store, 1), "pilots ");
    CHECK_EQ(store_pending_trim(store, INT64_MAX, 0), 0);
    CHECK(!has_device(store, 1) && !has_device(store, 2));
    CHECK_EQ(store_group_members(store, "pilots", &n), 0);
    CHECK_EQ(n, 0);
}

struct walked {
    size_t n, most;
    uint8_t first[3];    /* bytes of their ids behind the type */
    struct store *leave; /* each leaves its groups while it is visited */
};

static bool
on_device(void *context, const struct store_device *device)
{
    struct walked *walked = context;

    CHECK(walked->n < ARRAY_LEN(walked->first));
    walked->first[walked->n++] = device->id[1];
    if (walked->leave) {
        CHECK_EQ(store_groups_set(walked->leave, device->id, THESE("berlin")), 0);
    }
    return walked->n < walked->most;
}

/* By their ids, none twice, and none of another group. */
static void
the_devices_of_a_group_are_told_until_enough(void)
{
    CLEANUP(store_closep) struct store *store = start();
    struct walked walked = {.most = 9};

    put_device(store, 3);
    CHECK_EQ(set(store, 3, THESE("pilots")), 0);
    CHECK_EQ(set(store, 2, THESE("berlin")), 0);
    CHECK_EQ(set(store, 1, THESE("pilots", "berlin")), 0);
    CHECK_EQ(store_group_devices(store, "pilots", on_device, &walked), 0);
    CHECK_EQ(walked.n, 2);
    CHECK_EQ(walked.first[0], make_device(1).id[1]);
    CHECK_EQ(walked.first[1], make_device(3).id[1]);
    walked = (struct walked){.most = 1};
    CHECK_EQ(store_group_devices(store, "pilots", on_device, &walked), 0);
    CHECK_EQ(walked.n, 1);
    walked = (struct walked){.most = 9};
    CHECK_EQ(store_group_devices(store, "munich", on_device, &walked), 0);
    CHECK_EQ(walked.n, 0);
    walked = (struct walked){.most = 9, .leave = store};
    CHECK_EQ(store_group_devices(store, "pilots", on_device, &walked), 0);
    CHECK_EQ(walked.n, 2);
    CHECK_STR(of(store, 1), "berlin ");
}

/* SQLite's own word: the group's members are searched for, and nothing else is looked at. */
static void
the_devices_of_a_group_are_found_by_an_index(void)
{
    CLEANUP(store_closep) struct store *store = start();
    struct walked walked = {.most = 9};
    sqlite3_stmt *plan = NULL;
    char text[256];

    CHECK_EQ(store_group_devices(store, "pilots", on_device, &walked), 0);
    snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s",
             sqlite3_sql(store->prepared[SQL_GROUP_DEVICE]));
    CHECK_EQ(sqlite3_prepare_v2(store->db, text, -1, &plan, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_step(plan), SQLITE_ROW);
    snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(plan, 3));
    if (!strstr(text, "membership_group (group_name=? AND device>?)")) {
        check_fail(__FILE__, __LINE__, "%s", text);
    }
    CHECK_EQ(sqlite3_step(plan), SQLITE_DONE);
    sqlite3_finalize(plan);
}

/* A device's row is written again and again; its groups stay. */
static void
a_device_that_is_written_again_keeps_its_groups(void)
{
    CLEANUP(store_closep) struct store *store = start();

    CHECK_EQ(set(store, 1, THESE("pilots")), 0);
    put_device(store, 1);
    CHECK_STR(of(store, 1), "pilots ");
}

static void
an_inventory_names_groups(void)
{
    static const uint8_t one[32] = {1};
    CLEANUP(store_closep) struct store *store = start();
    char names[STORE_GROUPS_TEXT_MAX] = "untouched";
    char long_names[STORE_GROUPS_TEXT_MAX + 1];

    CHECK_EQ(store_inventory_groups_get(store, one, names), STORE_NONE);
    CHECK_STR(names, "untouched");
    CHECK_EQ(store_inventory_groups_put(store, one, "pilots"), STORE_NONE);
    CHECK_EQ(store_inventory_put(store, one, "c"), 0);
    CHECK_EQ(store_inventory_groups_get(store, one, names), 0);
    CHECK_STR(names, "");
    CHECK_EQ(store_inventory_groups_put(store, one, "pilots berlin"), 0);
    CHECK_EQ(store_inventory_put(store, one, "d"),
             0); /* of another class now, in the same groups */
    CHECK_EQ(store_inventory_groups_get(store, one, names), 0);
    CHECK_STR(names, "pilots berlin");
    memset(long_names, 'x', sizeof(long_names));
    long_names[STORE_GROUPS_TEXT_MAX] = '\0';
    CHECK_EQ(store_inventory_groups_put(store, one, long_names), -EINVAL);
    CHECK_EQ(store_inventory_groups_put(store, one, ""), 0);
    CHECK_EQ(store_inventory_groups_get(store, one, names), 0);
    CHECK_STR(names, "");
}

CHECK_MAIN(CASE(a_group_reads_back_and_is_replaced),
           CASE(a_group_without_a_name_or_with_too_long_a_one_is_refused),
           CASE(groups_are_told_by_name_until_enough),
           CASE(a_device_is_in_the_groups_that_were_set_last),
           CASE(what_cannot_be_set_changes_nothing), CASE(too_many_or_of_nobody_changes_nothing),
           CASE(as_many_groups_as_a_device_may_have),
           CASE(memberships_go_with_their_group_and_their_device),
           CASE(the_devices_of_a_group_are_told_until_enough),
           CASE(the_devices_of_a_group_are_found_by_an_index),
           CASE(a_device_that_is_written_again_keeps_its_groups), CASE(an_inventory_names_groups))
