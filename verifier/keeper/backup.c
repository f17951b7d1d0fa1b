#include "keeper/backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"

struct backup {
    struct store_backup *run;
    enum backup_state state;
    int why;
    bool waits; /* the last slice found the store locked */
    char path[BACKUP_PATH_ROOM];
};

/* The folder beside the store, made if need be, and a name in it. */
static int
path_of(const struct keeper *keeper, const char *name, char out[BACKUP_PATH_ROOM])
{
    char folder[BACKUP_PATH_ROOM];
    struct bytes store = keeper->setup.store_path;
    size_t dir = store.len;
    int r;

    while (dir > 0 && store.p[dir - 1] != '/') {
        dir--;
    }
    if (dir == 0) {
        return -ENOTSUP;
    }
    snprintf(folder, sizeof(folder), "%.*s" BACKUP_FOLDER, (int)dir, (const char *)store.p);
    r = file_folder(folder, 0700);
    if (r == 0 && snprintf(out, BACKUP_PATH_ROOM, "%s/%s", folder, name) >= (int)BACKUP_PATH_ROOM) {
        return -ENAMETOOLONG;
    }
    return r;
}

int
backup_begin(struct keeper *keeper, const char *name)
{
    char path[BACKUP_PATH_ROOM];
    struct store_backup *run = NULL;
    int r;

    if (backup_running(keeper)) {
        return -EBUSY;
    }
    if (!keeper->backup) {
        keeper->backup = calloc(1, sizeof(*keeper->backup));
    }
    r = keeper->backup ? path_of(keeper, name, path) : -ENOMEM;
    if (r == 0) {
        r = store_backup_begin(keeper->store, path, &run);
    }
    if (r == 0) {
        *keeper->backup = (struct backup){.run = run, .state = BACKUP_RUNNING};
        memcpy(keeper->backup->path, path, sizeof(path));
    }
    return r;
}

struct backup_view
backup_view(const struct keeper *keeper)
{
    const struct backup *backup = keeper->backup;
    struct backup_view view = {.path = ""};

    if (backup) {
        view.state = backup->state;
        view.path = backup->path;
        view.why = backup->why;
    }
    if (backup && backup->run) {
        store_backup_progress(backup->run, &view.left, &view.pages);
    }
    return view;
}

bool
backup_running(const struct keeper *keeper)
{
    return keeper->backup && keeper->backup->run;
}

void
backup_turn(struct keeper *keeper)
{
    struct backup *backup = keeper->backup;
    bool done = false;
    int r;

    if (!backup_running(keeper)) {
        return;
    }
    r = store_backup_step(backup->run, &done);
    backup->waits = r == STORE_LOCKED;
    if (backup->waits || (r == 0 && !done)) {
        return;
    }
    store_backup_freep(&backup->run);
    backup->state = r == 0 ? BACKUP_DONE : BACKUP_FAILED;
    backup->why = r;
    log_event(r == 0 ? LOG_INFO : LOG_ERROR, r == 0 ? "backup-done" : "backup-failed",
              LOG_STR("file", backup->path), LOG_INT("errno", r < 0 ? -r : r));
}

int
backup_wait_ms(const struct keeper *keeper)
{
    if (!backup_running(keeper)) {
        return -1;
    }
    return keeper->backup->waits ? BACKUP_WAIT_MS : 0;
}

void
backup_end(struct keeper *keeper)
{
    if (keeper->backup) {
        store_backup_free(keeper->backup->run);
        free(keeper->backup);
        keeper->backup = NULL;
    }
}
