#include "store/store-sql.h"

#include <errno.h>

static void
read_row(struct sql *sql, struct store_candidate *candidate)
{
    sql_get_exact(sql, candidate->device, sizeof(candidate->device));
    sql_get_exact(sql, candidate->ident, sizeof(candidate->ident));
    candidate->ak_name_len = sql_get_upto(sql, candidate->ak_name, sizeof(candidate->ak_name));
    candidate->ak_public_len =
        sql_get_upto(sql, candidate->ak_public, sizeof(candidate->ak_public));
    candidate->enrolled_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    candidate->accepted_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
}

static int
find(struct store *store, enum statement statement, struct bytes key, struct store_candidate *ret)
{
    struct sql sql = sql_begin(store, statement);
    struct store_candidate candidate = {0};
    int r;

    sql_blob(&sql, key);
    r = sql_row(&sql);
    if (r == 0) {
        read_row(&sql, &candidate);
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = candidate;
    }
    return r;
}

int
store_candidate_get(struct store *store, const uint8_t device[WIRE_UEID_SIZE],
                    struct store_candidate *ret)
{
    return find(store, SQL_CANDIDATE_GET, bytes_of(device, WIRE_UEID_SIZE), ret);
}

int
store_candidate_by_ident(struct store *store, const uint8_t ident[16], struct store_candidate *ret)
{
    return find(store, SQL_CANDIDATE_BY_IDENT, bytes_of(ident, 16), ret);
}

int
store_candidate_put(struct store *store, const struct store_candidate *candidate)
{
    struct sql sql;
    int r;

    if (candidate->ak_name_len > sizeof(candidate->ak_name) ||
        candidate->ak_public_len > sizeof(candidate->ak_public)) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CANDIDATE_PUT);
    sql_blob(&sql, BYTES_OF(candidate->device));
    sql_blob(&sql, BYTES_OF(candidate->ident));
    sql_blob(&sql, bytes_of(candidate->ak_name, candidate->ak_name_len));
    sql_blob(&sql, bytes_of(candidate->ak_public, candidate->ak_public_len));
    sql_int(&sql, candidate->enrolled_ms);
    sql_int(&sql, candidate->accepted_ms);
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_candidate_drop(struct store *store, const uint8_t device[WIRE_UEID_SIZE])
{
    struct sql sql;
    int64_t n = 0;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CANDIDATE_DROP);
    sql_blob(&sql, bytes_of(device, WIRE_UEID_SIZE));
    r = sql_run(&sql, &n);
    return sql_done(store, r == 0 && n == 0 ? STORE_NONE : r);
}
