/* The folders that the configuration names, and who owns them. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
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

static int
give_open(struct setup *setup, const char *path, int fd, const struct passwd *user)
{
    struct stat stat_of;

    if (fstat(fd, &stat_of) < 0) {
        return setup_fail(setup, -errno, path, strerror(errno));
    }
    if (S_ISREG(stat_of.st_mode) && stat_of.st_nlink > 1) {
        return setup_fail(setup, 1, path,
                          "the file has a second name, whose it may be; remove one");
    }
    return fchownat(fd, "", user->pw_uid, user->pw_gid, AT_EMPTY_PATH) < 0
               ? setup_fail(setup, -errno, path, strerror(errno))
               : 0;
}

/* Gives what is there to the user. The folder is his already where this runs again: a link in it is
 * not followed, and a file with another name is not his, so that he has no file of root's given. */
static int
give(struct setup *setup, const char *path, const struct passwd *user)
{
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int r;

    if (fd < 0) {
        return errno == ENOENT ? 0 : setup_fail(setup, -errno, path, strerror(errno));
    }
    r = give_open(setup, path, fd, user);
    close(fd);
    return r;
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

static int
load(struct setup *setup, struct settings *ret)
{
    struct conf_problem problem = {""};
    char path[SETUP_PATH];
    int r;

    snprintf(path, sizeof(path), "%s/verifier.conf", setup->dir);
    r = settings_load(path, ret, &problem);
    return r == 0 ? 0 : setup_fail(setup, r, "verifier.conf", problem.text);
}

int
setup_agree(struct setup *setup)
{
    const struct settings *settings = &setup->settings;
    char why[160];
    int r;

    setup->kept = setup_has(setup->dir, "verifier.conf");
    if (!setup->kept) {
        snprintf(setup->keys, sizeof(setup->keys), "%s/keys", setup->dir);
        snprintf(setup->roots, sizeof(setup->roots), "%s/ek-roots", setup->dir);
        return 0;
    }
    r = load(setup, &setup->settings);
    if (r != 0) {
        return r;
    }
    if (strcmp(settings->site, setup->site) != 0) {
        snprintf(why, sizeof(why), "verifier.conf is of the site %s, which never changes",
                 settings->site);
        return setup_fail(setup, 1, "--site", why);
    }
    setup->port = settings->port != 0 ? settings->port : setup->port;
    setup->issuer = settings->issuer;
    snprintf(setup->keys, sizeof(setup->keys), "%s", settings->keys);
    snprintf(setup->roots, sizeof(setup->roots), "%s", settings->ek_roots);
    return 0;
}

int
setup_places(struct setup *setup)
{
    struct settings settings = {0};
    char folder[SETUP_PATH];
    int r = load(setup, &settings);

    if (r != 0) {
        return r;
    }
    r = place(setup, settings.public_folder, false, 0755, folder);
    r = r == 0 ? place(setup, settings.control, true, 0755, folder) : r;
    r = r == 0 ? place(setup, settings.store, true, 0700, folder) : r;
    return r == 0 && settings.user[0] ? give_store(setup, &settings, folder) : r;
}
