#include "store/store-sql.h"

#include <errno.h>

#include "base/cbor-wr.h"

/* A row as it is chained; texts in their rooms, so that a row of the file is the same thing. */
struct audit_row {
    int64_t seq;
    int64_t at_ms;
    char kind[STORE_AUDIT_TEXT_MAX];
    bool has_device;
    uint8_t device[WIRE_UEID_SIZE];
    char actor[STORE_AUDIT_TEXT_MAX];
    char text[STORE_AUDIT_TEXT_MAX];
    uint8_t hash[32];
};

/* hash = SHA-256(previous || [seq, at_ms, kind, device / null, actor, text]) */
static int
chain(const struct audit_row *row, const uint8_t previous[32], store_hash_fn *hash, void *context,
      uint8_t ret[32])
{
    uint8_t room[3 * STORE_AUDIT_TEXT_MAX + 128];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes parts[2] = {bytes_of(previous, 32)};

    cbor_wr_array(&wr, 6);
    cbor_wr_int(&wr, row->seq);
    cbor_wr_int(&wr, row->at_ms);
    cbor_wr_tstr(&wr, row->kind);
    if (row->has_device) {
        cbor_wr_bstr(&wr, BYTES_OF(row->device));
    } else {
        cbor_wr_null(&wr);
    }
    cbor_wr_tstr(&wr, row->actor);
    cbor_wr_tstr(&wr, row->text);
    parts[1] = wr_done(&wr);
    return parts[1].p ? hash(context, parts, 2, ret) : -EMSGSIZE;
}

int
store_audit_head(struct store *store, int64_t *ret_seq, uint8_t ret_hash[32])
{
    struct sql sql = sql_begin(store, SQL_AUDIT_HEAD);
    uint8_t hash[32];
    int64_t seq = 0;
    int r = sql_row(&sql);

    if (r == 0) {
        seq = sql_get_int(&sql, 1, INT64_MAX);
        sql_get_exact(&sql, hash, sizeof(hash));
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret_seq = seq;
        memcpy(ret_hash, hash, sizeof(hash));
    }
    return r;
}

static int
copy_text(char out[STORE_AUDIT_TEXT_MAX], const char *text)
{
    size_t len = strnlen(text, STORE_AUDIT_TEXT_MAX);

    if (len == STORE_AUDIT_TEXT_MAX) {
        return -EMSGSIZE;
    }
    memcpy(out, text, len + 1);
    return 0;
}

static int
fill(struct audit_row *row, const struct store_audit *from)
{
    int r = copy_text(row->kind, from->kind);

    if (r == 0) {
        r = copy_text(row->actor, from->actor);
    }
    if (r == 0) {
        r = copy_text(row->text, from->text);
    }
    row->at_ms = from->at_ms;
    row->has_device = from->device != NULL;
    if (from->device) {
        memcpy(row->device, from->device, sizeof(row->device));
    }
    return r;
}

static int
insert(struct store *store, const struct audit_row *row)
{
    struct sql sql = sql_begin(store, SQL_AUDIT_ADD);

    sql_int(&sql, row->seq);
    sql_int(&sql, row->at_ms);
    sql_text(&sql, row->kind, sizeof(row->kind));
    if (row->has_device) {
        sql_blob(&sql, BYTES_OF(row->device));
    } else {
        sql_null(&sql);
    }
    sql_text(&sql, row->actor, sizeof(row->actor));
    sql_text(&sql, row->text, sizeof(row->text));
    sql_blob(&sql, BYTES_OF(row->hash));
    return sql_run(&sql, NULL);
}

/* The number and hash of the last row are read under the write lock, so that two writers cannot
 * both follow one row. */
static int
add(struct store *store, struct audit_row *row, store_hash_fn *hash, void *context)
{
    uint8_t previous[32] = {0};
    int r = store_audit_head(store, &row->seq, previous);

    if (r < 0) {
        return r;
    }
    if (row->seq == INT64_MAX) {
        return -EIO;
    }
    row->seq++; /* from 0 when the log is empty */
    r = chain(row, previous, hash, context, row->hash);
    return r == 0 ? insert(store, row) : r;
}

int
store_audit_add(struct store *store, const struct store_audit *row, store_hash_fn *hash,
                void *context)
{
    struct audit_row full = {0};
    int r = fill(&full, row);

    if (r == 0) {
        r = sql_call(store);
    }
    return r == 0 ? sql_done(store, add(store, &full, hash, context)) : r;
}

static void
read_row(struct sql *sql, struct audit_row *row)
{
    row->seq = sql_get_int(sql, 1, INT64_MAX);
    row->at_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    sql_get_text(sql, row->kind, sizeof(row->kind));
    row->has_device = !sql_get_null(sql);
    if (row->has_device) {
        sql_get_exact(sql, row->device, sizeof(row->device));
    }
    sql_get_text(sql, row->actor, sizeof(row->actor));
    sql_get_text(sql, row->text, sizeof(row->text));
    sql_get_exact(sql, row->hash, sizeof(row->hash));
}

/* Whether the row under the statement is number seq and follows `previous`, which becomes its hash.
 * A row of wrong shapes was not written by us, so it does not fit either. */
static int
check_row(struct sql *sql, int64_t seq, uint8_t previous[32], store_hash_fn *hash, void *context)
{
    struct audit_row row = {0};
    uint8_t want[32];
    int r;

    read_row(sql, &row);
    if (sql->r != 0 || row.seq != seq) {
        return STORE_NONE;
    }
    r = chain(&row, previous, hash, context, want);
    if (r == 0 && !bytes_equal(BYTES_OF(want), BYTES_OF(row.hash))) {
        r = STORE_NONE;
    }
    memcpy(previous, row.hash, 32);
    return r;
}

int
store_audit_verify(struct store *store, store_hash_fn *hash, void *context, int64_t *ret_rows)
{
    struct sql sql = sql_begin(store, SQL_AUDIT_ALL);
    uint8_t previous[32] = {0};
    int64_t n_rows = 0;
    bool misfit = false;
    int r = sql_row(&sql);

    while (r == 0) {
        r = check_row(&sql, n_rows + 1, previous, hash, context);
        misfit = r == STORE_NONE;
        if (r == 0) {
            n_rows++;
            r = sql_row(&sql);
        }
    }
    r = sql_end(&sql, r);
    if (r < 0) {
        return r;
    }
    *ret_rows = n_rows;
    return misfit ? STORE_NONE : 0;
}
