/* Stores for tests: in memory, or a file in a folder of its own; devices that differ in one byte.
 */
#pragma once

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/check.h"
#include "store/store.h"

struct store_folder {
    char folder[32];
    char path[48];
};

static inline struct store_folder
make_folder(void)
{
    struct store_folder made = {.folder = "/tmp/assay-store-XXXXXX"};

    CHECK(mkdtemp(made.folder));
    snprintf(made.path, sizeof(made.path), "%s/store", made.folder);
    return made;
}

static inline void
drop_folder(const struct store_folder *made)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[64];

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        snprintf(path, sizeof(path), "%s%s", made->path, ends[i]);
        unlink(path);
    }
    rmdir(made->folder);
}

static inline struct store *
open_store(const char *path)
{
    struct store *store = NULL;

    CHECK_EQ(store_open(path, &store), 0);
    return store;
}

/* Runs SQL on a file behind the store's back. */
static inline void
edit_file(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        check_fail(__FILE__, __LINE__, "%s: %s", sqlite3_errmsg(db), sql);
    }
    sqlite3_close(db);
}

/* Whatever is unique is filled with n. */
static inline struct store_device
make_device(uint8_t n)
{
    struct store_device device = {
        .ak_name_len = 34,
        .ak_public_len = 90,
        .state = DEVICE_PENDING,
        .maker = "Maker",
        .model = "Model",
        .serial = "Serial",
        .enrolled_ms = 1000 + n,
    };

    memset(device.id, n, sizeof(device.id));
    memset(device.ident, n, sizeof(device.ident));
    memset(device.ek_fingerprint, n, sizeof(device.ek_fingerprint));
    memset(device.ek_digest, n, sizeof(device.ek_digest));
    memset(device.ak_name, n, device.ak_name_len);
    memset(device.ak_public, n, device.ak_public_len);
    return device;
}

/* Not inlined: many devices in one frame are too large for it. */
static __attribute__((noinline, unused)) void
put_device(struct store *store, uint8_t n)
{
    struct store_device device = make_device(n);

    CHECK_EQ(store_device_put(store, &device), 0);
}

static __attribute__((noinline, unused)) bool
has_device(struct store *store, uint8_t n)
{
    struct store_device want = make_device(n);
    struct store_device seen;
    int r = store_device_get(store, want.id, &seen);

    CHECK(r == 0 || r == STORE_NONE);
    return r == 0;
}
