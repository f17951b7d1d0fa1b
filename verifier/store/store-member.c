#include "store/store-sql.h"

int
store_inventory_put(struct store *store, const uint8_t fingerprint[32], const char *class_name)
{
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_INVENTORY_PUT);
    sql_blob(&sql, bytes_of(fingerprint, 32));
    sql_text(&sql, class_name, STORE_CLASS_MAX);
    return sql_done(store, sql_run(&sql, NULL));
}

/* Runs a bound statement that gives a class name. */
static int
class_of(struct sql *sql, char ret_class[STORE_CLASS_MAX])
{
    char name[STORE_CLASS_MAX] = "";
    int r = sql_row(sql);

    if (r == 0) {
        sql_get_text(sql, name, sizeof(name));
    }
    r = sql_end(sql, r);
    if (r == 0) {
        memcpy(ret_class, name, sizeof(name));
    }
    return r;
}

int
store_inventory_get(struct store *store, const uint8_t fingerprint[32],
                    char ret_class[STORE_CLASS_MAX])
{
    struct sql sql = sql_begin(store, SQL_INVENTORY_GET);

    sql_blob(&sql, bytes_of(fingerprint, 32));
    return class_of(&sql, ret_class);
}

int
store_code_put(struct store *store, const uint8_t code_digest[32], const char *class_name,
               int64_t expires_ms)
{
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CODE_PUT);
    sql_blob(&sql, bytes_of(code_digest, 32));
    sql_text(&sql, class_name, STORE_CLASS_MAX);
    sql_int(&sql, expires_ms);
    return sql_done(store, sql_run(&sql, NULL));
}

/* Expired codes go only when a good one is used: a stranger's guesses cause no writes. */
int
store_code_use(struct store *store, const uint8_t code_digest[32], int64_t now_ms,
               char ret_class[STORE_CLASS_MAX])
{
    char name[STORE_CLASS_MAX];
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CODE_USE);
    sql_blob(&sql, bytes_of(code_digest, 32));
    sql_int(&sql, now_ms);
    r = class_of(&sql, name);
    if (r == 0) {
        sql = sql_begin(store, SQL_CODE_TRIM);
        sql_int(&sql, now_ms);
        r = sql_run(&sql, NULL);
    }
    r = sql_done(store, r);
    if (r == 0) {
        memcpy(ret_class, name, sizeof(name));
    }
    return r;
}
