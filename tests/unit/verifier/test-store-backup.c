/* store/store-backup */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/store-make.h"
#include "store/store-sql.h"

static struct store_folder made;
static char path[64];
static char part[72];
static uint8_t body[512 * 1024]; /* more than a slice */

static struct store *
start(void)
{
    struct store *store;
    uint8_t digest[32] = {1};

    made = make_folder();
    snprintf(path, sizeof(path), "%s/copy", made.folder);
    snprintf(part, sizeof(part), "%s.part", path);
    store = open_store(made.path);
    put_device(store, 1);
    CHECK_EQ(store_log_put(store, digest, LOG_FIRMWARE, BYTES_OF(body)), 0);
    CHECK_EQ(store_commit(store), 0);
    return store;
}

static void
end(struct store *store)
{
    struct store_folder copy = made;

    store_close(store);
    snprintf(copy.path, sizeof(copy.path), "%s/copy", made.folder);
    unlink(part);
    unlink(path);
    drop_folder(&copy);
    drop_folder(&made);
}

static struct store_backup *
begin(struct store *store)
{
    struct store_backup *backup = NULL;

    CHECK_EQ(store_backup_begin(store, path, &backup), 0);
    return backup;
}

/* To the end; how many slices it took. */
static int
run(struct store_backup *backup)
{
    bool done = false;
    int n = 0;

    for (; !done; n++) {
        CHECK_EQ(access(path, F_OK), -1); /* no name before it is whole */
        CHECK_EQ(store_backup_step(backup, &done), 0);
    }
    store_backup_free(backup);
    return n;
}

static bool
copy_has(uint8_t n)
{
    CLEANUP(store_closep) struct store *copy = open_store(path);

    return has_device(copy, n);
}

static void
a_copy_is_a_store_with_all_that_was_committed(void)
{
    struct store *store = start();
    uint8_t digest[32] = {1};
    struct stat seen;

    CHECK(run(begin(store)) > 1);
    CHECK_EQ(stat(path, &seen), 0);
    CHECK_EQ(seen.st_mode & 0777, 0600);
    CHECK_EQ(seen.st_nlink, 1);
    CHECK_EQ(access(part, F_OK), -1);
    CHECK(copy_has(1));
    {
        CLEANUP(store_closep) struct store *copy = open_store(path);

        CHECK_EQ(store_log_has(copy, digest), 0);
    }
    end(store);
}

static void
what_is_committed_meanwhile_is_in_it(void)
{
    struct store *store = start();
    struct store_backup *backup = begin(store);
    bool done = false;

    CHECK_EQ(store_backup_step(backup, &done), 0);
    CHECK(!done);
    put_device(store, 2);
    CHECK_EQ(store_commit(store), 0);
    put_device(store, 3);
    store_rollback(store);
    run(backup);
    CHECK(copy_has(2));
    CHECK(!copy_has(3));
    end(store);
}

/* An open batch is one way to have it locked; nothing is copied, and nothing is lost. */
static void
a_locked_store_is_waited_for(void)
{
    struct store *store = start();
    struct store_backup *backup = begin(store);
    int64_t left = 0;
    int64_t before = 0;
    int64_t pages = 0;
    bool done = false;

    CHECK_EQ(store_backup_step(backup, &done), 0);
    store_backup_progress(backup, &before, &pages);
    put_device(store, 2);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(store_backup_step(backup, &done), STORE_LOCKED);
        CHECK(!done);
        store_backup_progress(backup, &left, &pages);
        CHECK_EQ(left, before);
    }
    CHECK_EQ(store_commit(store), 0);
    run(backup);
    CHECK(copy_has(2));
    end(store);
}

static void
a_file_that_is_there_is_not_replaced(void)
{
    struct store *store = start();
    struct store_backup *backup = NULL;
    bool done = false;
    int r = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

    close(fd);
    CHECK_EQ(store_backup_begin(store, path, &backup), STORE_EXISTS);
    CHECK(!backup);
    unlink(path);
    backup = begin(store);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600); /* somebody takes the name meanwhile */
    CHECK_EQ(write(fd, "mine", 4), 4);
    close(fd);
    while (!done && r == 0) {
        r = store_backup_step(backup, &done);
    }
    CHECK_EQ(r, STORE_EXISTS);
    store_backup_free(backup);
    {
        struct stat seen;

        CHECK_EQ(stat(path, &seen), 0);
        CHECK_EQ(seen.st_size, 4);
    }
    CHECK_EQ(access(part, F_OK), -1);
    end(store);
}

static void
an_unfinished_one_leaves_nothing(void)
{
    struct store *store = start();
    struct store_backup *backup = begin(store);
    bool done = false;

    CHECK_EQ(store_backup_step(backup, &done), 0);
    CHECK_EQ(access(part, F_OK), 0);
    store_backup_freep(&backup);
    CHECK(!backup);
    store_backup_free(NULL);
    CHECK_EQ(access(part, F_OK), -1);
    CHECK_EQ(access(path, F_OK), -1);
    end(store);
}

static void
what_a_dead_keeper_left_is_no_obstacle(void)
{
    struct store *store = start();
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL, 0644);
    struct stat seen;

    CHECK_EQ(write(fd, "rest", 4), 4);
    close(fd);
    run(begin(store));
    CHECK_EQ(stat(path, &seen), 0);
    CHECK_EQ(seen.st_mode & 0777, 0600);
    CHECK(copy_has(1));
    end(store);
}

static void
progress_is_told(void)
{
    struct store *store = start();
    struct store_backup *backup = begin(store);
    int64_t left = -1;
    int64_t pages = -1;
    int64_t before;
    bool done = false;

    store_backup_progress(backup, &left, &pages);
    CHECK_EQ(left, 0);
    CHECK_EQ(store_backup_step(backup, &done), 0);
    store_backup_progress(backup, &left, &pages);
    CHECK(left > 0 && pages > left);
    before = left;
    CHECK_EQ(store_backup_step(backup, &done), 0);
    store_backup_progress(backup, &left, &pages);
    CHECK(left < before);
    store_backup_free(backup);
    end(store);
}

static void
a_folder_that_is_not_there_is_an_error(void)
{
    struct store *store = start();
    struct store_backup *backup = NULL;
    char none[80];
    char longest[1024];

    snprintf(none, sizeof(none), "%s/none/copy", made.folder);
    CHECK_EQ(store_backup_begin(store, none, &backup), -ENOENT);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    CHECK_EQ(store_backup_begin(store, longest, &backup), -ENAMETOOLONG);
    CHECK(!backup);
    end(store);
}

CHECK_MAIN(CASE(a_copy_is_a_store_with_all_that_was_committed),
           CASE(what_is_committed_meanwhile_is_in_it), CASE(a_locked_store_is_waited_for),
           CASE(a_file_that_is_there_is_not_replaced), CASE(an_unfinished_one_leaves_nothing),
           CASE(what_a_dead_keeper_left_is_no_obstacle), CASE(progress_is_told),
           CASE(a_folder_that_is_not_there_is_an_error))
