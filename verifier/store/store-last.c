#include "store/store-sql.h"

#include <errno.h>

#include "base/rd.h"
#include "base/wr.h"

enum { REASONS_SIZE = 2 * LIMIT_REASONS };

static void
read_reasons(struct sql *sql, struct store_last *last)
{
    struct bytes view = sql_get_view(sql, REASONS_SIZE);
    struct rd rd = rd_init(view);

    if (view.len % 2 != 0) {
        sql->r = -EIO;
        return;
    }
    last->n_reasons = view.len / 2;
    for (size_t i = 0; i < last->n_reasons; i++) {
        last->reasons[i] = rd_be16(&rd);
    }
}

static enum tier
read_tier(struct sql *sql)
{
    enum tier tier = (enum tier)sql_get_int(sql, 0, UINT8_MAX);

    if (sql->r == 0 && !tier_name(tier)) {
        sql->r = -EIO;
    }
    return tier;
}

static void
read_row(struct sql *sql, struct store_last *last)
{
    last->tier = read_tier(sql);
    read_reasons(sql, last);
    last->challenge_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    last->arrived_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    last->accepted_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    last->era = sql_get_int(sql, INT64_MIN, INT64_MAX);
    last->reset_count = sql_get_uint(sql);
    last->restart_count = sql_get_uint(sql);
    last->clock_ms = sql_get_uint(sql);
    last->clock_at_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    last->boot_restart = sql_get_uint(sql);
    last->firmware = sql_get_uint(sql);
    last->null_used = sql_get_bool(sql);
    sql_get_exact(sql, last->firmware_log, sizeof(last->firmware_log));
    sql_get_exact(sql, last->pcr_digest, sizeof(last->pcr_digest));
    last->ima_length = sql_get_uint(sql);
    last->userspace_length = sql_get_uint(sql);
    last->fault_event = (uint32_t)sql_get_int(sql, 0, UINT32_MAX);
    last->fault_pcr = (uint32_t)sql_get_int(sql, 0, UINT32_MAX);
    sql_get_text(sql, last->fault_rule, sizeof(last->fault_rule));
    sql_get_text(sql, last->fault_expected, sizeof(last->fault_expected));
    sql_get_text(sql, last->fault_seen, sizeof(last->fault_seen));
    last->judged_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    last->low_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    last->psk_master = (uint8_t)sql_get_int(sql, 0, UINT8_MAX);
    last->boot_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    sql_get_text(sql, last->policy, sizeof(last->policy));
    sql_get_exact(sql, last->vector, sizeof(last->vector));
    last->secure_boot = (enum store_flag)sql_get_int(sql, FLAG_UNKNOWN, FLAG_YES);
    last->trusted_firmware = sql_get_uint(sql);
    sql_get_exact(sql, last->claims, sizeof(last->claims));
}

int
store_last_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE], struct store_last *ret)
{
    struct sql sql = sql_begin(store, SQL_LAST_GET);
    struct store_last last = {0};
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    r = sql_row(&sql);
    if (r == 0) {
        read_row(&sql, &last);
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = last;
    }
    return r;
}

static void
bind_row(struct sql *sql, struct bytes reasons, const struct store_last *last)
{
    sql_int(sql, last->tier);
    sql_blob(sql, reasons);
    sql_int(sql, last->challenge_ms);
    sql_int(sql, last->arrived_ms);
    sql_int(sql, last->accepted_ms);
    sql_int(sql, last->era);
    sql_uint(sql, last->reset_count);
    sql_uint(sql, last->restart_count);
    sql_uint(sql, last->clock_ms);
    sql_int(sql, last->clock_at_ms);
    sql_uint(sql, last->boot_restart);
    sql_uint(sql, last->firmware);
    sql_int(sql, last->null_used);
    sql_blob(sql, BYTES_OF(last->firmware_log));
    sql_blob(sql, BYTES_OF(last->pcr_digest));
    sql_uint(sql, last->ima_length);
    sql_uint(sql, last->userspace_length);
    sql_int(sql, last->fault_event);
    sql_int(sql, last->fault_pcr);
    sql_text(sql, last->fault_rule, sizeof(last->fault_rule));
    sql_text(sql, last->fault_expected, sizeof(last->fault_expected));
    sql_text(sql, last->fault_seen, sizeof(last->fault_seen));
    sql_int(sql, last->judged_ms);
    sql_int(sql, last->low_ms);
    sql_int(sql, last->psk_master);
    sql_int(sql, last->boot_ms);
    sql_text(sql, last->policy, sizeof(last->policy));
    sql_blob(sql, BYTES_OF(last->vector));
    sql_int(sql, last->secure_boot);
    sql_uint(sql, last->trusted_firmware);
    sql_blob(sql, BYTES_OF(last->claims));
}

int
store_last_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE], const struct store_last *last)
{
    uint8_t room[REASONS_SIZE];
    struct wr reasons = wr_init(room, sizeof(room));
    struct sql sql;
    int r;

    if (last->n_reasons > LIMIT_REASONS || !tier_name(last->tier)) {
        return -EINVAL;
    }
    for (size_t i = 0; i < last->n_reasons; i++) {
        wr_be16(&reasons, last->reasons[i]);
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_LAST_PUT);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    bind_row(&sql, wr_done(&reasons), last);
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_claims_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE], const uint8_t digest[32],
                 struct store_claims *ret)
{
    struct sql sql = sql_begin(store, SQL_CLAIMS_GET);
    struct store_claims claims = {0};
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_blob(&sql, bytes_of(digest, 32));
    r = sql_row(&sql);
    if (r == 0) {
        claims.len = sql_get_upto(&sql, claims.body, sizeof(claims.body));
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = claims;
    }
    return r;
}

int
store_claims_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE], const uint8_t digest[32],
                 const uint8_t before[32], struct bytes body)
{
    struct sql sql;
    int r = body.len > STORE_CLAIMS_MAX ? -EINVAL : sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CLAIMS_TRIM);
    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    sql_blob(&sql, bytes_of(digest, 32));
    sql_blob(&sql, bytes_of(before, 32));
    r = sql_run(&sql, NULL);
    if (r == 0) {
        sql = sql_begin(store, SQL_CLAIMS_PUT);
        sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
        sql_blob(&sql, bytes_of(digest, 32));
        sql_blob(&sql, body);
        r = sql_run(&sql, NULL);
    }
    return sql_done(store, r);
}

int
store_last_masters(struct store *store, uint8_t psk_master, int64_t *ret)
{
    struct sql sql = sql_begin(store, SQL_LAST_MASTER);
    int64_t n = 0;
    int r;

    sql_int(&sql, psk_master);
    r = sql_row(&sql);
    if (r == 0) {
        n = sql_get_int(&sql, 0, INT64_MAX);
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = n;
    }
    return r;
}
