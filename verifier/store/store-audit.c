#include "store/store-sql.h"

#include <errno.h>

/* Texts of a row of the file, in their rooms. */
struct texts {
    char kind[STORE_AUDIT_TEXT_MAX];
    uint8_t device[WIRE_UEID_SIZE];
    char actor[STORE_AUDIT_TEXT_MAX];
    char text[STORE_AUDIT_TEXT_MAX];
};

/* As audit_row_hash(), by the caller's hash. */
static int
chain(const struct audit_row *row, const uint8_t previous[32], store_hash_fn *hash, void *context,
      uint8_t ret[32])
{
    uint8_t room[3 * STORE_AUDIT_TEXT_MAX + 128];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes parts[2] = {bytes_of(previous, 32)};

    audit_row_write(&wr, row);
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
insert(struct store *store, const struct store_audit *from, const struct audit_row *row,
       const uint8_t hash[32])
{
    struct sql sql = sql_begin(store, SQL_AUDIT_ADD);

    sql_int(&sql, row->seq);
    sql_int(&sql, row->at_ms);
    sql_text(&sql, from->kind, STORE_AUDIT_TEXT_MAX);
    if (row->device) {
        sql_blob(&sql, bytes_of(row->device, WIRE_UEID_SIZE));
    } else {
        sql_null(&sql);
    }
    sql_text(&sql, from->actor, STORE_AUDIT_TEXT_MAX);
    sql_text(&sql, from->text, STORE_AUDIT_TEXT_MAX);
    sql_blob(&sql, bytes_of(hash, 32));
    return sql_run(&sql, NULL);
}

/* The number and hash of the last row are read under the write lock, so that two writers cannot
 * both follow one row. */
static int
add(struct store *store, const struct store_audit *from, store_hash_fn *hash, void *context)
{
    struct audit_row row = {
        .at_ms = from->at_ms,
        .kind = bytes_str(from->kind),
        .device = from->device,
        .actor = bytes_str(from->actor),
        .text = bytes_str(from->text),
    };
    uint8_t previous[32] = {0};
    uint8_t own[32];
    int r = store_audit_head(store, &row.seq, previous);

    if (r < 0) {
        return r;
    }
    if (row.seq == INT64_MAX) {
        return -EIO;
    }
    row.seq++; /* from 0 when the log is empty */
    r = chain(&row, previous, hash, context, own);
    return r == 0 ? insert(store, from, &row, own) : r;
}

int
store_audit_add(struct store *store, const struct store_audit *row, store_hash_fn *hash,
                void *context)
{
    int r = sql_call(store);

    return r == 0 ? sql_done(store, add(store, row, hash, context)) : r;
}

static void
read_row(struct sql *sql, struct texts *texts, struct audit_row *row, uint8_t hash[32])
{
    row->seq = sql_get_int(sql, 1, INT64_MAX);
    row->at_ms = sql_get_int(sql, INT64_MIN, INT64_MAX);
    sql_get_text(sql, texts->kind, sizeof(texts->kind));
    if (!sql_get_null(sql)) {
        sql_get_exact(sql, texts->device, sizeof(texts->device));
        row->device = texts->device;
    }
    sql_get_text(sql, texts->actor, sizeof(texts->actor));
    sql_get_text(sql, texts->text, sizeof(texts->text));
    sql_get_exact(sql, hash, 32);
    row->kind = bytes_str(texts->kind);
    row->actor = bytes_str(texts->actor);
    row->text = bytes_str(texts->text);
}

/* Whether the row under the statement is number seq and follows `previous`, which becomes its hash.
 * A row of wrong shapes was not written by us, so it does not fit either. */
static int
check_row(struct sql *sql, int64_t seq, uint8_t previous[32], store_hash_fn *hash, void *context)
{
    struct texts texts = {0};
    struct audit_row row = {0};
    uint8_t own[32] = {0};
    uint8_t want[32];
    int r;

    read_row(sql, &texts, &row, own);
    if (sql->r != 0 || row.seq != seq) {
        return STORE_NONE;
    }
    r = chain(&row, previous, hash, context, want);
    if (r == -EMSGSIZE || (r == 0 && !bytes_equal(BYTES_OF(want), BYTES_OF(own)))) {
        r = STORE_NONE;
    }
    memcpy(previous, own, 32);
    return r;
}

int
store_audit_each(struct store *store, int64_t from,
                 bool (*visit)(void *context, const struct audit_row *row, const uint8_t hash[32]),
                 void *context)
{
    struct sql sql = sql_begin(store, SQL_AUDIT_FROM);
    bool more = true;
    int r;

    sql_int(&sql, from);
    while (more && (r = sql_row(&sql)) == 0) {
        struct texts texts = {0};
        struct audit_row row = {0};
        uint8_t hash[32] = {0};

        read_row(&sql, &texts, &row, hash);
        more = sql.r == 0 && visit(context, &row, hash);
    }
    r = sql_end(&sql, 0);
    return r == STORE_NONE ? 0 : r;
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
