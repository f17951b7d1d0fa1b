#include "source/source-userspace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"

enum { LOCK_TRIES = 40, LOCK_WAIT_MS = 50 };

int
source_userspace_lock(const char *path, struct source_userspace *ret)
{
    static const struct timespec wait = {.tv_nsec = LOCK_WAIT_MS * 1000000L};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        return (int)source_file_outcome(errno);
    }
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
            ret->fd = fd;
            return 0;
        }
        (void)nanosleep(&wait, NULL);
    }
    close(fd);
    return SOURCE_E_UNREADABLE;
}

int
source_userspace_read(const struct source_userspace *log, struct source_data *ret)
{
    return source_file_read_fd(log->fd, LIMIT_LOG_BYTES, ret);
}

void
source_userspace_unlock(struct source_userspace *log)
{
    if (log->fd >= 0) {
        close(log->fd); /* the lock goes with it */
        log->fd = -1;
    }
}
