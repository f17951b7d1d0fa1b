#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/store-make.h"
#include "store/store-sql.h"

static void
what_is_committed_is_there_when_opened_again(void)
{
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);

    put_device(store, 1);
    CHECK_EQ(store_commit(store), 0);
    put_device(store, 2);
    CHECK(has_device(store, 2));
    store_close(store);
    store = open_store(made.path);
    CHECK(has_device(store, 1));
    CHECK(!has_device(store, 2));
    store_close(store);
    drop_folder(&made);
}

static void
a_rollback_takes_the_batch_back(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    put_device(store, 1);
    put_device(store, 2);
    store_rollback(store);
    CHECK(!has_device(store, 1));
    put_device(store, 3);
    CHECK_EQ(store_commit(store), 0);
    store_rollback(store);
    CHECK(has_device(store, 3));
    CHECK_EQ(store_commit(store), 0);
}

static void
a_failed_call_leaves_the_batch_as_it_was(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device clash = make_device(2);

    put_device(store, 1);
    clash.ident[0] = 1;
    memset(clash.ident, 1, sizeof(clash.ident));
    CHECK_EQ(store_device_put(store, &clash), STORE_EXISTS);
    put_device(store, 3);
    CHECK_EQ(store_commit(store), 0);
    CHECK(has_device(store, 1));
    CHECK(!has_device(store, 2));
    CHECK(has_device(store, 3));
}

/* A call of two statements whose second one fails: nothing of the first stays. */
static void
a_failed_second_statement_undoes_the_first(void)
{
    struct store_folder made = make_folder();
    CLEANUP(store_closep) struct store *store = open_store(made.path);
    struct store_class row = {.name = "c", .bank = HASH_SHA256};
    struct store_ref ref = {.pcr = 1, .digest = {.alg = HASH_SHA256}};
    int64_t version = 0;

    CHECK_EQ(store_class_put(store, &row), 0);
    memset(ref.label, 'x', sizeof(ref.label)); /* seen to be too long at the second */
    CHECK_EQ(store_ref_add(store, "c", &ref, NULL), -EINVAL);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(store_ref_version(store, "c", &version), 0);
    CHECK_EQ(version, 1);
    drop_folder(&made);
}

/* Else one refused call would keep every other writer out until the next commit. */
static void
a_failed_call_begins_no_batch(void)
{
    struct store_folder made = make_folder();
    CLEANUP(store_closep) struct store *one = open_store(made.path);
    CLEANUP(store_closep) struct store *two = open_store(made.path);
    uint8_t id[WIRE_UEID_SIZE] = {1};
    struct store_last last = {0};

    CHECK_EQ(store_last_put(one, id, &last), STORE_NONE);
    put_device(two, 1);
    CHECK_EQ(store_commit(two), 0);
    drop_folder(&made);
}

static void
a_writer_waits_and_then_is_told_busy(void)
{
    struct store_folder made = make_folder();
    CLEANUP(store_closep) struct store *one = open_store(made.path);
    CLEANUP(store_closep) struct store *two = open_store(made.path);
    struct store_device device = make_device(2);

    put_device(one, 1);
    sqlite3_busy_timeout(two->db, 20);
    CHECK_EQ(store_device_put(two, &device), -EBUSY);
    CHECK(!has_device(two, 1));
    CHECK_EQ(store_commit(one), 0);
    CHECK_EQ(store_device_put(two, &device), 0);
    CHECK_EQ(store_commit(two), 0);
    CHECK(has_device(one, 2));
    drop_folder(&made);
}

/* Child that writes device 1 and waits to be killed. */
static void
write_and_wait(const char *path, bool commit, int told)
{
    struct store *store = open_store(path);

    put_device(store, 1);
    if (commit) {
        CHECK_EQ(store_commit(store), 0);
    }
    CHECK_EQ(write(told, "x", 1), 1);
    for (;;) {
        pause();
    }
}

