/* How the store's files run SQL: prepared statements by name, values bound and columns copied one
 * after the other, with latched errors. What does not have the type and size that we wrote is
 * -EIO: the file may be damaged, or edited by hand. Nobody outside verifier/store includes this. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

enum statement {
#define STATEMENT(name, text) SQL_##name,
#include "store/store-statement.def"
#undef STATEMENT
    SQL_N,
};

struct store {
    sqlite3 *db;
    bool batch; /* a transaction of writes is open, or SQLite has dropped it (sql_batch_lost) */
    bool began; /* by the call under way */
    bool piece; /* the savepoint of the piece under way is open */
    bool reads_only; /* store_open_read() */
    bool impatient;  /* somebody holds the lock: until the batch's end nobody is waited for again */
    sqlite3_stmt *prepared[SQL_N];
};

/* -errno of an SQLite result that is no success. */
int sql_errno(int result);

/* A write call: sql_call() begins the batch if none is open, and the call's savepoint. sql_done()
 * keeps what the call did when r is 0, else undoes it, and the batch if this call began it; returns
 * r, or what failed on top. Only after sql_call() returned 0. */
MUST_CHECK int sql_call(struct store *store);
MUST_CHECK int sql_done(struct store *store, int r);

/* A statement under way. Begin, bind in order, run; the end gives it back to the cache. Bound
 * memory must live until then. */
struct sql {
    struct store *store;
    sqlite3_stmt *stmt;
    int place; /* of the next value bound or column copied */
    int r;     /* 0, or the first -errno */
};

struct sql sql_begin(struct store *store, enum statement statement);
void sql_int(struct sql *sql, int64_t value);
void sql_uint(struct sql *sql, uint64_t value); /* as the integer of the same bits */
void sql_blob(struct sql *sql, struct bytes value);
void sql_null(struct sql *sql);
/* -EINVAL unless UTF-8 that ends within room. */
void sql_text(struct sql *sql, const char *text, size_t room);

/* Next row: 0 when there is one, STORE_NONE at the end, or -errno. */
MUST_CHECK int sql_row(struct sql *sql);
/* Ends the statement: r, or when that is 0 the latched error. */
MUST_CHECK int sql_end(struct sql *sql, int r);
/* Runs and ends a statement without rows: 0, STORE_EXISTS (a unique value is taken), STORE_NONE (a
 * row that it refers to is missing), -errno. ret_changes may be NULL. */
MUST_CHECK int sql_run(struct sql *sql, int64_t *ret_changes);

/* Columns, in order. On a misfit r latches -EIO and the result is 0, empty or untouched. */
int64_t sql_get_int(struct sql *sql, int64_t min, int64_t max);
uint64_t sql_get_uint(struct sql *sql);
bool sql_get_bool(struct sql *sql);
bool sql_get_null(struct sql *sql); /* takes the column only if it is NULL */
void sql_get_exact(struct sql *sql, uint8_t *out, size_t size);
size_t sql_get_upto(struct sql *sql, uint8_t *out, size_t size);
void sql_get_text(struct sql *sql, char *out, size_t room);
/* A view until the next row or the end; at most `most` bytes. */
struct bytes sql_get_view(struct sql *sql, size_t most);

/* The schema: step i brings a file from version i to i + 1 and ends with the PRAGMA that says so.
 * A step that was released never changes. Returns 0, STORE_E_NEWER, or -errno, and then the file is
 * as it was: all steps are one transaction. Foreign keys must be off still. */
extern const char *const schema_steps[];
extern const size_t schema_n_steps;
MUST_CHECK int schema_version(sqlite3 *db, int64_t *ret); /* that the file has; 0: none */
MUST_CHECK int schema_bring(sqlite3 *db, const char *const *steps, size_t n_steps);

/* store_open() with other steps, for tests. */
MUST_CHECK int store_open_steps(const char *path, const char *const *steps, size_t n_steps,
                                struct store **ret);
