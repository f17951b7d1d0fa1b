#include "store/store-sql.h"

#include <errno.h>

static bool
kind_fits(enum log_kind kind)
{
    return kind == LOG_IMA || kind == LOG_USERSPACE;
}

int
store_growing_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE], enum log_kind kind,
                  struct store_growing *ret)
{
    struct sql sql = sql_begin(store, SQL_GROWING_GET);
    struct store_growing growing = {0};
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_int(&sql, kind);
    r = sql_row(&sql);
    if (r == 0) {
        growing.era = sql_get_int(&sql, INT64_MIN, INT64_MAX);
        growing.reset_count = sql_get_uint(&sql);
        growing.restart_count = sql_get_uint(&sql);
        growing.length = sql_get_uint(&sql);
        sql_get_exact(&sql, growing.run.state, sizeof(growing.run.state));
        growing.n_entries = (uint32_t)sql_get_int(&sql, 0, UINT32_MAX);
        growing.n_violations = (uint32_t)sql_get_int(&sql, 0, UINT32_MAX);
        growing.tracks_len = sql_get_upto(&sql, growing.tracks, sizeof(growing.tracks));
        growing.judged_len = sql_get_upto(&sql, growing.judged, sizeof(growing.judged));
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = growing;
    }
    return r;
}

int
store_growing_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE], enum log_kind kind,
                  const struct store_growing *growing)
{
    struct sql sql;
    int r;

    if (!kind_fits(kind) || growing->tracks_len > sizeof(growing->tracks) ||
        growing->judged_len > sizeof(growing->judged)) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_GROWING_PUT);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_int(&sql, kind);
    sql_int(&sql, growing->era);
    sql_uint(&sql, growing->reset_count);
    sql_uint(&sql, growing->restart_count);
    sql_uint(&sql, growing->length);
    sql_blob(&sql, BYTES_OF(growing->run.state));
    sql_int(&sql, growing->n_entries);
    sql_int(&sql, growing->n_violations);
    sql_blob(&sql, bytes_of(growing->tracks, growing->tracks_len));
    sql_blob(&sql, bytes_of(growing->judged, growing->judged_len));
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_open_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE], struct bytes files)
{
    struct sql sql;
    int r;

    if (files.len > STORE_OPEN_MAX) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, files.len > 0 ? SQL_OPEN_PUT : SQL_OPEN_DROP);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    if (files.len > 0) {
        sql_blob(&sql, files);
    }
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_open_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE], uint8_t room[STORE_OPEN_MAX],
               size_t *ret_len)
{
    struct sql sql = sql_begin(store, SQL_OPEN_GET);
    size_t len = 0;
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    r = sql_row(&sql);
    if (r == 0) {
        len = sql_get_upto(&sql, room, STORE_OPEN_MAX);
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret_len = len;
    }
    return r;
}
