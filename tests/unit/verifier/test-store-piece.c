/* store/store: pieces of a batch, and a lock that another process holds. */
#include "lib/store-make.h"
#include "store/store-sql.h"

static const uint8_t first[32] = {1};
static const uint8_t second[32] = {2};
static const uint8_t third[32] = {3};

static void
use(struct store *store, const uint8_t challenge[32])
{
    CHECK_EQ(store_challenge_use(store, challenge, 1000), 0);
}

static bool
used(struct store *store, const uint8_t challenge[32])
{
    int r = store_challenge_use(store, challenge, 1000);

    CHECK(r == 0 || r == STORE_EXISTS);
    return r == STORE_EXISTS;
}

static int
busy_timeout(struct store *store)
{
    sqlite3_stmt *stmt = NULL;
    int value;

    CHECK_EQ(sqlite3_prepare_v2(store->db, "PRAGMA busy_timeout", -1, &stmt, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void
undoing_takes_back_one_piece_whole(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    CHECK_EQ(store_piece(store), 0);
    use(store, first);
    CHECK_EQ(store_piece(store), 0);
    use(store, second);
    use(store, third);
    CHECK_EQ(store_undo(store), 0);
    CHECK_EQ(store_commit(store), 0);
    CHECK(used(store, first));
    CHECK(!used(store, second));
    CHECK(!used(store, third));
}

static void
the_first_piece_may_be_undone_and_the_next_is_kept(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    CHECK_EQ(store_piece(store), 0);
    use(store, first);
    CHECK_EQ(store_undo(store), 0);
    CHECK_EQ(store_undo(store), 0); /* nothing is left to be undone */
    CHECK_EQ(store_piece(store), 0);
    use(store, second);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(store_undo(store), 0); /* what is committed stays */
    CHECK(!used(store, first));
    CHECK(used(store, second));
}

static void
a_piece_that_writes_nothing_begins_nothing(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    CHECK_EQ(store_piece(store), 0);
    CHECK_EQ(store_piece(store), 0);
    CHECK_EQ(store_undo(store), 0);
    CHECK(sqlite3_get_autocommit(store->db));
    CHECK(!store->batch && !store->piece);
}

/* A call that fails with an outcome is undone by itself; the piece goes on. */
static void
a_failed_call_leaves_its_piece(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    CHECK_EQ(store_piece(store), 0);
    use(store, first);
    CHECK_EQ(store_challenge_use(store, first, 1000), STORE_EXISTS);
    use(store, second);
    CHECK_EQ(store_undo(store), 0);
    CHECK_EQ(store_commit(store), 0);
    CHECK(!used(store, first));
    CHECK(!used(store, second));
}

static void
a_first_call_that_fails_leaves_no_batch(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    use(store, first);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(store_piece(store), 0);
    CHECK_EQ(store_challenge_use(store, first, 1000), STORE_EXISTS);
    CHECK(sqlite3_get_autocommit(store->db) && !store->piece);
    use(store, second);
    CHECK_EQ(store_undo(store), 0);
    CHECK_EQ(store_commit(store), 0);
    CHECK(!used(store, second));
}

/* SQLite gives a transaction up on some failures: no piece of it is then taken for kept. */
static void
a_lost_batch_cannot_be_undone_in_part(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    CHECK_EQ(store_piece(store), 0);
    use(store, first);
    CHECK_EQ(sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    CHECK_EQ(store_undo(store), -EIO);
    CHECK_EQ(store_piece(store), 0);
    CHECK_EQ(store_challenge_use(store, second, 1000), -EIO);
    CHECK_EQ(store_commit(store), -EIO);
    CHECK(!used(store, first));
    CHECK_EQ(store_commit(store), 0);
}

static void
a_held_lock_is_waited_for_once_a_batch(void)
{
    struct store_folder made = make_folder();
    CLEANUP(store_closep) struct store *holder = open_store(made.path);
    CLEANUP(store_closep) struct store *store = open_store(made.path);

    use(holder, first);
    sqlite3_busy_timeout(store->db, 20);
    CHECK_EQ(store_challenge_use(store, second, 1000), -EBUSY);
    CHECK_EQ(busy_timeout(store), 0);
    CHECK_EQ(store_challenge_use(store, third, 1000), -EBUSY);
    CHECK_EQ(busy_timeout(store), 0);
    CHECK_EQ(store_commit(store), 0); /* nothing is in it */
    CHECK_EQ(busy_timeout(store), 1000);
    CHECK_EQ(store_commit(holder), 0);
    CHECK(!used(store, second));
    CHECK_EQ(busy_timeout(store), 1000);
    CHECK_EQ(store_commit(store), 0);
    drop_folder(&made);
}

static void
giving_a_batch_up_brings_patience_back(void)
{
    struct store_folder made = make_folder();
    CLEANUP(store_closep) struct store *holder = open_store(made.path);
    CLEANUP(store_closep) struct store *store = open_store(made.path);

    use(holder, first);
    sqlite3_busy_timeout(store->db, 20);
    CHECK_EQ(store_challenge_use(store, second, 1000), -EBUSY);
    CHECK_EQ(store_undo(store), 0);
    CHECK_EQ(busy_timeout(store), 0);
    store_rollback(store);
    CHECK_EQ(busy_timeout(store), 1000);
    drop_folder(&made);
}

CHECK_MAIN(CASE(undoing_takes_back_one_piece_whole),
           CASE(the_first_piece_may_be_undone_and_the_next_is_kept),
           CASE(a_piece_that_writes_nothing_begins_nothing), CASE(a_failed_call_leaves_its_piece),
           CASE(a_first_call_that_fails_leaves_no_batch),
           CASE(a_lost_batch_cannot_be_undone_in_part),
           CASE(a_held_lock_is_waited_for_once_a_batch),
           CASE(giving_a_batch_up_brings_patience_back))
