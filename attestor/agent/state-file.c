#include "agent/state-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 512 };

static int
write_all(int fd, struct bytes content)
{
    size_t done = 0;

    while (done < content.len) {
        ssize_t n = write(fd, content.p + done, content.len - done);

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Mode and group before the first byte: no moment at which the wrong ones can read it. */
static int
fill(int fd, struct bytes content, mode_t mode, gid_t group)
{
    int r;

    if (group != STATE_FILE_NO_GROUP && fchown(fd, (uid_t)-1, group) != 0) {
        return -errno;
    }
    if (fchmod(fd, mode) != 0) {
        return -errno;
    }
    r = write_all(fd, content);
    return r != 0 ? r : fsync(fd) != 0 ? -errno : 0;
}

static int
write_in(int dir, const char *name, struct bytes content, mode_t mode, gid_t group)
{
    char temporary[PATH_ROOM];
    int fd;
    int r;

    if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary)) {
        return -ENAMETOOLONG;
    }
    (void)unlinkat(dir, temporary, 0);
    fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    r = fill(fd, content, mode, group);
    close(fd);
    if (r == 0 && renameat(dir, temporary, dir, name) != 0) {
        r = -errno;
    }
    if (r != 0) {
        (void)unlinkat(dir, temporary, 0);
        return r;
    }
    return fsync(dir) != 0 ? -errno : 0;
}

/* The folder, made when only its last part is missing: /run is empty after every boot. */
static int
open_folder(const char *dir, bool for_others)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT && mkdir(dir, for_others ? 0755 : 0700) == 0) {
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return fd;
}

int
state_file_write(const char *dir, const char *name, struct bytes content, mode_t mode, gid_t group)
{
    int fd = open_folder(dir, (mode & 0077) != 0);
    int r;

    if (fd < 0) {
        return -errno;
    }
    r = write_in(fd, name, content, mode, group);
    close(fd);
    return r;
}

static int
path_of(char room[PATH_ROOM], const char *dir, const char *name)
{
    return snprintf(room, PATH_ROOM, "%s/%s", dir, name) < PATH_ROOM ? 0 : -ENAMETOOLONG;
}

int
state_file_read(const char *dir, const char *name, size_t limit, struct source_data *ret)
{
    char path[PATH_ROOM];
    int r = path_of(path, dir, name);

    return r != 0 ? r : source_file_read(path, limit, ret);
}

int
state_file_remove(const char *dir, const char *name)
{
    char path[PATH_ROOM];
    int r = path_of(path, dir, name);

    if (r == 0 && unlink(path) != 0 && errno != ENOENT) {
        r = -errno;
    }
    return r;
}
