#include "store/store-group.h"

#include <errno.h>

#include "store/store-sql.h"

static void
read_group(struct sql *sql, struct store_group *ret)
{
    sql_get_text(sql, ret->name, sizeof(ret->name));
    ret->site = sql_get_bool(sql);
}

/* Runs a bound statement for one group. */
static int
one_group(struct sql *sql, struct store_group *ret)
{
    struct store_group group = {.name = ""};
    int r = sql_row(sql);

    if (r == 0) {
        read_group(sql, &group);
    }
    r = sql_end(sql, r);
    if (r == 0) {
        *ret = group;
    }
    return r;
}

int
store_group_get(struct store *store, const char *name, struct store_group *ret)
{
    struct sql sql = sql_begin(store, SQL_GROUP_GET);

    sql_text(&sql, name, STORE_CLASS_MAX);
    return one_group(&sql, ret);
}

int
store_group_put(struct store *store, const struct store_group *group)
{
    struct sql sql;
    int r;

    if (group->name[0] == '\0') {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_GROUP_PUT);
    sql_text(&sql, group->name, sizeof(group->name));
    sql_int(&sql, group->site);
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_group_drop(struct store *store, const char *name)
{
    int64_t n = 0;
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_GROUP_DROP);
    sql_text(&sql, name, STORE_CLASS_MAX);
    r = sql_run(&sql, &n);
    return sql_done(store, r == 0 && n == 0 ? STORE_NONE : r);
}

/* One statement a row: the visitor may call the store. */
int
store_group_each(struct store *store, bool (*visit)(void *context, const struct store_group *group),
                 void *context)
{
    struct store_group group = {.name = ""};
    bool more = true;
    int r = 0;

    while (more && r == 0) {
        struct sql sql = sql_begin(store, SQL_GROUP_NEXT);

        sql_text(&sql, group.name, sizeof(group.name));
        r = one_group(&sql, &group);
        more = r == 0 && visit(context, &group);
    }
    return r == STORE_NONE ? 0 : r;
}

int
store_group_members(struct store *store, const char *name, int64_t *ret)
{
    struct sql sql = sql_begin(store, SQL_GROUP_MEMBERS);
    int64_t n = 0;
    int r;

    sql_text(&sql, name, STORE_CLASS_MAX);
    r = sql_row(&sql);
    if (r == 0) {
        n = sql_get_int(&sql, 0, INT64_MAX);
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = n;
    }
    return r;
}

/* The member behind one, or the first behind none. */
static int
next_member(struct store *store, const char *name, struct bytes behind, struct store_device *ret)
{
    struct sql sql = sql_begin(store, SQL_GROUP_DEVICE);
    uint8_t id[WIRE_UEID_SIZE];
    int r;

    sql_text(&sql, name, STORE_CLASS_MAX);
    sql_blob(&sql, behind);
    r = sql_row(&sql);
    if (r == 0) {
        sql_get_exact(&sql, id, sizeof(id));
    }
    r = sql_end(&sql, r);
    return r == 0 ? store_device_get(store, id, ret) : r;
}

int
store_group_devices(struct store *store, const char *name,
                    bool (*visit)(void *context, const struct store_device *device), void *context)
{
    struct store_device device;
    struct bytes behind = bytes_of("", 0);
    bool more = true;
    int r = 0;

    while (more && r == 0) {
        r = next_member(store, name, behind, &device);
        behind = BYTES_OF(device.id);
        more = r == 0 && visit(context, &device);
    }
    return r == STORE_NONE ? 0 : r;
}

int
store_groups_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE], struct store_groups *ret)
{
    struct sql sql = sql_begin(store, SQL_GROUPS_OF);
    struct store_groups groups = {.n = 0};
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    while ((r = sql_row(&sql)) == 0) {
        if (groups.n == STORE_GROUPS_MAX) {
            r = -EIO;
            break;
        }
        read_group(&sql, &groups.groups[groups.n]);
        if (sql.r != 0) {
            break;
        }
        groups.n++;
    }
    r = sql_end(&sql, r == STORE_NONE ? 0 : r);
    if (r == 0) {
        *ret = groups;
    }
    return r;
}

static int
set_rows(struct store *store, const uint8_t id[WIRE_UEID_SIZE], const struct store_groups *groups)
{
    struct sql sql = sql_begin(store, SQL_GROUPS_CLEAR);
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    r = sql_run(&sql, NULL);
    for (size_t i = 0; r == 0 && i < groups->n; i++) {
        sql = sql_begin(store, SQL_GROUPS_PUT);
        sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
        sql_text(&sql, groups->groups[i].name, sizeof(groups->groups[i].name));
        r = sql_run(&sql, NULL);
    }
    return r;
}

int
store_groups_set(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                 const struct store_groups *groups)
{
    int r;

    if (groups->n > STORE_GROUPS_MAX) {
        return -EINVAL;
    }
    r = sql_call(store);
    return r != 0 ? r : sql_done(store, set_rows(store, id, groups));
}

size_t
store_groups_names(const struct store_groups *groups, struct bytes ret[STORE_GROUPS_MAX])
{
    for (size_t i = 0; i < groups->n; i++) {
        ret[i] = bytes_str(groups->groups[i].name);
    }
    return groups->n;
}

bool
store_groups_have(const struct store_groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->n; i++) {
        if (strcmp(groups->groups[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

int
store_inventory_groups_put(struct store *store, const uint8_t fingerprint[32], const char *names)
{
    int64_t n = 0;
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_INVENTORY_GROUPS_PUT);
    sql_text(&sql, names, STORE_GROUPS_TEXT_MAX);
    sql_blob(&sql, bytes_of(fingerprint, 32));
    r = sql_run(&sql, &n);
    return sql_done(store, r == 0 && n == 0 ? STORE_NONE : r);
}

int
store_inventory_groups_get(struct store *store, const uint8_t fingerprint[32],
                           char ret_names[STORE_GROUPS_TEXT_MAX])
{
    struct sql sql = sql_begin(store, SQL_INVENTORY_GROUPS_GET);
    char names[STORE_GROUPS_TEXT_MAX] = "";
    int r;

    sql_blob(&sql, bytes_of(fingerprint, 32));
    r = sql_row(&sql);
    if (r == 0) {
        sql_get_text(&sql, names, sizeof(names));
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        memcpy(ret_names, names, sizeof(names));
    }
    return r;
}
