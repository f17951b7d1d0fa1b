#include "store/store-sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUSY_WAIT_MS = 1000 }; /* a device sends again after 2 s; backups hold no lock as long */

/* Runs a statement of the transaction's own. */
static int
run(struct store *store, enum statement statement)
{
    struct sql sql = sql_begin(store, statement);

    return sql_run(&sql, NULL);
}

/* SQLite may drop a whole transaction when a disk is full or failing. What came before must then
 * not be taken for written, so nothing more is, until the batch is given up. */
static bool
batch_lost(const struct store *store)
{
    return store->batch && sqlite3_get_autocommit(store->db);
}

/* Waits for another's lock, but once a batch: a keeper that waited for each request of its turn
 * would answer none of them in time. */
static int
begin(struct store *store)
{
    int r = run(store, SQL_BEGIN);

    store->batch = r == 0;
    if (r == -EBUSY && !store->impatient) {
        store->impatient = true;
        sqlite3_busy_timeout(store->db, 0);
    }
    return r;
}

static void
end_batch(struct store *store)
{
    store->batch = false;
    store->piece = false;
    if (store->impatient) {
        store->impatient = false;
        sqlite3_busy_timeout(store->db, BUSY_WAIT_MS);
    }
}

/* The piece's savepoint is set by its first call, so that a piece that only reads costs nothing. */
static int
begin_piece(struct store *store)
{
    int r = store->piece ? 0 : run(store, SQL_PIECE);

    store->piece = r == 0;
    return r;
}

int
sql_call(struct store *store)
{
    int r = 0;

    if (store->reads_only) {
        return -EROFS;
    }
    if (batch_lost(store)) {
        return -EIO;
    }
    store->began = !store->batch;
    if (store->began) {
        r = begin(store);
    }
    if (r == 0) {
        r = begin_piece(store);
        r = r == 0 ? run(store, SQL_CALL) : r;
        if (r != 0 && store->began) {
            store_rollback(store);
        }
    }
    return r;
}

int
store_piece(struct store *store)
{
    int r = store->piece && !batch_lost(store) ? run(store, SQL_PIECE_DONE) : 0;

    store->piece = false;
    return r;
}

int
store_undo(struct store *store)
{
    int r = 0;

    if (batch_lost(store)) {
        return -EIO;
    }
    if (store->piece) {
        r = run(store, SQL_PIECE_UNDO);
        r = r == 0 ? run(store, SQL_PIECE_DONE) : r;
        store->piece = false;
    }
    return r;
}

int
sql_done(struct store *store, int r)
{
    int failed;

    if (r == 0) {
        r = run(store, SQL_CALL_DONE);
    }
    if (r == 0) {
        return 0;
    }
    if (store->began) {
        store_rollback(store); /* an empty batch would keep other writers out */
        return r;
    }
    if (batch_lost(store)) {
        return r < 0 ? r : -EIO;
    }
    failed = run(store, SQL_CALL_UNDO);
    if (failed == 0) {
        failed = run(store, SQL_CALL_DONE);
    }
    return failed < 0 ? failed : r;
}

int
store_commit(struct store *store)
{
    int r = 0;

    if (batch_lost(store)) {
        end_batch(store);
        return -EIO;
    }
    if (store->batch) {
        r = run(store, SQL_COMMIT); /* releases an open savepoint */
    }
    if (r != 0) {
        store_rollback(store);
    }
    end_batch(store);
    return r;
}

void
store_rollback(struct store *store)
{
    if (store->batch && !batch_lost(store)) {
        ignore(run(store, SQL_ROLLBACK), "fails only where SQLite has rolled back itself");
    }
    end_batch(store);
}

void
store_close(struct store *store)
{
    if (!store) {
        return;
    }
    for (size_t i = 0; i < SQL_N; i++) {
        sqlite3_finalize(store->prepared[i]);
    }
    sqlite3_close(store->db); /* rolls an open batch back */
    free(store);
}

void
store_closep(struct store **store)
{
    store_close(*store);
    *store = NULL;
}

