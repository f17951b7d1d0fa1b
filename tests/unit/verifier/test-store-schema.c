/* Versions of the file. The text of a released version is frozen here, apart from the code's. */
#include "lib/store-make.h"
#include "store/store-group.h"
#include "store/store-sql.h"

static const char frozen_1[] =
    "CREATE TABLE device (id BLOB NOT NULL PRIMARY KEY, ident BLOB NOT NULL UNIQUE,"
    " ek_fingerprint BLOB NOT NULL UNIQUE, ek_digest BLOB NOT NULL, ak_name BLOB UNIQUE,"
    " ak_public BLOB NOT NULL, ek_chain INTEGER NOT NULL, state INTEGER NOT NULL,"
    " class_name TEXT NOT NULL, why TEXT NOT NULL, maker TEXT NOT NULL, model TEXT NOT NULL,"
    " serial TEXT NOT NULL, enrolled_ms INTEGER NOT NULL, era INTEGER NOT NULL) STRICT;"
    "CREATE INDEX device_enrolled ON device (enrolled_ms, id);"
    "CREATE INDEX device_state ON device (state, enrolled_ms, id);"
    "CREATE INDEX device_serial ON device (serial, model, maker);"
    "CREATE TABLE verdict (device BLOB NOT NULL PRIMARY KEY REFERENCES device (id)"
    " ON DELETE CASCADE, tier INTEGER NOT NULL, reasons BLOB NOT NULL,"
    " challenge_ms INTEGER NOT NULL, arrived_ms INTEGER NOT NULL, accepted_ms INTEGER NOT NULL,"
    " era INTEGER NOT NULL, reset_count INTEGER NOT NULL, restart_count INTEGER NOT NULL,"
    " clock_ms INTEGER NOT NULL, clock_at_ms INTEGER NOT NULL, boot_restart INTEGER NOT NULL,"
    " firmware INTEGER NOT NULL, null_used INTEGER NOT NULL, firmware_log BLOB NOT NULL,"
    " pcr_digest BLOB NOT NULL, ima_length INTEGER NOT NULL, userspace_length INTEGER NOT NULL,"
    " fault_event INTEGER NOT NULL, fault_pcr INTEGER NOT NULL, fault_rule TEXT NOT NULL,"
    " fault_expected TEXT NOT NULL, fault_seen TEXT NOT NULL) STRICT;"
    "CREATE TABLE challenge (challenge BLOB NOT NULL PRIMARY KEY,"
    " keep_until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX challenge_until ON challenge (keep_until_ms);"
    "CREATE TABLE inventory (ek_fingerprint BLOB NOT NULL PRIMARY KEY, class_name TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE code (digest BLOB NOT NULL PRIMARY KEY, class_name TEXT NOT NULL,"
    " expires_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE class (name TEXT NOT NULL PRIMARY KEY, bank INTEGER NOT NULL,"
    " pcr_mask INTEGER NOT NULL, interval_s INTEGER NOT NULL, need_ek_chain INTEGER NOT NULL,"
    " allow_sha1 INTEGER NOT NULL, allow_no_nonce INTEGER NOT NULL, audiences TEXT NOT NULL,"
    " version INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE reference (class_name TEXT NOT NULL REFERENCES class (name),"
    " pcr INTEGER NOT NULL, alg INTEGER NOT NULL, digest BLOB NOT NULL, type INTEGER NOT NULL,"
    " label TEXT NOT NULL, added INTEGER NOT NULL,"
    " PRIMARY KEY (class_name, pcr, alg, digest, type), UNIQUE (class_name, added))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE log (digest BLOB NOT NULL PRIMARY KEY, kind INTEGER NOT NULL,"
    " body BLOB NOT NULL) STRICT;"
    "CREATE TABLE evidence (device BLOB NOT NULL PRIMARY KEY REFERENCES device (id)"
    " ON DELETE CASCADE, firmware_log BLOB NOT NULL, arrived_ms INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX evidence_log ON evidence (firmware_log);"
    "CREATE TABLE audit (seq INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL,"
    " kind TEXT NOT NULL, device BLOB, actor TEXT NOT NULL, text TEXT NOT NULL,"
    " hash BLOB NOT NULL) STRICT;"
    "PRAGMA user_version = 1;";

static const char frozen_rows[] =
    "INSERT INTO class VALUES ('gateways', 11, 255, 300, 1, 0, 0, 'api', 7);"
    "INSERT INTO reference VALUES ('gateways', 4, 11, zeroblob(32), 5, 'loader', 7);"
    "INSERT INTO inventory VALUES (zeroblob(32), 'gateways');";

/* A later version, for the mechanism: a column more, and the version of every class grows. */
static const char step_2[] = "ALTER TABLE inventory ADD COLUMN note TEXT NOT NULL DEFAULT 'old';"
                             "ALTER TABLE device ADD COLUMN tpm_vendor INTEGER NOT NULL DEFAULT 0;"
                             "UPDATE class SET version = version + 1;"
                             "PRAGMA user_version = 2;";

