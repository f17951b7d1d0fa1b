#include "store/store-sql.h"

#include <errno.h>

/* Algorithms are kept by their TPM_ALG_ID, which no reordering of ours changes. */
static enum hash
read_alg(struct sql *sql)
{
    enum hash alg = hash_from_tpm_id((uint16_t)sql_get_int(sql, 0, UINT16_MAX));

    if (sql->r == 0 && alg == HASH_N) {
        sql->r = -EIO;
    }
    return alg;
}

/* Runs a bound statement for one class. */
static int
one_class(struct sql *sql, struct store_class *ret)
{
    struct store_class row = {0};
    int r = sql_row(sql);

    if (r == 0) {
        sql_get_text(sql, row.name, sizeof(row.name));
        row.bank = read_alg(sql);
        row.pcr_mask = (uint32_t)sql_get_int(sql, 0, UINT32_MAX);
        row.interval_s = sql_get_int(sql, INT64_MIN, INT64_MAX);
        row.need_ek_chain = sql_get_bool(sql);
        row.allow_sha1 = sql_get_bool(sql);
        row.allow_no_nonce = sql_get_bool(sql);
        sql_get_text(sql, row.audiences, sizeof(row.audiences));
        row.lacks = (uint32_t)sql_get_int(sql, 0, UINT32_MAX);
        row.evidence_max = (uint32_t)sql_get_int(sql, 0, UINT32_MAX);
    }
    r = sql_end(sql, r);
    if (r == 0) {
        *ret = row;
    }
    return r;
}

int
store_class_get(struct store *store, const char *name, struct store_class *ret)
{
    struct sql sql = sql_begin(store, SQL_CLASS_GET);

    sql_text(&sql, name, STORE_CLASS_MAX);
    return one_class(&sql, ret);
}

int
store_class_put(struct store *store, const struct store_class *class_row)
{
    struct sql sql;
    int r;

    if (class_row->name[0] == '\0' || (unsigned)class_row->bank >= HASH_N) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_CLASS_PUT);
    sql_text(&sql, class_row->name, sizeof(class_row->name));
    sql_int(&sql, hash_tpm_id(class_row->bank));
    sql_int(&sql, class_row->pcr_mask);
    sql_int(&sql, class_row->interval_s);
    sql_int(&sql, class_row->need_ek_chain);
    sql_int(&sql, class_row->allow_sha1);
    sql_int(&sql, class_row->allow_no_nonce);
    sql_text(&sql, class_row->audiences, sizeof(class_row->audiences));
    sql_int(&sql, class_row->lacks);
    sql_int(&sql, class_row->evidence_max);
    return sql_done(store, sql_run(&sql, NULL));
}

int
store_class_each(struct store *store,
                 bool (*visit)(void *context, const struct store_class *class_row), void *context)
{
    struct store_class row = {.name = ""};
    bool more = true;
    int r = 0;

    while (more && r == 0) {
        struct sql sql = sql_begin(store, SQL_CLASS_NEXT);

        sql_text(&sql, row.name, sizeof(row.name));
        r = one_class(&sql, &row);
        more = r == 0 && visit(context, &row);
    }
    return r == STORE_NONE ? 0 : r;
}

/* Runs a statement of a class that gives its version. */
static int
version_of(struct store *store, enum statement statement, const char *class_name, int64_t *ret)
{
    struct sql sql = sql_begin(store, statement);
    int64_t version = 0;
    int r;

    sql_text(&sql, class_name, STORE_CLASS_MAX);
    r = sql_row(&sql);
    if (r == 0) {
        version = sql_get_int(&sql, 1, INT64_MAX);
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = version;
    }
    return r;
}

int
store_ref_version(struct store *store, const char *class_name, int64_t *ret)
{
    return version_of(store, SQL_CLASS_VERSION, class_name, ret);
}

static void
bind_ref(struct sql *sql, const char *class_name, const struct store_ref *ref)
{
    sql_text(sql, class_name, STORE_CLASS_MAX);
    sql_int(sql, ref->pcr);
    sql_int(sql, hash_tpm_id(ref->digest.alg));
    sql_blob(sql, digest_bytes(&ref->digest));
    sql_int(sql, ref->type);
}

static int
has_ref(struct store *store, const char *class_name, const struct store_ref *ref)
{
    struct sql sql = sql_begin(store, SQL_REF_HAS);

    bind_ref(&sql, class_name, ref);
    return sql_end(&sql, sql_row(&sql));
}

static int
add_ref(struct store *store, const char *class_name, const struct store_ref *ref)
{
    int64_t version = 0;
    struct sql sql;
    int r = version_of(store, SQL_CLASS_GROW, class_name, &version);

    if (r != 0) {
        return r;
    }
    sql = sql_begin(store, SQL_REF_ADD);
    bind_ref(&sql, class_name, ref);
    sql_text(&sql, ref->label, sizeof(ref->label));
    sql_int(&sql, version);
    return sql_run(&sql, NULL);
}

int
store_ref_add(struct store *store, const char *class_name, const struct store_ref *ref,
              bool *ret_added)
{
    bool added = false;
    int r;

    if ((unsigned)ref->digest.alg >= HASH_N) {
        return -EINVAL;
    }
    r = sql_call(store);
    if (r != 0) {
        return r;
    }
    r = has_ref(store, class_name, ref);
    if (r == STORE_NONE) {
        added = true;
        r = add_ref(store, class_name, ref);
    }
    r = sql_done(store, r);
    if (r == 0 && ret_added) {
        *ret_added = added;
    }
    return r;
}

static int
next_ref(struct store *store, const char *class_name, int64_t *added, struct store_ref *ret)
{
    struct sql sql = sql_begin(store, SQL_REF_NEXT);
    struct store_ref ref = {0};
    int r;

    sql_text(&sql, class_name, STORE_CLASS_MAX);
    sql_int(&sql, *added);
    r = sql_row(&sql);
    if (r == 0) {
        ref.pcr = (uint32_t)sql_get_int(&sql, 0, UINT32_MAX);
        ref.digest.alg = read_alg(&sql);
        sql_get_exact(&sql, ref.digest.b, sql.r == 0 ? hash_size(ref.digest.alg) : 0);
        ref.type = (uint32_t)sql_get_int(&sql, 0, UINT32_MAX);
        sql_get_text(&sql, ref.label, sizeof(ref.label));
        *added = sql_get_int(&sql, *added + 1, INT64_MAX);
    }
    r = sql_end(&sql, r);
    if (r == 0) {
        *ret = ref;
    }
    return r;
}

int
store_ref_each(struct store *store, const char *class_name,
               bool (*visit)(void *context, const struct store_ref *ref), void *context)
{
    struct store_ref ref;
    int64_t added = 0;
    bool more = true;
    int r = 0;

    while (more && r == 0) {
        r = next_ref(store, class_name, &added, &ref);
        more = r == 0 && visit(context, &ref);
    }
    return r == STORE_NONE ? 0 : r;
}