/* Makes the file with a mode of ours; the files beside it inherit it. Only if it is new: closing
 * another descriptor of an open database would drop SQLite's locks on it. */
static int
make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
    } else if (errno != EEXIST) {
        return -errno;
    }
    return 0;
}

static int
exec(sqlite3 *db, const char *text)
{
    int result = sqlite3_exec(db, text, NULL, NULL, NULL);

    return result == SQLITE_OK ? 0 : sql_errno(result);
}

/* A file system without shared memory leaves the journal as it was, and says so in a row. */
static int
set_wal(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
    bool good = false;

    if (result == SQLITE_OK) {
        result = sqlite3_step(stmt);
    }
    if (result == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(stmt, 0);

        good = mode && (strcmp(mode, "wal") == 0 || strcmp(mode, "memory") == 0);
    }
    sqlite3_finalize(stmt);
    if (result != SQLITE_ROW) {
        return sql_errno(result);
    }
    return good ? 0 : -EIO;
}

static int
set_up(sqlite3 *db, const char *const *steps, size_t n_steps)
{
    int r;

    sqlite3_busy_timeout(db, BUSY_WAIT_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    /* a schema that someone planted runs no functions; a damaged page is found when it is read;
     * what is kept to undo a large piece goes to no other folder, which the keeper may not open */
    r = exec(db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                 "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
                 "PRAGMA temp_store = MEMORY;");
    if (r == 0) {
        r = schema_bring(db, steps, n_steps);
    }
    if (r == 0) {
        r = set_wal(db); /* only now: a file that we refuse keeps its journal */
    }
    if (r == 0) {
        r = exec(db, "PRAGMA foreign_keys = ON");
    }
    return r;
}

int
store_open_steps(const char *path, const char *const *steps, size_t n_steps, struct store **ret)
{
    CLEANUP(store_closep) struct store *store = NULL;
    int result;
    int r = 0;

    if (path[0] == '\0') {
        return -EINVAL; /* SQLite would take it for a temporary file */
    }
    if (strcmp(path, ":memory:") != 0) {
        r = make_private(path);
    }
    store = calloc(1, sizeof(*store));
    if (r != 0 || !store) {
        return r != 0 ? r : -ENOMEM;
    }
    result = sqlite3_open_v2(path, &store->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_EXRESCODE,
                             NULL);
    r = result == SQLITE_OK ? set_up(store->db, steps, n_steps) : sql_errno(result);
    if (r == 0) {
        *ret = store;
        store = NULL;
    }
    return r;
}

int
store_open(const char *path, struct store **ret)
{
    return store_open_steps(path, schema_steps, schema_n_steps, ret);
}

/* The moment that is read begins with the first row. Text of another schema is none of ours. */
static int
begin_reading(sqlite3 *db)
{
    int64_t version = 0;
    int r;

    sqlite3_busy_timeout(db, BUSY_WAIT_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    r = exec(db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                 "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; BEGIN;"
                 "SELECT count(*) FROM sqlite_schema;");
    r = r == 0 ? schema_version(db, &version) : r;
    if (r != 0 || version == (int64_t)schema_n_steps) {
        return r;
    }
    return version > (int64_t)schema_n_steps ? STORE_E_NEWER
           : version > 0                     ? STORE_E_OLDER
                                             : sql_errno(SQLITE_NOTADB);
}

int
store_open_read(const char *path, struct store **ret)
{
    CLEANUP(store_closep) struct store *store = calloc(1, sizeof(*store));
    int result;
    int r;

    if (path[0] == '\0' || !store) {
        return store ? -EINVAL : -ENOMEM;
    }
    if (access(path, R_OK) < 0) {
        return -errno; /* SQLite would not say which */
    }
    store->reads_only = true;
    result = sqlite3_open_v2(
        path, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    r = result == SQLITE_OK ? begin_reading(store->db) : sql_errno(result);
    if (r == 0) {
        *ret = store;
        store = NULL;
    }
    return r;
}
