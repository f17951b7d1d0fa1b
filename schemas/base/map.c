#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
map_open(int fd, size_t max, struct bytes *ret)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st) < 0) {
        return -errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return -EINVAL;
    }
    if ((uintmax_t)st.st_size > max) {
        return -EFBIG;
    }
    if (st.st_size == 0) { /* nothing cannot be mapped */
        *ret = BYTES_NULL;
        return 0;
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        return -errno;
    }
    *ret = bytes_of(p, (size_t)st.st_size);
    return 0;
}

int
map_file(const char *path, size_t max, struct bytes *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int r;

    if (fd < 0) {
        return -errno;
    }
    r = map_open(fd, max, ret);
    close(fd);
    return r;
}

void
map_free(struct bytes *bytes)
{
    if (bytes->p) {
        munmap((void *)(uintptr_t)bytes->p, bytes->len);
    }
    *bytes = BYTES_NULL;
}