static bool
survives_kill(bool commit)
{
    struct store_folder made = make_folder();
    struct store *store;
    int told[2];
    char x;
    bool found;
    pid_t child;

    CHECK_EQ(pipe(told), 0);
    child = fork();
    if (child == 0) {
        write_and_wait(made.path, commit, told[1]);
    }
    close(told[1]);
    CHECK_EQ(read(told[0], &x, 1), 1);
    CHECK_EQ(kill(child, SIGKILL), 0);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    store = open_store(made.path);
    found = has_device(store, 1);
    put_device(store, 2); /* no lock is left behind */
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    drop_folder(&made);
    return found;
}

static void
a_killed_writer_leaves_what_it_had_committed(void)
{
    CHECK(survives_kill(true));
    CHECK(!survives_kill(false));
}

static int64_t
pragma(struct store *store, const char *text)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value;

    CHECK_EQ(sqlite3_prepare_v2(store->db, text, -1, &stmt, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void
the_file_is_private_and_durable(void)
{
    struct store_folder made = make_folder();
    CLEANUP(store_closep) struct store *store = open_store(made.path);
    struct stat seen;

    CHECK_EQ(stat(made.path, &seen), 0);
    CHECK_EQ(seen.st_mode & 0777, 0600);
    CHECK_EQ(pragma(store, "PRAGMA synchronous"), 2);
    CHECK_EQ(pragma(store, "PRAGMA foreign_keys"), 1);
    CHECK_EQ(pragma(store, "PRAGMA busy_timeout"), 1000);
    CHECK_EQ(pragma(store, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
             1);
    drop_folder(&made);
}

static void
every_statement_is_good_sql(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");

    for (int i = 0; i < SQL_N; i++) {
        struct sql sql = sql_begin(store, (enum statement)i);

        CHECK_EQ(sql.r, 0);
        CHECK_EQ(sql_end(&sql, 0), 0);
    }
}

static void
a_path_that_cannot_be_made_is_told(void)
{
    struct store_folder made = make_folder();
    struct store *store = NULL;

    CHECK_EQ(store_open("", &store), -EINVAL);
    CHECK_EQ(store_open("/nowhere/at/all", &store), -ENOENT);
    CHECK_EQ(store_open(made.folder, &store), -EIO); /* a folder */
    CHECK(!store);
    store_close(NULL);
    drop_folder(&made);
}

/* A store of n devices on disk. */
static void
fill_file(const char *path, unsigned n)
{
    struct store *store = open_store(path);

    for (unsigned i = 1; i <= n; i++) {
        put_device(store, (uint8_t)i);
    }
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
}

/* Walks and writes whatever a file holds; any result will do, a crash will not. */
static int
use_file(const char *path)
{
    CLEANUP(store_closep) struct store *store = NULL;
    int r = store_open(path, &store);

    for (unsigned n = 1; r == 0 && n <= 250; n++) {
        struct store_device device = make_device((uint8_t)n);
        struct store_device seen;

        r = store_device_get(store, device.id, &seen);
        r = r == STORE_NONE ? 0 : r;
        if (r == 0) {
            device.state = DEVICE_FRESH;
            r = store_device_put(store, &device);
        }
    }
    return r == 0 ? store_commit(store) : r;
}

static void
overwrite(const char *path, off_t at, uint8_t with, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    uint8_t bytes[8192];

    memset(bytes, with, sizeof(bytes));
    CHECK(fd >= 0 && len <= sizeof(bytes));
    CHECK_EQ(pwrite(fd, bytes, len, at), (ssize_t)len);
    close(fd);
}

static void
damaged_pages_are_errors_and_no_crashes(void)
{
    static const uint8_t with[] = {0x00, 0x0d, 0xff};
    unsigned n_found = 0;

    for (unsigned page = 0; page < 24; page++) {
        struct store_folder made = make_folder();
        int r;

        fill_file(made.path, 100);
        overwrite(made.path, (off_t)page * 4096, with[page % 3], page % 2 ? 64 : 4096);
        r = use_file(made.path);
        CHECK(r <= 0 || r == STORE_EXISTS || r == STORE_E_NEWER);
        n_found += r == -EIO;
        drop_folder(&made);
    }
    CHECK(n_found > 5);
}

static void
other_files_are_refused(void)
{
    struct store_folder made = make_folder();
    struct store *store = NULL;
    struct bytes before;
    struct bytes after;

    edit_file(made.path, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    CHECK(check_file(made.path, &before));
    CHECK_EQ(store_open(made.path, &store), -EIO);
    CHECK(check_file(made.path, &after));
    CHECK_BYTES(after, before);
    drop_folder(&made);

    made = make_folder();
    fill_file(made.path, 1);
    overwrite(made.path, 0, 'x', 8192);
    CHECK_EQ(store_open(made.path, &store), -EIO);
    drop_folder(&made);
}

static uint8_t body[300000];

static void
a_full_disk_drops_the_batch_and_says_so(void)
{
    struct store_folder made = make_folder();
    CLEANUP(store_closep) struct store *store = open_store(made.path);
    struct store_device device = make_device(2);
    uint8_t digest[32] = {0};

    put_device(store, 9);
    CHECK_EQ(store_commit(store), 0);
    put_device(store, 1);
    (void)pragma(store, "PRAGMA max_page_count = 60");
    CHECK_EQ(store_log_put(store, digest, LOG_FIRMWARE, BYTES_OF(body)), -ENOSPC);
    if (sqlite3_get_autocommit(store->db)) { /* or only the statement was undone */
        CHECK_EQ(store_device_put(store, &device), -EIO);
        CHECK_EQ(store_commit(store), -EIO);
        CHECK(!has_device(store, 1));
    } else {
        CHECK_EQ(store_commit(store), 0);
        CHECK(has_device(store, 1));
    }
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_commit(store), 0);
    CHECK(has_device(store, 2) && has_device(store, 9));
    drop_folder(&made);
}

/* The batch dies under the store in SQLite's own way. */
static void
a_lost_batch_is_never_committed_in_part(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(2);

    put_device(store, 1);
    CHECK_EQ(sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    CHECK_EQ(store_device_put(store, &device), -EIO);
    CHECK_EQ(store_commit(store), -EIO);
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    store_rollback(store);
    CHECK_EQ(store_device_put(store, &device), 0);
    CHECK_EQ(store_commit(store), 0);
    CHECK(!has_device(store, 1));
}

/* The keeper may open no file beside the store's: what SQLite keeps to undo a large piece stays in
 * memory. */
static void
a_large_piece_needs_no_file_of_its_own(void)
{
    struct rlimit before;
    struct rlimit none;
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);

    for (int n = 1; n < 256; n++) {
        put_device(store, (uint8_t)n);
    }
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    CHECK_EQ(store_piece(store), 0);
    for (int n = 1; n < 256; n++) {
        struct store_device device = make_device((uint8_t)n);

        device.state = DEVICE_REMOVED;
        CHECK_EQ(store_device_put(store, &device), 0);
    }
    CHECK_EQ(store_undo(store), 0);
    CHECK(has_device(store, 200));
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0); /* the search for leaks opens files */
    drop_folder(&made);
}

CHECK_MAIN(CASE(what_is_committed_is_there_when_opened_again),
           CASE(a_rollback_takes_the_batch_back), CASE(a_failed_call_leaves_the_batch_as_it_was),
           CASE(a_failed_second_statement_undoes_the_first), CASE(a_failed_call_begins_no_batch),
           CASE(a_writer_waits_and_then_is_told_busy),
           CASE(a_killed_writer_leaves_what_it_had_committed),
           CASE(the_file_is_private_and_durable), CASE(every_statement_is_good_sql),
           CASE(a_path_that_cannot_be_made_is_told), CASE(damaged_pages_are_errors_and_no_crashes),
           CASE(other_files_are_refused), CASE(a_full_disk_drops_the_batch_and_says_so),
           CASE(a_lost_batch_is_never_committed_in_part),
           CASE(a_large_piece_needs_no_file_of_its_own))
