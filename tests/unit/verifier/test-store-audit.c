#include "lib/store-make.h"

#include "crypto/digest.h"

static int
sha256(void *context, const struct bytes *parts, size_t n_parts, uint8_t ret[32])
{
    return hasher_parts(context, HASH_SHA256, parts, n_parts, ret);
}

static int
broken(void *context, const struct bytes *parts, size_t n_parts, uint8_t ret[32])
{
    (void)context;
    (void)parts;
    (void)n_parts;
    (void)ret;
    return -EIO;
}

static const uint8_t device[WIRE_UEID_SIZE] = {1, 2, 3};

static struct store_audit
make_row(int n)
{
    static const char *const texts[] = {"first", "second", "third", "fourth"};

    return (struct store_audit){
        .at_ms = 1000 + n,
        .kind = "approved",
        .device = n % 2 ? device : NULL,
        .actor = "uid 0",
        .text = texts[n % 4],
    };
}

static void
write_rows(struct store *store, int n)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    for (int i = 0; i < n; i++) {
        struct store_audit row = make_row(i);

        CHECK_EQ(store_audit_add(store, &row, sha256, hasher), 0);
    }
}

static int
verify(struct store *store, int64_t *ret_rows)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    return store_audit_verify(store, sha256, hasher, ret_rows);
}

static void
a_chain_verifies(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    int64_t rows = -1;

    CHECK_EQ(verify(store, &rows), 0);
    CHECK_EQ(rows, 0);
    write_rows(store, 4);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(verify(store, &rows), 0);
    CHECK_EQ(rows, 4);
    write_rows(store, 2);
    store_rollback(store);
    CHECK_EQ(verify(store, &rows), 0);
    CHECK_EQ(rows, 4);
}

/* [1, 1000, "approved", null, "uid 0", "first"] and [2, 1001, …, device, …, "second"], by hand. */
static void
the_hash_is_over_the_previous_and_the_row(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct bytes rows[2] = {
        check_hex("86 01 1903e8 68 617070726f766564 f6 65 7569642030 65 6669727374"),
        check_hex("86 02 1903e9 68 617070726f766564 5821 010203"
                  "000000000000000000000000000000000000000000000000000000000000"
                  "65 7569642030 66 7365636f6e64"),
    };
    uint8_t want[32] = {0};
    uint8_t head[32];
    int64_t seq = 42;

    CHECK_EQ(store_audit_head(store, &seq, head), STORE_NONE);
    CHECK_EQ(seq, 42);
    for (size_t i = 0; i < 2; i++) {
        struct bytes parts[2] = {BYTES_OF(want), rows[i]};
        uint8_t next[32];

        CHECK_EQ(hasher_parts(hasher, HASH_SHA256, parts, 2, next), 0);
        memcpy(want, next, sizeof(want));
    }
    write_rows(store, 2);
    CHECK_EQ(store_audit_head(store, &seq, head), 0);
    CHECK_EQ(seq, 2);
    CHECK_BYTES(BYTES_OF(head), BYTES_OF(want));
}

/* Rows that stay good when this SQL has run over a chain of four, and the result. */
static void
check_edit(const char *sql, int want, int64_t want_rows)
{
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);
    int64_t rows = -1;

    write_rows(store, 4);
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    edit_file(made.path, sql);
    store = open_store(made.path);
    if (verify(store, &rows) != want || rows != want_rows) {
        check_fail(__FILE__, __LINE__, "%lld good rows: %s", (long long)rows, sql);
    }
    store_close(store);
    drop_folder(&made);
}

static void
an_edited_row_is_found(void)
{
    check_edit("UPDATE audit SET text = 'other' WHERE seq = 3", STORE_NONE, 2);
    check_edit("UPDATE audit SET actor = 'uid 1' WHERE seq = 1", STORE_NONE, 0);
    check_edit("UPDATE audit SET kind = 'refused' WHERE seq = 2", STORE_NONE, 1);
    check_edit("UPDATE audit SET at_ms = 1 WHERE seq = 4", STORE_NONE, 3);
    check_edit("UPDATE audit SET device = NULL WHERE seq = 2", STORE_NONE, 1);
    check_edit("UPDATE audit SET device = zeroblob(33) WHERE seq = 1", STORE_NONE, 0);
    check_edit("UPDATE audit SET hash = zeroblob(32) WHERE seq = 4", STORE_NONE, 3);
}

