#include <errno.h>
#include <stdlib.h>

#include "store/store-sql.h"

int
store_bundle_put(struct store *store, const struct store_bundle *bundle, struct bytes sealed)
{
    struct sql sql;
    int64_t changes = 0;
    int r;

    if (bundle->sequence < 1 || bundle->sequence > INT64_MAX || sealed.len == 0) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_BUNDLE_PUT);
    sql_uint(&sql, bundle->sequence);
    sql_int(&sql, bundle->loaded_ms);
    sql_blob(&sql, sealed);
    r = sql_run(&sql, &changes);
    return sql_done(store, r == 0 && changes == 0 ? STORE_EXISTS : r);
}

/* The next column's bytes as the caller's own. */
static int
take_copy(struct sql *sql, size_t most, uint8_t **ret, size_t *ret_len)
{
    struct bytes view = sql_get_view(sql, most);
    uint8_t *copy = malloc(view.len + 1);

    if (!copy) {
        return -ENOMEM;
    }
    if (view.len > 0) {
        memcpy(copy, view.p, view.len);
    }
    *ret = copy;
    *ret_len = view.len;
    return 0;
}

int
store_bundle_get(struct store *store, struct store_bundle *ret, uint8_t **ret_sealed,
                 size_t *ret_len)
{
    struct sql sql = sql_begin(store, SQL_BUNDLE_GET);
    struct store_bundle bundle = {0};
    uint8_t *copy = NULL;
    size_t len = 0;
    int r = sql_row(&sql);

    if (r == 0) {
        bundle.sequence = (uint64_t)sql_get_int(&sql, 1, INT64_MAX);
        bundle.loaded_ms = sql_get_int(&sql, INT64_MIN, INT64_MAX);
        r = take_copy(&sql, STORE_BUNDLE_MAX, &copy, &len);
    }
    r = sql_end(&sql, r);
    if (r != 0) {
        free(copy);
        return r;
    }
    *ret = bundle;
    *ret_sealed = copy;
    *ret_len = len;
    return 0;
}

int
store_pin_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE], enum store_pins pins,
              const struct store_pin *pin)
{
    struct sql sql;
    int r;

    if (pin->value_len > sizeof(pin->value)) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_PIN_PUT);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_int(&sql, pins);
    sql_text(&sql, pin->slot, sizeof(pin->slot));
    sql_text(&sql, pin->name, sizeof(pin->name));
    sql_blob(&sql, bytes_of(pin->value, pin->value_len));
    sql_int(&sql, pin->at_ms);
    sql_text(&sql, pin->policy, sizeof(pin->policy));
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_pin_drop(struct store *store, const uint8_t id[WIRE_UEID_SIZE], enum store_pins pins,
               const char *slot, const char *name, int64_t *ret_n)
{
    enum statement statement = !slot ? SQL_PIN_DROP_ALL : !name ? SQL_PIN_DROP_SLOT : SQL_PIN_DROP;
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, statement);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_int(&sql, pins);
    if (slot) {
        sql_text(&sql, slot, STORE_PIN_SLOT_MAX);
    }
    if (slot && name) {
        sql_text(&sql, name, STORE_PIN_NAME_MAX);
    }
    return sql_done(store, sql_run(&sql, ret_n));
}

int
store_pin_each(struct store *store, const uint8_t id[WIRE_UEID_SIZE], enum store_pins pins,
               bool (*visit)(void *context, const struct store_pin *pin), void *context)
{
    struct sql sql = sql_begin(store, SQL_PIN_EACH);
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_int(&sql, pins);
    while ((r = sql_row(&sql)) == 0) {
        struct store_pin pin = {0};

        sql_get_text(&sql, pin.slot, sizeof(pin.slot));
        sql_get_text(&sql, pin.name, sizeof(pin.name));
        pin.value_len = sql_get_upto(&sql, pin.value, sizeof(pin.value));
        pin.at_ms = sql_get_int(&sql, INT64_MIN, INT64_MAX);
        sql_get_text(&sql, pin.policy, sizeof(pin.policy));
        if (sql.r != 0 || !visit(context, &pin)) {
            break;
        }
    }
    return sql_end(&sql, r == STORE_NONE ? 0 : r);
}

int
store_list_put(struct store *store, struct bytes digest, struct bytes body)
{
    struct sql sql;
    int r;

    if (body.len == 0 || body.len > STORE_LIST_MAX) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_LIST_PUT);
    sql_blob(&sql, digest);
    sql_blob(&sql, body);
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_list_get(struct store *store, struct bytes digest, uint8_t **ret_body, size_t *ret_len)
{
    struct sql sql = sql_begin(store, SQL_LIST_GET);
    uint8_t *copy = NULL;
    size_t len = 0;
    int r;

    sql_blob(&sql, digest);
    r = sql_row(&sql);
    if (r == 0) {
        r = take_copy(&sql, STORE_LIST_MAX, &copy, &len);
    }
    r = sql_end(&sql, r);
    if (r != 0) {
        free(copy);
        return r;
    }
    *ret_body = copy;
    *ret_len = len;
    return 0;
}

int
store_list_trim(struct store *store)
{
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_LIST_TRIM);
    return sql_done(store, sql_run(&sql, NULL));
}
