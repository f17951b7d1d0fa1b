/* Rows that another hand has written: every column in turn gets a value that no function of ours
 * writes. Reading it must be -EIO, with the result untouched, and never an overread. */
#include "lib/store-make.h"
#include "store/store-announced.h"
#include "store/store-group.h"
#include "store/store-sql.h"

static const uint8_t key[32] = {1};

static bool
any_class(void *context, const struct store_class *row)
{
    (void)context;
    (void)row;
    return true;
}

static bool
any_ref(void *context, const struct store_ref *ref)
{
    (void)context;
    (void)ref;
    return true;
}

static int
read_device(struct store *store)
{
    struct store_device device = make_device(1);

    return store_device_get(store, device.id, &device);
}

static int
read_last(struct store *store)
{
    struct store_device device = make_device(1);
    struct store_last last;

    return store_last_get(store, device.id, &last);
}

static int
read_evidence(struct store *store)
{
    struct store_device device = make_device(1);
    struct store_evidence evidence;

    return store_evidence_get(store, device.id, &evidence);
}

static bool
on_announced(void *context, const struct store_announced *row)
{
    size_t *bodies = context;

    bodies[row->body_len > 0]++;
    return true;
}

static int
read_class(struct store *store)
{
    return store_class_each(store, any_class, NULL);
}

static int
read_version(struct store *store)
{
    int64_t version;

    return store_ref_version(store, "c", &version);
}

static int
read_refs(struct store *store)
{
    return store_ref_each(store, "c", any_ref, NULL);
}

static int
read_inventory(struct store *store)
{
    char name[STORE_CLASS_MAX];

    return store_inventory_get(store, key, name);
}

static int
read_code(struct store *store)
{
    char name[STORE_CLASS_MAX];

    return store_code_use(store, key, 0, name);
}

static bool
any_group(void *context, const struct store_group *group)
{
    (void)context;
    (void)group;
    return true;
}

static int
read_group(struct store *store)
{
    return store_group_each(store, any_group, NULL);
}

static int
read_groups(struct store *store)
{
    struct store_device device = make_device(1);
    struct store_groups groups;

    return store_groups_get(store, device.id, &groups);
}

static int
read_listed(struct store *store)
{
    char names[STORE_GROUPS_TEXT_MAX];

    return store_inventory_groups_get(store, key, names);
}

static int
read_log(struct store *store)
{
    uint8_t *body = NULL;
    size_t len;
    int r = store_log_get(store, key, &body, &len);

    free(body);
    return r;
}

static int
read_head(struct store *store)
{
    uint8_t hash[32];
    int64_t seq;

    return store_audit_head(store, &seq, hash);
}

static int
no_hash(void *context, const struct bytes *parts, size_t n_parts, uint8_t ret[32])
{
    (void)context;
    (void)parts;
    (void)n_parts;
    memset(ret, 0, 32);
    return 0;
}

/* One row in every table, all of them readable. */
static void
fill(struct store *store)
{
    struct store_device device = make_device(1);
    struct store_last last = {0};
    struct store_evidence evidence = {.arrived_ms = 1};
    struct store_class row = {.name = "c", .bank = HASH_SHA256};
    struct store_ref ref = {.digest = {.alg = HASH_SHA256}};
    struct store_announced announced = {.component = "os", .body_len = 1};
    struct store_audit audit = {.kind = "k", .actor = "a", .text = "t"};
    struct store_groups groups = {.n = 1, .groups = {{.name = "g"}}};

    memcpy(evidence.device, device.id, sizeof(device.id));
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_last_put(store, device.id, &last), 0);
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_announced_put(store, device.id, &announced), 0);
    CHECK_EQ(store_class_put(store, &row), 0);
    CHECK_EQ(store_ref_add(store, "c", &ref, NULL), 0);
    CHECK_EQ(store_inventory_put(store, key, "c"), 0);
    CHECK_EQ(store_code_put(store, key, "c", 100), 0);
    CHECK_EQ(store_group_put(store, &groups.groups[0]), 0);
    CHECK_EQ(store_groups_set(store, device.id, &groups), 0);
    CHECK_EQ(store_log_put(store, key, LOG_IMA, BYTES_OF(key)), 0);
    CHECK_EQ(store_audit_add(store, &audit, no_hash, NULL), 0);
    CHECK_EQ(store_commit(store), 0);
}

struct misfit {
    const char *sql;
    int (*read)(struct store *store);
};

