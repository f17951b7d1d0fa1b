/* The folders that the configuration names, and who owns them. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "main/settings.h"
#include "setup-files.h"

/* Makes the folder of a path (of_file: all but its last part). */
static int
place(struct setup *setup, const char *path, bool of_file, mode_t mode, char folder[SETUP_PATH])
{
    const char *slash = strrchr(path, '/');
    size_t len = of_file && slash ? (size_t)(slash - path) : strlen(path);
    int r;

    snprintf(folder, SETUP_PATH, "%.*s", (int)len, path);
    r = folder[0] ? file_folders(folder, mode) : 0;
    return r < 0 ? setup_fail(setup, r, folder, strerror(-r)) : 0;
}

/* Gives what is there to the user; a link is not followed, so that who owned the folder before
 * cannot have a file of root's given away. */
static int
give(struct setup *setup, const char *path, const struct passwd *user)
{
    if (lchown(path, user->pw_uid, user->pw_gid) < 0 && errno != ENOENT) {
        return setup_fail(setup, -errno, path, strerror(errno));
    }
    return 0;
}

/* The store's folder and files are its user's: SQLite makes its journal beside the file. */
static int
give_store(struct setup *setup, const struct settings *settings, const char *folder)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    const struct passwd *user = getpwnam(settings->user);
    char path[SETUP_PATH];
    int r;

    if (!user) {
        return setup_fail(setup, 1, "[run] user", "there is no such user; make it, or see --user");
    }
    if (geteuid() != 0 || user->pw_uid == 0) {
        return 0; /* nothing to give, or nobody who may */
    }
    r = give(setup, folder, user);
    for (size_t i = 0; i < ARRAY_LEN(ends) && r == 0; i++) {
        snprintf(path, sizeof(path), "%s%s", settings->store, ends[i]);
        r = give(setup, path, user);
    }
    return r;
}

int
setup_places(struct setup *setup)
{
    struct settings settings = {0};
    struct conf_problem problem = {""};
    char path[SETUP_PATH];
    char folder[SETUP_PATH];
    int r;

    snprintf(path, sizeof(path), "%s/verifier.conf", setup->dir);
    r = settings_load(path, &settings, &problem);
    if (r != 0) {
        return setup_fail(setup, r, "verifier.conf", problem.text);
    }
    r = place(setup, settings.public_folder, false, 0755, folder);
    r = r == 0 ? place(setup, settings.control, true, 0755, folder) : r;
    r = r == 0 ? place(setup, settings.store, true, 0700, folder) : r;
    return r == 0 && settings.user[0] ? give_store(setup, &settings, folder) : r;
}
