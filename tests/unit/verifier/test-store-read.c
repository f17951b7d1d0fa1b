/* A store that is only read, beside one that has it open. */
#include "lib/store-make.h"
#include "store/store-sql.h"

static struct store *
open_read(const char *path)
{
    struct store *store = NULL;

    CHECK_EQ(store_open_read(path, &store), 0);
    return store;
}

static void
it_reads_the_moment_of_its_opening(void)
{
    struct store_folder made = make_folder();
    struct store *writer = open_store(made.path);
    struct store *reader;

    put_device(writer, 1);
    CHECK_EQ(store_commit(writer), 0);
    put_device(writer, 2); /* not committed */
    reader = open_read(made.path);
    CHECK(has_device(reader, 1) && !has_device(reader, 2));
    CHECK_EQ(store_commit(writer), 0); /* a reader keeps no writer waiting */
    CHECK(!has_device(reader, 2));
    store_close(reader);
    reader = open_read(made.path);
    CHECK(has_device(reader, 2));
    store_close(reader);
    store_close(writer);
    drop_folder(&made);
}

static void
it_reads_what_nobody_has_open(void)
{
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);

    put_device(store, 1);
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    store = open_read(made.path);
    CHECK(has_device(store, 1) && !has_device(store, 2));
    store_close(store);
    store = open_store(made.path); /* and it can be written after */
    put_device(store, 2);
    CHECK_EQ(store_commit(store), 0);
    store_close(store);
    drop_folder(&made);
}

static void
no_call_writes(void)
{
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);
    struct store_device device = make_device(1);
    struct store_evidence evidence = {.arrived_ms = 1};
    const struct store_bundle bundle = {.sequence = 1};
    static const uint8_t digest[32] = {1};

    store_close(store);
    store = open_read(made.path);
    CHECK_EQ(store_device_put(store, &device), -EROFS);
    CHECK_EQ(store_evidence_put(store, &evidence), -EROFS);
    CHECK_EQ(store_log_put(store, digest, LOG_FIRMWARE, bytes_str("x")), -EROFS);
    CHECK_EQ(store_log_trim(store), -EROFS);
    CHECK_EQ(store_bundle_put(store, &bundle, bytes_str("x")), -EROFS);
    CHECK_EQ(store_commit(store), 0);
    store_rollback(store);
    /* nor does SQL behind the header's back */
    CHECK_EQ(sqlite3_exec(store->db, "DELETE FROM device", NULL, NULL, NULL) & 0xff,
             SQLITE_READONLY);
    CHECK(!has_device(store, 1));
    store_close(store);
    drop_folder(&made);
}

static void
another_version_is_told_apart(void)
{
    struct store_folder made = make_folder();
    struct store *store = open_store(made.path);
    char pragma[64];

    store_close(store);
    store = NULL;
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %zu", schema_n_steps + 1);
    edit_file(made.path, pragma);
    CHECK_EQ(store_open_read(made.path, &store), STORE_E_NEWER);
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %zu", schema_n_steps - 1);
    edit_file(made.path, pragma);
    CHECK_EQ(store_open_read(made.path, &store), STORE_E_OLDER);
    edit_file(made.path, "PRAGMA user_version = 0");
    CHECK_EQ(store_open_read(made.path, &store), -EIO);
    CHECK(!store);
    drop_folder(&made);
}

static void
what_is_no_store_is_left_alone(void)
{
    struct store_folder made = make_folder();
    struct store *store = NULL;
    FILE *file;

    CHECK_EQ(store_open_read("", &store), -EINVAL);
    CHECK_EQ(store_open_read(made.path, &store), -ENOENT);
    CHECK(access(made.path, F_OK) != 0); /* none is made */
    file = fopen(made.path, "w");
    CHECK(file && fputs("no database at all", file) >= 0 && fclose(file) == 0);
    CHECK_EQ(store_open_read(made.path, &store), -EIO);
    CHECK(!store);
    drop_folder(&made);
}

CHECK_MAIN(CASE(it_reads_the_moment_of_its_opening), CASE(it_reads_what_nobody_has_open),
           CASE(no_call_writes), CASE(another_version_is_told_apart),
           CASE(what_is_no_store_is_left_alone))
