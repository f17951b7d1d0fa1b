#include "store/store-sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_ROOM = 640, SLICE_PAGES = 64, SYNC_SLICES = 64 };

struct store_backup {
    sqlite3 *db;
    sqlite3_backup *run;
    int fd; /* of the unfinished file, for its syncs */
    unsigned n_slices;
    char path[PATH_ROOM];
    char part[PATH_ROOM + 8];
};

void
store_backup_free(struct store_backup *backup)
{
    if (!backup) {
        return;
    }
    sqlite3_backup_finish(backup->run);
    sqlite3_close(backup->db);
    if (backup->fd >= 0) {
        close(backup->fd);
        ignore(unlink(backup->part) < 0, "then the next backup removes it");
    }
    free(backup);
}

void
store_backup_freep(struct store_backup **backup)
{
    store_backup_free(*backup);
    *backup = NULL;
}

/* The part file is synced by us, slice by slice, and has no readers: SQLite needs no journal. */
static int
open_part(struct store_backup *backup, struct store *store)
{
    int result;

    ignore(unlink(backup->part) < 0, "a dead keeper may have left one");
    backup->fd = open(backup->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (backup->fd < 0) {
        return -errno;
    }
    result =
        sqlite3_open_v2(backup->part, &backup->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_exec(backup->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;",
                              NULL, NULL, NULL);
    }
    if (result != SQLITE_OK) {
        return sql_errno(result);
    }
    backup->run = sqlite3_backup_init(backup->db, "main", store->db, "main");
    return backup->run ? 0 : sql_errno(sqlite3_errcode(backup->db));
}

int
store_backup_begin(struct store *store, const char *path, struct store_backup **ret)
{
    CLEANUP(store_backup_freep) struct store_backup *backup = calloc(1, sizeof(*backup));
    int r;

    if (!backup) {
        return -ENOMEM;
    }
    backup->fd = -1;
    if (snprintf(backup->path, sizeof(backup->path), "%s", path) >= PATH_ROOM) {
        return -ENAMETOOLONG;
    }
    snprintf(backup->part, sizeof(backup->part), "%s.part", path);
    if (access(path, F_OK) == 0) {
        return STORE_EXISTS;
    }
    r = open_part(backup, store);
    if (r == 0) {
        *ret = backup;
        backup = NULL;
    }
    return r;
}

static int
sync_folder(const char *path)
{
    char folder[PATH_ROOM];
    const char *slash = strrchr(path, '/');
    int fd;
    int r;

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    return r;
}

/* A name is given once everything is on the disk; link() replaces nobody. */
static int
finish(struct store_backup *backup)
{
    int result = sqlite3_backup_finish(backup->run);

    backup->run = NULL;
    if (result == SQLITE_OK) {
        result = sqlite3_close(backup->db);
        backup->db = NULL;
    }
    if (result != SQLITE_OK) {
        return sql_errno(result);
    }
    if (fsync(backup->fd) < 0) {
        return -errno;
    }
    if (link(backup->part, backup->path) < 0) {
        return errno == EEXIST ? STORE_EXISTS : -errno;
    }
    ignore(unlink(backup->part) < 0, "then the next backup removes it");
    return sync_folder(backup->path);
}

int
store_backup_step(struct store_backup *backup, bool *ret_done)
{
    int result = sqlite3_backup_step(backup->run, SLICE_PAGES);
    bool locked = result == SQLITE_BUSY || result == SQLITE_LOCKED;
    int r = locked ? STORE_LOCKED : 0;

    *ret_done = result == SQLITE_DONE;
    if (*ret_done) {
        return finish(backup);
    }
    if (result != SQLITE_OK && !locked) {
        return sql_errno(result);
    }
    /* in between, so that the last sync has little left to wait for */
    if (!locked && ++backup->n_slices % SYNC_SLICES == 0 && fdatasync(backup->fd) < 0) {
        r = -errno;
    }
    return r;
}

void
store_backup_progress(const struct store_backup *backup, int64_t *ret_left, int64_t *ret_pages)
{
    *ret_left = backup->run ? sqlite3_backup_remaining(backup->run) : 0;
    *ret_pages = backup->run ? sqlite3_backup_pagecount(backup->run) : 0;
}
