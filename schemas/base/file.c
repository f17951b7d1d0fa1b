#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

static int
read_open(int fd, size_t max, struct bytes *ret)
{
    struct stat stat;
    size_t len = 0;
    uint8_t *room;

    if (fstat(fd, &stat) < 0) {
        return -errno;
    }
    if (!S_ISREG(stat.st_mode)) {
        return -EINVAL;
    }
    if (stat.st_size < 0 || (uint64_t)stat.st_size > max) {
        return -EFBIG;
    }
    room = malloc((size_t)stat.st_size + 1);
    while (room && len < (size_t)stat.st_size) {
        ssize_t n = read(fd, room + len, (size_t)stat.st_size - len);

        if (n < 0 && errno != EINTR) {
            explicit_bzero(room, len); /* it may be half a key */
            free(room);
            return -EIO;
        }
        if (n == 0) {
            break; /* it shrank: what is there counts */
        }
        len += n > 0 ? (size_t)n : 0;
    }
    *ret = bytes_of(room, len);
    return room ? 0 : -ENOMEM;
}

int
file_read(const char *path, size_t max, struct bytes *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
    int r = fd < 0 ? -errno : 0;

    if (r == 0) {
        r = read_open(fd, max, ret);
        close(fd);
    }
    return r;
}

void
file_free(struct bytes *bytes)
{
    if (bytes->p) {
        explicit_bzero((void *)(uintptr_t)bytes->p, bytes->len);
    }
    free((void *)(uintptr_t)bytes->p);
    *bytes = BYTES_NULL;
}

static int
write_all(int fd, struct bytes in)
{
    size_t done = 0;

    while (done < in.len) {
        ssize_t n = write(fd, in.p + done, in.len - done);

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

/* Syncs the folder of a path, so that the name outlives a loss of power. */
static int
sync_folder(const char *path)
{
    char folder[PATH_ROOM];
    const char *slash = strrchr(path, '/');
    int len = slash ? (int)(slash - path) : 0;
    int fd;
    int r;

    snprintf(folder, sizeof(folder), "%.*s%s", len, path, !slash ? "." : len == 0 ? "/" : "");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    r = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return r;
}

static int
write_and_name(const char *path, mode_t mode, struct bytes in, bool replace)
{
    char temporary[PATH_ROOM];
    int fd;
    int r;

    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary)) {
        return -ENAMETOOLONG;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    r = fchmod(fd, mode) < 0 ? -errno : write_all(fd, in);
    close(fd);
    if (r == 0 && replace && rename(temporary, path) < 0) {
        r = -errno;
    } else if (r == 0 && !replace && link(temporary, path) < 0) {
        r = -errno;
    }
    if (r != 0 || !replace) {
        ignore(unlink(temporary) < 0, "the outcome stands");
    }
    return r == 0 ? sync_folder(path) : r;
}

int
file_replace(const char *path, mode_t mode, struct bytes in)
{
    return write_and_name(path, mode, in, true);
}

int
file_create(const char *path, mode_t mode, struct bytes in)
{
    return write_and_name(path, mode, in, false);
}

int
file_folder(const char *path, mode_t mode)
{
    struct stat stat_of;

    if (mkdir(path, mode) == 0) {
        return chmod(path, mode) < 0 ? -errno : 0; /* whatever the umask is */
    }
    if (errno != EEXIST) {
        return -errno;
    }
    if (stat(path, &stat_of) < 0) {
        return -errno;
    }
    return S_ISDIR(stat_of.st_mode) ? 0 : -ENOTDIR;
}

int
file_folders(const char *path, mode_t mode)
{
    char above[PATH_ROOM];
    size_t len = strlen(path);
    int r = 0;

    if (len >= sizeof(above)) {
        return -ENAMETOOLONG;
    }
    for (size_t i = 1; i < len && r == 0; i++) {
        if (path[i] == '/' && path[i - 1] != '/') {
            memcpy(above, path, i);
            above[i] = '\0';
            r = file_folder(above, 0755);
        }
    }
    return r == 0 ? file_folder(path, mode) : r;
}
