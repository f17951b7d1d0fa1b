#include "store/store-sql.h"

#include <errno.h>
#include <stdlib.h>

enum { BODY_MAX = LIMIT_IMA_BYTES }; /* the largest of any kind of log */

int
store_log_put(struct store *store, const uint8_t digest[32], enum log_kind kind, struct bytes body)
{
    struct sql sql;
    int r;

    if (body.len > BODY_MAX || (unsigned)kind < LOG_FIRMWARE || (unsigned)kind > LOG_KIND_MAX) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_LOG_PUT);
    sql_blob(&sql, bytes_of(digest, 32));
    sql_int(&sql, kind);
    sql_blob(&sql, body);
    return sql_done(store, sql_run(&sql, NULL));
}

static int
copy_body(struct sql *sql, uint8_t **ret_body, size_t *ret_len)
{
    struct bytes view = sql_get_view(sql, BODY_MAX);
    uint8_t *body;

    if (sql->r != 0) {
        return sql->r;
    }
    body = malloc(view.len + 1); /* an empty one is a body too */
    if (!body) {
        return -ENOMEM;
    }
    if (view.len > 0) {
        memcpy(body, view.p, view.len);
    }
    *ret_body = body;
    *ret_len = view.len;
    return 0;
}

int
store_log_get(struct store *store, const uint8_t digest[32], uint8_t **ret_body, size_t *ret_len)
{
    struct sql sql = sql_begin(store, SQL_LOG_GET);
    int r;

    sql_blob(&sql, bytes_of(digest, 32));
    r = sql_row(&sql);
    if (r == 0) {
        r = copy_body(&sql, ret_body, ret_len);
    }
    return sql_end(&sql, r);
}

int
store_log_has(struct store *store, const uint8_t digest[32])
{
    struct sql sql = sql_begin(store, SQL_LOG_HAS);

    sql_blob(&sql, bytes_of(digest, 32));
    return sql_end(&sql, sql_row(&sql));
}

int
store_log_trim(struct store *store)
{
    struct sql sql;
    int r = sql_call(store);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_LOG_TRIM);
    return sql_done(store, sql_run(&sql, NULL));
}

/* Zero: there is none. */
static void
put_optional(struct sql *sql, const uint8_t digest[32])
{
    static const uint8_t none[32];

    if (memcmp(digest, none, sizeof(none)) == 0) {
        sql_null(sql);
    } else {
        sql_blob(sql, bytes_of(digest, 32));
    }
}

int
store_evidence_put(struct store *store, const struct store_evidence *evidence)
{
    struct sql sql;
    int r;

    if ((unsigned)evidence->userspace > EVIDENCE_LOG_KEPT) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_EVIDENCE_PUT);
    sql_blob(&sql, BYTES_OF(evidence->device));
    sql_blob(&sql, BYTES_OF(evidence->firmware_log));
    sql_int(&sql, evidence->arrived_ms);
    if (evidence->userspace == EVIDENCE_LOG_NONE) {
        sql_blob(&sql, BYTES_NULL);
    } else {
        put_optional(&sql, evidence->userspace_log);
    }
    put_optional(&sql, evidence->accepted_log);
    return sql_done(store, sql_run(&sql, NULL));
}

/* NULL, an empty blob, or the digest of a log. */
static enum evidence_log
read_log(struct sql *sql, uint8_t digest[32])
{
    size_t len;

    if (sql_get_null(sql)) {
        return EVIDENCE_LOG_UNKNOWN;
    }
    len = sql_get_upto(sql, digest, 32);
    if (len > 0 && len < 32) {
        sql->r = -EIO;
    }
    return len == 0 ? EVIDENCE_LOG_NONE : EVIDENCE_LOG_KEPT;
}

int
store_evidence_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                   struct store_evidence *ret)
{
    struct sql sql = sql_begin(store, SQL_EVIDENCE_GET);
    struct store_evidence evidence = {0};
    int r;

    sql_blob(&sql, bytes_of(id, WIRE_UEID_SIZE));
    r = sql_row(&sql);
    if (r == 0) {
        sql_get_exact(&sql, evidence.device, sizeof(evidence.device));
        sql_get_exact(&sql, evidence.firmware_log, sizeof(evidence.firmware_log));
        evidence.arrived_ms = sql_get_int(&sql, INT64_MIN, INT64_MAX);
        evidence.userspace = read_log(&sql, evidence.userspace_log);
        if (read_log(&sql, evidence.accepted_log) == EVIDENCE_LOG_NONE && sql.r == 0) {
            sql.r = -EIO;
        }
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = evidence;
    }
    return r;
}