#define BLOBS(table, column, size, read)                                     \
    {"UPDATE " table " SET " column " = zeroblob(" #size " - 1)", read},     \
        {"UPDATE " table " SET " column " = zeroblob(" #size " + 1)", read}, \
        {"UPDATE " table " SET " column " = x''", read},                     \
    {                                                                        \
        "UPDATE " table " SET " column " = zeroblob(70000)", read            \
    }
#define TEXTS(table, column, room, read)                                        \
    {"UPDATE " table " SET " column " = printf('%.*c', " #room ", 'x')", read}, \
        {"UPDATE " table " SET " column " = 'a' || char(0) || 'b'", read},      \
    {                                                                           \
        "UPDATE " table " SET " column " = CAST(x'c3' AS TEXT)", read           \
    }
#define NUMBERS(table, column, past, read)               \
    {"UPDATE " table " SET " column " = -1", read},      \
    {                                                    \
        "UPDATE " table " SET " column " = " #past, read \
    }

static const struct misfit misfits[] = {
    BLOBS("device", "ident", 16, read_device),
    BLOBS("device", "ek_fingerprint", 32, read_device),
    BLOBS("device", "ek_digest", 32, read_device),
    {"UPDATE device SET ak_name = zeroblob(67)", read_device},
    {"UPDATE device SET ak_public = zeroblob(513)", read_device},
    NUMBERS("device", "ek_chain", 3, read_device),
    NUMBERS("device", "state", 7, read_device),
    TEXTS("device", "class_name", 64, read_device),
    TEXTS("device", "why", 128, read_device),
    TEXTS("device", "maker", 128, read_device),
    TEXTS("device", "model", 128, read_device),
    TEXTS("device", "serial", 128, read_device),
    NUMBERS("verdict", "tier", 3, read_last),
    {"UPDATE verdict SET tier = 4294967298", read_last}, /* 2 in its low half */
    {"UPDATE verdict SET reasons = zeroblob(3)", read_last},
    {"UPDATE verdict SET reasons = zeroblob(34)", read_last},
    NUMBERS("verdict", "null_used", 2, read_last),
    BLOBS("verdict", "firmware_log", 32, read_last),
    BLOBS("verdict", "pcr_digest", 32, read_last),
    NUMBERS("verdict", "fault_event", 4294967296, read_last),
    NUMBERS("verdict", "fault_pcr", 4294967296, read_last),
    TEXTS("verdict", "fault_rule", 64, read_last),
    TEXTS("verdict", "policy", 64, read_last),
    {"UPDATE verdict SET vector = x'010203'", read_last},
    {"UPDATE verdict SET secure_boot = 3", read_last},
    TEXTS("verdict", "fault_expected", 160, read_last),
    TEXTS("verdict", "fault_seen", 160, read_last),
    BLOBS("evidence", "firmware_log", 32, read_evidence),
    TEXTS("class", "name", 64, read_class),
    NUMBERS("class", "bank", 65547, read_class),
    NUMBERS("class", "pcr_mask", 4294967296, read_class),
    NUMBERS("class", "need_ek_chain", 2, read_class),
    NUMBERS("class", "allow_sha1", 2, read_class),
    NUMBERS("class", "allow_no_nonce", 2, read_class),
    TEXTS("class", "audiences", 256, read_class),
    NUMBERS("class", "version", 0, read_version),
    NUMBERS("reference", "pcr", 4294967296, read_refs),
    NUMBERS("reference", "alg", 16, read_refs),
    {"UPDATE reference SET alg = 12", read_refs}, /* another size */
    BLOBS("reference", "digest", 32, read_refs),
    NUMBERS("reference", "type", 4294967296, read_refs),
    TEXTS("reference", "label", 160, read_refs),
    TEXTS("inventory", "class_name", 64, read_inventory),
    TEXTS("code", "class_name", 64, read_code),
    TEXTS("device_group", "name", 64, read_group),
    NUMBERS("device_group", "site", 2, read_group),
    NUMBERS("device_group", "site", 2, read_groups),
    TEXTS("inventory", "group_names", 512, read_listed),
    {"UPDATE log SET body = zeroblob(16777217)", read_log},
    BLOBS("audit", "hash", 32, read_head),
    {"UPDATE audit SET seq = -1", read_head},
};

static void
edit(struct store *store, const char *sql)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        check_fail(__FILE__, __LINE__, "%s: %s", sqlite3_errmsg(store->db), sql);
    }
}

static int
read_after(const char *sql, int (*read)(struct store *store))
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    fill(store);
    if (read != read_code) { /* which would use it up */
        CHECK_EQ(read(store), 0);
    }
    edit(store, "PRAGMA foreign_keys = OFF");
    edit(store, sql);
    return read(store);
}

