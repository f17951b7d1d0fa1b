#include "store/store-announced.h"

#include <errno.h>

#include "store/store-sql.h"

static void
read_row(struct sql *sql, struct store_announced *announced)
{
    *announced = (struct store_announced){0};
    sql_get_text(sql, announced->component, sizeof(announced->component));
    announced->heard_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    announced->expires_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    announced->era = sql_get_int(sql, INT64_MIN, INT64_MAX);
    announced->reset_last = (uint64_t)sql_get_int(sql, 0, INT64_MAX);
    announced->body_len = sql_get_upto(sql, announced->body, sizeof(announced->body));
    if (sql->r != 0) {
        sql->r = 0; /* of this row alone */
        announced->body_len = 0;
    }
}

static void
bind_moment(struct sql *sql, const uint8_t id[WIRE_UEID_SIZE], const struct store_moment *moment)
{
    sql_blob(sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_int(sql, moment->now_ms);
    sql_int(sql, moment->era);
    sql_uint(sql, moment->reset_count);
}

int
store_announced_each(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                     const struct store_moment *moment,
                     bool (*visit)(void *context, const struct store_announced *announced),
                     void *context)
{
    struct sql sql = sql_begin(store, SQL_ANNOUNCED_EACH);
    struct store_announced announced;
    int r;

    bind_moment(&sql, id, moment);
    while ((r = sql_row(&sql)) == 0) {
        read_row(&sql, &announced);
        if (!visit(context, &announced)) {
            break;
        }
    }
    return sql_end(&sql, r == STORE_NONE ? 0 : r);
}

int
store_announced_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                    const struct store_announced *announced)
{
    struct sql sql;
    int r;

    if (announced->body_len > sizeof(announced->body) || announced->reset_last > INT64_MAX) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_ANNOUNCED_PUT);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_text(&sql, announced->component, sizeof(announced->component));
    sql_int(&sql, announced->heard_ms);
    sql_int(&sql, announced->expires_ms);
    sql_int(&sql, announced->era);
    sql_uint(&sql, announced->reset_last);
    sql_blob(&sql, bytes_of(announced->body, announced->body_len));
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_announced_end(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                    const struct store_moment *moment)
{
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_ANNOUNCED_END);
    bind_moment(&sql, id, moment);
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_announced_drop(struct store *store, const uint8_t id[WIRE_UEID_SIZE], const char *component)
{
    struct sql sql;
    int64_t n = 0;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_ANNOUNCED_DROP);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_text(&sql, component, LIMIT_NAME + 1);
    r = sql_run(&sql, &n);
    return sql_done(store, r == 0 && n == 0 ? STORE_NONE : r);
}

int
store_announced_trim(struct store *store, int64_t now_ms)
{
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_ANNOUNCED_TRIM);
    sql_int(&sql, now_ms);
    return sql_done(store, sql_run(&sql, NULL));
}
