#include "store/store-sql.h"

#include <errno.h>

#include "base/utf8.h"

#define DEVICE_COLUMNS                                                                             \
    "id, ident, ek_fingerprint, ek_digest, ak_name, ak_public, ek_chain, state, class_name, why, " \
    "maker, model, serial, enrolled_ms, era, tpm_vendor"
#define LAST_COLUMNS                                                                          \
    "tier, reasons, challenge_ms, arrived_ms, accepted_ms, era, reset_count, restart_count, " \
    "clock_ms, clock_at_ms, boot_restart, firmware, null_used, firmware_log, pcr_digest, "    \
    "ima_length, userspace_length, fault_event, fault_pcr, fault_rule, fault_expected, "      \
    "fault_seen, judged_ms, low_ms, psk_master, boot_ms, policy, vector, secure_boot, "       \
    "trusted_firmware, claims"
#define CANDIDATE_COLUMNS "device, ident, ak_name, ak_public, enrolled_ms, accepted_ms"
#define CLASS_COLUMNS                                                                          \
    "name, bank, pcr_mask, interval_s, need_ek_chain, allow_sha1, allow_no_nonce, audiences, " \
    "lacks, evidence_max"
#define EVIDENCE_COLUMNS "device, firmware_log, arrived_ms, userspace_log, accepted_log"

static const char *const texts[SQL_N] = {
#define STATEMENT(name, text) [SQL_##name] = text,
#include "store/store-statement.def"
#undef STATEMENT
};

int
sql_errno(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

struct sql
sql_begin(struct store *store, enum statement statement)
{
    struct sql sql = {.store = store};
    sqlite3_stmt **cached = &store->prepared[statement];
    int result = SQLITE_OK;

    if (!*cached) {
        result = sqlite3_prepare_v3(store->db, texts[statement], -1, SQLITE_PREPARE_PERSISTENT,
                                    cached, NULL);
    }
    sql.r = result == SQLITE_OK ? 0 : sql_errno(result);
    sql.stmt = *cached;
    return sql;
}

static void
bound(struct sql *sql, int result)
{
    if (sql->r == 0 && result != SQLITE_OK) {
        sql->r = sql_errno(result);
    }
}

void
sql_int(struct sql *sql, int64_t value)
{
    if (sql->r == 0) {
        bound(sql, sqlite3_bind_int64(sql->stmt, ++sql->place, value));
    }
}

void
sql_uint(struct sql *sql, uint64_t value)
{
    sql_int(sql, (int64_t)value);
}

void
sql_blob(struct sql *sql, struct bytes value)
{
    /* a NULL pointer would bind NULL, not an empty blob */
    const void *p = value.len > 0 ? (const void *)value.p : "";

    if (sql->r == 0) {
        bound(sql, sqlite3_bind_blob64(sql->stmt, ++sql->place, p, value.len, SQLITE_STATIC));
    }
}

void
sql_null(struct sql *sql)
{
    if (sql->r == 0) {
        bound(sql, sqlite3_bind_null(sql->stmt, ++sql->place));
    }
}

void
sql_text(struct sql *sql, const char *text, size_t room)
{
    size_t len = strnlen(text, room);

    if (sql->r == 0 && (len == room || !utf8_valid(bytes_of(text, len)))) {
        sql->r = -EINVAL;
    }
    if (sql->r == 0) {
        bound(sql,
              sqlite3_bind_text64(sql->stmt, ++sql->place, text, len, SQLITE_STATIC, SQLITE_UTF8));
    }
}

int
sql_row(struct sql *sql)
{
    int result;

    if (sql->r != 0) {
        return sql->r;
    }
    result = sqlite3_step(sql->stmt);
    sql->place = 0;
    switch (result) {
    case SQLITE_ROW:
        return 0;
    case SQLITE_DONE:
        return STORE_NONE;
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
        return STORE_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return -ENOENT;
    default:
        sql->r = sql_errno(result);
        return sql->r;
    }
}

int
sql_end(struct sql *sql, int r)
{
    if (sql->stmt) {
        sqlite3_reset(sql->stmt); /* repeats the error that sql_row() returned */
        sqlite3_clear_bindings(sql->stmt);
        sql->stmt = NULL;
    }
    return r != 0 ? r : sql->r;
}

int
sql_run(struct sql *sql, int64_t *ret_changes)
{
    int r = sql_row(sql);

    if (r == STORE_NONE) {
        r = 0;
    } else if (r == -ENOENT) {
        r = STORE_NONE;
    } else if (r == 0) {
        r = -EIO; /* rows from a statement without any */
    }
    if (r == 0 && ret_changes) {
        *ret_changes = sqlite3_changes64(sql->store->db);
    }
    return sql_end(sql, r);
}

/* Takes the next column; false, latched, when it is not of this type. */
static bool
column(struct sql *sql, int type)
{
    if (sql->r == 0 && sqlite3_column_type(sql->stmt, sql->place) != type) {
        sql->r = -EIO;
    }
    if (sql->r == 0) {
        sql->place++;
    }
    return sql->r == 0;
}

int64_t
sql_get_int(struct sql *sql, int64_t min, int64_t max)
{
    int64_t value;

    if (!column(sql, SQLITE_INTEGER)) {
        return 0;
    }
    value = sqlite3_column_int64(sql->stmt, sql->place - 1);
    if (value < min || value > max) {
        sql->r = -EIO;
        return 0;
    }
    return value;
}

uint64_t
sql_get_uint(struct sql *sql)
{
    return (uint64_t)sql_get_int(sql, INT64_MIN, INT64_MAX);
}

bool
sql_get_bool(struct sql *sql)
{
    return sql_get_int(sql, 0, 1) == 1;
}

bool
sql_get_null(struct sql *sql)
{
    return sql->r == 0 && sqlite3_column_type(sql->stmt, sql->place) == SQLITE_NULL &&
           column(sql, SQLITE_NULL);
}

struct bytes
sql_get_view(struct sql *sql, size_t most)
{
    struct bytes view;

    if (!column(sql, SQLITE_BLOB)) {
        return BYTES_NULL;
    }
    view.p = sqlite3_column_blob(sql->stmt, sql->place - 1);
    view.len = (size_t)sqlite3_column_bytes(sql->stmt, sql->place - 1);
    if (view.len > most || (view.len > 0 && !view.p)) {
        sql->r = -EIO;
        return BYTES_NULL;
    }
    return view;
}

size_t
sql_get_upto(struct sql *sql, uint8_t *out, size_t size)
{
    struct bytes view = sql_get_view(sql, size);

    if (view.len > 0) {
        memcpy(out, view.p, view.len);
    }
    return view.len;
}

void
sql_get_exact(struct sql *sql, uint8_t *out, size_t size)
{
    struct bytes view = sql_get_view(sql, size);

    if (sql->r == 0 && view.len != size) {
        sql->r = -EIO;
    }
    if (sql->r == 0 && size > 0) {
        memcpy(out, view.p, size);
    }
}

void
sql_get_text(struct sql *sql, char *out, size_t room)
{
    const unsigned char *text;
    size_t len;

    if (!column(sql, SQLITE_TEXT)) {
        return;
    }
    text = sqlite3_column_text(sql->stmt, sql->place - 1);
    len = (size_t)sqlite3_column_bytes(sql->stmt, sql->place - 1);
    if (!text || len >= room || memchr(text, 0, len) || !utf8_valid(bytes_of(text, len))) {
        sql->r = -EIO;
        return;
    }
    memcpy(out, text, len);
    out[len] = '\0';
}