static int64_t
ask(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t value;

    CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_EQ(sqlite3_prepare_v2(db, text, -1, &stmt, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

static struct store_folder
old_file(void)
{
    struct store_folder made = make_folder();

    edit_file(made.path, frozen_1);
    edit_file(made.path, frozen_rows);
    return made;
}

static int64_t
class_version(struct store *store)
{
    int64_t version = 0;

    CHECK_EQ(store_ref_version(store, "gateways", &version), 0);
    return version;
}

/* Opens with the steps of version 1 and these two. */
static int
open_with(const char *path, const char *second, const char *third, struct store **ret)
{
    const char *const steps[] = {schema_steps[0], second, third};

    return store_open_steps(path, steps, third ? 3 : 2, ret);
}

static void
an_old_file_is_brought_forward_with_its_rows(void)
{
    struct store_folder made = old_file();
    struct store *store = NULL;

    CHECK_EQ(open_with(made.path, step_2, NULL, &store), 0);
    CHECK_EQ(class_version(store), 8);
    put_device(store, 1);
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    CHECK_EQ(ask(made.path, "PRAGMA user_version"), 2);
    CHECK_EQ(ask(made.path, "SELECT count(*) FROM inventory WHERE note = 'old'"), 1);
    CHECK_EQ(open_with(made.path, step_2, NULL, &store), 0); /* and not twice */
    CHECK_EQ(class_version(store), 8);
    store_close(store);
    drop_folder(&made);
}

static void
a_new_file_goes_through_all_steps(void)
{
    struct store_folder made = make_folder();
    struct store *store = NULL;

    CHECK_EQ(open_with(made.path, step_2, NULL, &store), 0);
    store_close(store);
    CHECK_EQ(ask(made.path, "PRAGMA user_version"), 2);
    drop_folder(&made);
}

/* Pins of rules say so by their slot, and stay. */
static void
pins_of_before_they_were_of_slots_are_kept(void)
{
    struct store_folder made = make_folder();
    struct store *store = NULL;

    CHECK_EQ(store_open_steps(made.path, schema_steps, 10, &store), 0);
    store_close(store);
    edit_file(made.path, "INSERT INTO device VALUES (x'01', x'01', x'01', x'01', x'01', x'01', 0,"
                         " 2, 'c', '', '', '', '', 0, 0)");
    edit_file(made.path, "INSERT INTO pin (device, rule, name, value)"
                         " SELECT id, 'args', 'root', x'3132' FROM device");
    CHECK_EQ(store_open_steps(made.path, schema_steps, 11, &store), 0);
    store_close(store);
    CHECK_EQ(ask(made.path, "SELECT count(*) FROM pin JOIN device ON id = device"
                            " WHERE shown = 0 AND slot = 'rule:args' AND name = 'root'"
                            " AND value = x'3132' AND at_ms = 0 AND policy = ''"),
             1);
    CHECK_EQ(ask(made.path, "SELECT count(*) FROM pin"), 1);
    drop_folder(&made);
}

/* Each of these fails at the third step: the file stays at version 1, without the second. */
static void
a_failed_step_leaves_the_old_file(void)
{
    static const char *const thirds[] = {
        "CREATE TABLE more (a); nonsense; PRAGMA user_version = 3;",
        "CREATE TABLE more (a);", /* does not say its version */
        "CREATE TABLE more (a); PRAGMA user_version = 4;",
        "DELETE FROM class; PRAGMA user_version = 3;", /* references are left behind */
    };

    for (size_t i = 0; i < ARRAY_LEN(thirds); i++) {
        struct store_folder made = old_file();
        struct store *store = NULL;

        CHECK_EQ(open_with(made.path, step_2, thirds[i], &store), -EIO);
        CHECK(!store);
        CHECK_EQ(ask(made.path, "PRAGMA user_version"), 1);
        CHECK_EQ(ask(made.path, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'"), 0);
        CHECK_EQ(ask(made.path, "SELECT version FROM class"), 7);
        CHECK_EQ(open_with(made.path, step_2, NULL, &store), 0);
        store_close(store);
        drop_folder(&made);
    }
}

static void
a_newer_file_is_refused_and_left_alone(void)
{
    struct store_folder made = old_file();
    struct store *store = NULL;
    char text[64];

    snprintf(text, sizeof(text), "PRAGMA user_version = %zu", schema_n_steps + 1);
    edit_file(made.path, text);
    CHECK_EQ(store_open(made.path, &store), STORE_E_NEWER);
    CHECK(!store);
    CHECK_EQ(ask(made.path, "PRAGMA user_version"), (int64_t)schema_n_steps + 1);
    CHECK_EQ(ask(made.path, "SELECT count(*) FROM pragma_journal_mode"
                            " WHERE journal_mode = 'wal'"),
             0);
    edit_file(made.path, "PRAGMA user_version = -1");
    CHECK_EQ(store_open(made.path, &store), -EIO);
    drop_folder(&made);
}

static void
the_frozen_file_opens_with_todays_steps(void)
{
    struct store_folder made = old_file();
    CLEANUP(store_closep) struct store *store = open_store(made.path);
    struct store_class row;
    char name[STORE_CLASS_MAX];
    char groups[STORE_GROUPS_TEXT_MAX] = "untouched";
    uint8_t fingerprint[32] = {0};

    CHECK_EQ(store_class_get(store, "gateways", &row), 0);
    CHECK_EQ(row.bank, HASH_SHA256);
    CHECK(row.need_ek_chain && !row.allow_sha1 && !row.allow_no_nonce);
    CHECK_EQ(store_inventory_get(store, fingerprint, name), 0);
    CHECK_STR(name, "gateways");
    CHECK_EQ(store_inventory_groups_get(store, fingerprint, groups), 0);
    CHECK_STR(groups, ""); /* no row of before named any */
    put_device(store, 1);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(store_class_get(store, "gateways", &row), 0);
    CHECK_EQ(row.evidence_max, 256 * 1024); /* as all classes of before had it */
    drop_folder(&made);
}

/* What an accepted quote said of its TPM's firmware is known from before; that of others is not,
 * also of one that was accepted once and refused last. */
static void
firmware_of_accepted_verdicts_is_taken_over(void)
{
    static const char three[] =
        "INSERT INTO device VALUES (x'01', x'01', x'01', x'01', x'01', x'01', 0, 2, 'gateways', '',"
        " '', '', '', 0, 0), (x'02', x'02', x'02', x'02', x'02', x'02', 0, 4, 'gateways', '', '',"
        " '', '', 0, 0), (x'03', x'03', x'03', x'03', x'03', x'03', 0, 4, 'gateways', '', '', '',"
        " '', 0, 0);"
        "INSERT INTO verdict VALUES (x'03', 96, x'', 6, 0, 5, 0, 0, 0, 0, 0, 0, 79, 0, "
        "zeroblob(32),"
        " zeroblob(32), 0, 0, 0, 0, '', '', ''), (x'01', 2, x'', 5, 0, 5, 0, 0, 0, 0, 0, 0, 77, 0, "
        "zeroblob(32),"
        " zeroblob(32), 0, 0, 0, 0, '', '', ''), (x'02', 96, x'', 0, 0, 0, 0, 0, 0, 0, 0, 0, 78, 0,"
        " zeroblob(32), zeroblob(32), 0, 0, 0, 0, '', '', '');";
    struct store_folder made = old_file();

    edit_file(made.path, three);
    store_close(open_store(made.path));
    CHECK_EQ(ask(made.path, "SELECT trusted_firmware FROM verdict WHERE device = x'01'"), 77);
    CHECK_EQ(ask(made.path, "SELECT trusted_firmware FROM verdict WHERE device = x'02'"), 0);
    CHECK_EQ(ask(made.path, "SELECT trusted_firmware FROM verdict WHERE device = x'03'"), 0);
    drop_folder(&made);
}

/* What SQLite keeps of the schema, without blanks. */
static void
describe(sqlite3 *db, char *out, size_t cap)
{
    sqlite3_stmt *stmt = NULL;
    size_t len = 0;

    CHECK_EQ(sqlite3_prepare_v2(db,
                                "SELECT replace(sql, ' ', '') FROM sqlite_schema"
                                " WHERE sql IS NOT NULL ORDER BY name",
                                -1, &stmt, NULL),
             SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        len += (size_t)snprintf(out + len, cap - len, "%s\n",
                                (const char *)sqlite3_column_text(stmt, 0));
        CHECK(len < cap);
    }
    sqlite3_finalize(stmt);
    CHECK(len > 1000);
}

static void
version_1_is_as_it_was_released(void)
{
    static char frozen[8192];
    static char made[8192];
    sqlite3 *db = NULL;
    CLEANUP(store_closep) struct store *store = NULL;

    CHECK_EQ(sqlite3_open(":memory:", &db), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db, frozen_1, NULL, NULL, NULL), SQLITE_OK);
    describe(db, frozen, sizeof(frozen));
    sqlite3_close(db);
    CHECK_EQ(store_open_steps(":memory:", schema_steps, 1, &store), 0);
    describe(store->db, made, sizeof(made));
    CHECK_STR(made, frozen);
}

CHECK_MAIN(CASE(an_old_file_is_brought_forward_with_its_rows),
           CASE(a_new_file_goes_through_all_steps),
           CASE(pins_of_before_they_were_of_slots_are_kept),
           CASE(a_failed_step_leaves_the_old_file), CASE(a_newer_file_is_refused_and_left_alone),
           CASE(the_frozen_file_opens_with_todays_steps),
           CASE(firmware_of_accepted_verdicts_is_taken_over), CASE(version_1_is_as_it_was_released))
