#include "source/source-announce.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { ENTRIES_MAX = 4096 }; /* looked at: a folder that grows without end holds us no longer */

static bool
kept_to_itself(const struct stat *stat, mode_t kind)
{
    return (stat->st_mode & S_IFMT) == kind && (stat->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
           (stat->st_uid == 0 || stat->st_uid == geteuid());
}

static bool
is_announcement(const char *name)
{
    size_t len = strlen(name);
    size_t end = sizeof(SOURCE_ANNOUNCE_END) - 1;

    return name[0] != '.' && len > end && strcmp(name + len - end, SOURCE_ANNOUNCE_END) == 0;
}

static bool
is_older(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec < b->st_mtim.tv_sec
                                                  : a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* Into its place by age; where all are taken the youngest waits for another look. */
static void
insert(struct source_announce *announce, const char *name, const struct stat *stat)
{
    size_t at = announce->n;

    while (at > 0 && is_older(stat, &announce->files[at - 1].stat)) {
        at--;
    }
    if (at == SOURCE_ANNOUNCE_FILES) {
        return;
    }
    announce->n += announce->n < SOURCE_ANNOUNCE_FILES;
    memmove(&announce->files[at + 1], &announce->files[at],
            (announce->n - 1 - at) * sizeof(announce->files[0]));
    snprintf(announce->files[at].name, sizeof(announce->files[at].name), "%s", name);
    announce->files[at].stat = *stat;
}

static void
look(struct source_announce *announce, DIR *dir)
{
    const struct dirent *entry;

    for (size_t n = 0; n < ENTRIES_MAX && (entry = readdir(dir)) != NULL; n++) {
        struct stat stat;

        if (!is_announcement(entry->d_name) ||
            fstatat(announce->folder, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (kept_to_itself(&stat, S_IFREG)) {
            insert(announce, entry->d_name, &stat);
        } else {
            announce->n_loose++;
        }
    }
}

int
source_announce_open(const char *path, struct source_announce *ret)
{
    struct source_announce announce = {
        .folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    struct stat stat;
    int again;
    DIR *dir;

    if (announce.folder < 0) {
        return errno == ENOTDIR ? SOURCE_E_LOOSE : (int)source_file_outcome(errno);
    }
    if (fstat(announce.folder, &stat) != 0 || !kept_to_itself(&stat, S_IFDIR)) {
        close(announce.folder);
        return SOURCE_E_LOOSE;
    }
    again = fcntl(announce.folder, F_DUPFD_CLOEXEC, 0);
    dir = again < 0 ? NULL : fdopendir(again);
    if (!dir) {
        close(announce.folder);
        if (again >= 0) {
            close(again);
        }
        return SOURCE_E_UNREADABLE;
    }
    look(&announce, dir);
    closedir(dir);
    *ret = announce;
    return 0;
}

void
source_announce_close(struct source_announce *announce)
{
    close(announce->folder);
    announce->folder = -1;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int
source_announce_read(const struct source_announce *announce,
                     const struct source_announce_file *file, size_t limit, struct source_data *ret)
{
    int fd = openat(announce->folder, file->name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat stat;
    int r;

    if (fd < 0) {
        return (int)source_file_outcome(errno);
    }
    if (fstat(fd, &stat) != 0 || !is_same(&stat, &file->stat)) {
        close(fd);
        return SOURCE_E_ABSENT;
    }
    r = source_file_read_fd(fd, limit, ret);
    close(fd);
    return r;
}

/* Between look and removal a hook may still replace the file: then what it announces is lost, and
 * with it an explanation and no more. */
int
source_announce_remove(const struct source_announce *announce,
                       const struct source_announce_file *file)
{
    struct stat stat;

    if (fstatat(announce->folder, file->name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    if (!is_same(&stat, &file->stat)) {
        return 0;
    }
    return unlinkat(announce->folder, file->name, 0) != 0 && errno != ENOENT ? -errno : 0;
}