static void
a_removed_added_or_swapped_row_is_found(void)
{
    check_edit("DELETE FROM audit WHERE seq = 2", STORE_NONE, 1);
    check_edit("DELETE FROM audit WHERE seq = 1", STORE_NONE, 0);
    check_edit("DELETE FROM audit WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;"
               "UPDATE audit SET seq = 3 WHERE seq = 4",
               STORE_NONE, 1);
    check_edit("UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;"
               "UPDATE audit SET seq = 3 WHERE seq = 9",
               STORE_NONE, 1);
    check_edit("INSERT INTO audit SELECT 5, at_ms, kind, device, actor, text, hash FROM audit"
               " WHERE seq = 4",
               STORE_NONE, 4);
    check_edit("UPDATE audit SET seq = 0 WHERE seq = 1", STORE_NONE, 0);
}

static void
a_row_of_wrong_shapes_does_not_fit(void)
{
    check_edit("UPDATE audit SET hash = zeroblob(33) WHERE seq = 2", STORE_NONE, 1);
    check_edit("UPDATE audit SET hash = x'' WHERE seq = 2", STORE_NONE, 1);
    check_edit("UPDATE audit SET device = zeroblob(34) WHERE seq = 2", STORE_NONE, 1);
    check_edit("UPDATE audit SET text = printf('%.*c', 2000, 'x') WHERE seq = 2", STORE_NONE, 1);
    check_edit("UPDATE audit SET kind = 'a' || char(0) WHERE seq = 2", STORE_NONE, 1);
}

/* What the header says that the chain alone cannot show; the head can. */
static void
rows_cut_from_the_end_show_only_against_the_head(void)
{
    check_edit("DELETE FROM audit WHERE seq > 2", 0, 2);
}

static void
texts_that_do_not_fit_are_refused(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    char text[STORE_AUDIT_TEXT_MAX + 1];
    struct store_audit row = make_row(1);
    int64_t rows = -1;

    memset(text, 'x', sizeof(text));
    text[STORE_AUDIT_TEXT_MAX] = '\0';
    row.text = text;
    CHECK_EQ(store_audit_add(store, &row, sha256, hasher), -EMSGSIZE);
    row = make_row(1);
    row.kind = text;
    CHECK_EQ(store_audit_add(store, &row, sha256, hasher), -EMSGSIZE);
    row = make_row(1);
    row.actor = text;
    CHECK_EQ(store_audit_add(store, &row, sha256, hasher), -EMSGSIZE);
    row.actor = "\xff";
    CHECK_EQ(store_audit_add(store, &row, sha256, hasher), -EINVAL);
    text[STORE_AUDIT_TEXT_MAX - 1] = '\0';
    row.kind = row.actor = row.text = text;
    CHECK_EQ(store_audit_add(store, &row, sha256, hasher), 0);
    CHECK_EQ(verify(store, &rows), 0);
    CHECK_EQ(rows, 1);
}

static void
a_failing_hash_is_passed_on(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_audit row = make_row(1);
    int64_t rows = -1;

    CHECK_EQ(store_audit_add(store, &row, broken, NULL), -EIO);
    CHECK_EQ(verify(store, &rows), 0);
    CHECK_EQ(rows, 0);
    write_rows(store, 1);
    rows = -1;
    CHECK_EQ(store_audit_verify(store, broken, NULL, &rows), -EIO);
    CHECK_EQ(rows, -1);
}

CHECK_MAIN(CASE(a_chain_verifies), CASE(the_hash_is_over_the_previous_and_the_row),
           CASE(an_edited_row_is_found), CASE(a_removed_added_or_swapped_row_is_found),
           CASE(a_row_of_wrong_shapes_does_not_fit),
           CASE(rows_cut_from_the_end_show_only_against_the_head),
           CASE(texts_that_do_not_fit_are_refused), CASE(a_failing_hash_is_passed_on))
