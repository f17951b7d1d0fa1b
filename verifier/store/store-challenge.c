#include "store/store-sql.h"

int
store_challenge_use(struct store *store, const uint8_t challenge[32], int64_t keep_until_ms)
{
    int64_t n_new = 0;
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CHALLENGE_USE);
    sql_blob(&sql, bytes_of(challenge, 32));
    sql_int(&sql, keep_until_ms);
    r = sql_run(&sql, &n_new);
    if (r == 0 && n_new == 0) {
        r = STORE_EXISTS;
    }
    return sql_done(store, r);
}

int
store_challenge_trim(struct store *store, int64_t now_ms)
{
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CHALLENGE_TRIM);
    sql_int(&sql, now_ms);
    return sql_done(store, sql_run(&sql, NULL));
}