static void
misfits_are_io_errors(void)
{
    for (size_t i = 0; i < ARRAY_LEN(misfits); i++) {
        int r = read_after(misfits[i].sql, misfits[i].read);

        if (r != -EIO) {
            check_fail(__FILE__, __LINE__, "%d after %s", r, misfits[i].sql);
        }
    }
}

/* What a device announced only explains, so that one row is no reason to see none: it comes without
 * a body, and its neighbours whole. */
static void
a_misfit_among_announcements_is_left_out_alone(void)
{
    static const char *const edits[] = {
        "UPDATE announced SET component = printf('%.*c', 64, 'x') WHERE component = 'os'",
        "UPDATE announced SET component = 'a' || char(0) || 'b' WHERE component = 'os'",
        "UPDATE announced SET component = CAST(x'c3' AS TEXT) WHERE component = 'os'",
        "UPDATE announced SET reset_last = -1 WHERE component = 'os'",
        "UPDATE announced SET body = zeroblob(8193) WHERE component = 'os'",
        "UPDATE announced SET body = x'' WHERE component = 'os'",
    };
    static const struct store_moment moment = {.now_ms = INT64_MIN, .reset_count = (uint64_t)-9};
    struct store_device device = make_device(1);

    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        CLEANUP(store_closep) struct store *store = open_store(":memory:");
        struct store_announced other = {.component = "zz", .body_len = 1};
        size_t bodies[2] = {0};

        fill(store);
        CHECK_EQ(store_announced_put(store, device.id, &other), 0);
        edit(store, edits[i]);
        CHECK_EQ(store_announced_each(store, device.id, &moment, on_announced, bodies), 0);
        CHECK_EQ(bodies[0], 1);
        CHECK_EQ(bodies[1], 1);
        edit(store, "DROP TABLE announced"); /* which is more than a row */
        CHECK_EQ(store_announced_each(store, device.id, &moment, on_announced, bodies), -EIO);
    }
}

/* A table made anew without STRICT holds any type. */
#define LOOSE(table, columns)                                                    \
    "CREATE TABLE loose AS SELECT " columns " FROM " table "; DROP TABLE " table \
    "; ALTER TABLE loose RENAME TO " table

static void
columns_of_another_type_are_io_errors(void)
{
    CHECK_EQ(read_after(LOOSE("log", "digest, kind, body"), read_log), 0);
    CHECK_EQ(read_after(LOOSE("log", "digest, kind, 7 AS body"), read_log), -EIO);
    CHECK_EQ(read_after(LOOSE("log", "digest, kind, 'text' AS body"), read_log), -EIO);
    CHECK_EQ(read_after(LOOSE("log", "digest, kind, NULL AS body"), read_log), -EIO);
    CHECK_EQ(read_after(LOOSE("log", "digest, kind, 1.5 AS body"), read_log), -EIO);
    CHECK_EQ(read_after(LOOSE("inventory", "ek_fingerprint, 7 AS class_name"), read_inventory),
             -EIO);
    CHECK_EQ(read_after(LOOSE("inventory", "ek_fingerprint, x'61' AS class_name"), read_inventory),
             -EIO);
    CHECK_EQ(read_after(LOOSE("audit", "'1' AS seq, hash"), read_head), -EIO);
}

static void
a_table_that_is_gone_is_an_io_error(void)
{
    CHECK_EQ(read_after("DROP TABLE log", read_log), -EIO);
    CHECK_EQ(read_after("DROP TABLE code", read_code), -EIO);
}

static void
a_misfit_leaves_the_result_alone(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_device seen = {.era = 42};

    fill(store);
    edit(store, "UPDATE device SET serial = printf('%.*c', 128, 'x')");
    CHECK_EQ(store_device_get(store, device.id, &seen), -EIO);
    CHECK_EQ(seen.era, 42);
    CHECK_STR(seen.maker, "");
}

CHECK_MAIN(CASE(misfits_are_io_errors), CASE(a_misfit_among_announcements_is_left_out_alone),
           CASE(columns_of_another_type_are_io_errors), CASE(a_table_that_is_gone_is_an_io_error),
           CASE(a_misfit_leaves_the_result_alone))
