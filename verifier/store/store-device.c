#include "store/store-sql.h"

#include <errno.h>

/* Their numbers are in files. */
_Static_assert(DEVICE_PENDING == 0 && DEVICE_PROVISIONAL == 1 && DEVICE_FRESH == 2 &&
                   DEVICE_STALE == 3 && DEVICE_FAILED == 4 && DEVICE_QUARANTINED == 5 &&
                   DEVICE_REMOVED == 6 && DEVICE_STATE_N == 7,
               "device states");
_Static_assert(EK_CHAIN_NONE == 0 && EK_CHAIN_LISTED == 1 && EK_CHAIN_VERIFIED == 2, "EK chains");

const char *
ek_chain_name(enum ek_chain chain)
{
    static const char *const names[] = {
        [EK_CHAIN_NONE] = "none", [EK_CHAIN_LISTED] = "listed", [EK_CHAIN_VERIFIED] = "verified"};

    return names[chain];
}

static void
read_row(struct sql *sql, struct store_device *device)
{
    sql_get_exact(sql, device->id, sizeof(device->id));
    sql_get_exact(sql, device->ident, sizeof(device->ident));
    sql_get_exact(sql, device->ek_fingerprint, sizeof(device->ek_fingerprint));
    sql_get_exact(sql, device->ek_digest, sizeof(device->ek_digest));
    if (!sql_get_null(sql)) {
        device->ak_name_len = sql_get_upto(sql, device->ak_name, sizeof(device->ak_name));
    }
    device->ak_public_len = sql_get_upto(sql, device->ak_public, sizeof(device->ak_public));
    device->ek_chain = (enum ek_chain)sql_get_int(sql, 0, EK_CHAIN_VERIFIED);
    device->state = (enum device_state)sql_get_int(sql, 0, DEVICE_STATE_N - 1);
    sql_get_text(sql, device->class_name, sizeof(device->class_name));
    sql_get_text(sql, device->why, sizeof(device->why));
    sql_get_text(sql, device->maker, sizeof(device->maker));
    sql_get_text(sql, device->model, sizeof(device->model));
    sql_get_text(sql, device->serial, sizeof(device->serial));
    device->enrolled_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    device->era = sql_get_int(sql, INT64_MIN, INT64_MAX);
    device->tpm_vendor = (uint32_t)sql_get_int(sql, 0, UINT32_MAX);
}

/* Runs a bound statement for one device. */
static int
one(struct sql *sql, struct store_device *ret)
{
    struct store_device device = {0};
    int r = sql_row(sql);

    if (r == 0) {
        read_row(sql, &device);
    }
    r = sql_end(sql, r);
    if (r == 0) {
        *ret = device;
    }
    return r;
}

static int
find(struct store *store, enum statement statement, struct bytes key, struct store_device *ret)
{
    struct sql sql = sql_begin(store, statement);

    sql_blob(&sql, key);
    return one(&sql, ret);
}

int
store_device_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE], struct store_device *ret)
{
    return find(store, SQL_DEVICE_GET, bytes_of(id, WIRE_UEID_SIZE), ret);
}

int
store_device_by_fingerprint(struct store *store, const uint8_t fingerprint[32],
                            struct store_device *ret)
{
    return find(store, SQL_DEVICE_BY_FINGERPRINT, bytes_of(fingerprint, 32), ret);
}

int
store_device_by_ident(struct store *store, const uint8_t ident[16], struct store_device *ret)
{
    return find(store, SQL_DEVICE_BY_IDENT, bytes_of(ident, 16), ret);
}

static void
bind_row(struct sql *sql, const struct store_device *device)
{
    sql_blob(sql, BYTES_OF(device->id));
    sql_blob(sql, BYTES_OF(device->ident));
    sql_blob(sql, BYTES_OF(device->ek_fingerprint));
    sql_blob(sql, BYTES_OF(device->ek_digest));
    if (device->ak_name_len > 0) {
        sql_blob(sql, bytes_of(device->ak_name, device->ak_name_len));
    } else {
        sql_null(sql); /* no name is no name that two could share */
    }
    sql_blob(sql, bytes_of(device->ak_public, device->ak_public_len));
    sql_int(sql, device->ek_chain);
    sql_int(sql, device->state);
    sql_text(sql, device->class_name, sizeof(device->class_name));
    sql_text(sql, device->why, sizeof(device->why));
    sql_text(sql, device->maker, sizeof(device->maker));
    sql_text(sql, device->model, sizeof(device->model));
    sql_text(sql, device->serial, sizeof(device->serial));
    sql_int(sql, device->enrolled_ms);
    sql_int(sql, device->era);
    sql_int(sql, device->tpm_vendor);
}

int
store_device_put(struct store *store, const struct store_device *device)
{
    struct sql sql;
    int r;

    if (device->ak_name_len > sizeof(device->ak_name) ||
        device->ak_public_len > sizeof(device->ak_public) ||
        (unsigned)device->ek_chain > EK_CHAIN_VERIFIED ||
        (unsigned)device->state >= DEVICE_STATE_N) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_DEVICE_PUT);
    bind_row(&sql, device);
    return sql_done(store, sql_run(&sql, NULL));
}

/* Runs a bound statement for one count. */
static int
count(struct sql *sql, int64_t *ret)
{
    int64_t n = 0;
    int r = sql_row(sql);

    if (r == 0) {
        n = sql_get_int(sql, 0, INT64_MAX);
    }
    r = sql_end(sql, r);
    if (r == 0) {
        *ret = n;
    }
    return r;
}

int
store_device_count(struct store *store, enum device_state state, int64_t *ret)
{
    struct sql sql = sql_begin(store, SQL_DEVICE_COUNT);

    sql_int(&sql, state);
    return count(&sql, ret);
}

int
store_serial_twins(struct store *store, const struct store_device *device, int64_t *ret)
{
    struct sql sql;

    if (device->serial[0] == '\0') {
        *ret = 0;
        return 0;
    }
    sql = sql_begin(store, SQL_DEVICE_TWINS);
    sql_text(&sql, device->serial, sizeof(device->serial));
    sql_text(&sql, device->model, sizeof(device->model));
    sql_text(&sql, device->maker, sizeof(device->maker));
    sql_blob(&sql, BYTES_OF(device->id));
    return count(&sql, ret);
}

/* One statement a row: the visitor may call the store, this function included. */
int
store_device_each(struct store *store,
                  bool (*visit)(void *context, const struct store_device *device), void *context)
{
    struct store_device device = {.enrolled_ms = INT64_MIN};
    bool more = true;
    int r = 0;

    while (more && r == 0) {
        struct sql sql = sql_begin(store, SQL_DEVICE_NEXT);

        sql_int(&sql, device.enrolled_ms);
        sql_blob(&sql, BYTES_OF(device.id));
        r = one(&sql, &device);
        more = r == 0 && visit(context, &device);
    }
    return r == STORE_NONE ? 0 : r;
}

int
store_pending_trim(struct store *store, int64_t before_ms, int64_t max)
{
    struct sql sql;
    int r;

    if (max < 0) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_PENDING_OLD);
    sql_int(&sql, DEVICE_PENDING);
    sql_int(&sql, before_ms);
    r = sql_run(&sql, NULL);
    if (r == 0) {
        sql = sql_begin(store, SQL_PENDING_MANY);
        sql_int(&sql, DEVICE_PENDING);
        sql_int(&sql, max);
        r = sql_run(&sql, NULL);
    }
    return sql_done(store, r);
}
