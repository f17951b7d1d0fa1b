#include "source/source-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_ROOM = 16384 };

enum source_outcome
source_file_outcome(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ENODEV || error == ENXIO
               ? SOURCE_E_ABSENT
               : SOURCE_E_UNREADABLE;
}

const char *
source_file_outcome_name(enum source_outcome outcome)
{
    static const char *const names[] = {"ok", "absent", "unreadable", "large", "loose"};

    return (size_t)outcome < ARRAY_LEN(names) ? names[outcome] : "unknown";
}

/* Room for at least one byte more. Returns 0 or -ENOMEM. */
static int
grow(struct source_data *data, size_t *cap)
{
    size_t bigger = *cap ? *cap * 2 : FIRST_ROOM;
    uint8_t *p;

    if (data->len < *cap) {
        return 0;
    }
    p = realloc(data->p, bigger);
    if (!p) {
        return -ENOMEM;
    }
    data->p = p;
    *cap = bigger;
    return 0;
}

/* One byte beyond the limit is read, to tell a file that ends there from a longer one. */
static int
read_all(int fd, size_t limit, struct source_data *data)
{
    size_t cap = 0;

    while (data->len <= limit) {
        ssize_t n;
        int r = grow(data, &cap);

        if (r < 0) {
            return r;
        }
        n = pread(fd, data->p + data->len, cap - data->len, (off_t)data->len);
        if (n == 0) {
            return SOURCE_OK;
        }
        if (n < 0 && errno != EINTR) {
            return (int)source_file_outcome(errno);
        }
        data->len += n > 0 ? (size_t)n : 0;
    }
    return SOURCE_E_LARGE;
}

int
source_file_read_fd(int fd, size_t limit, struct source_data *ret)
{
    struct source_data data = {0};
    int r = read_all(fd, limit, &data);

    if (r != 0) {
        source_file_done(&data);
        return r;
    }
    *ret = data;
    return 0;
}

int
source_file_read(const char *path, size_t limit, struct source_data *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r;

    if (fd < 0) {
        return (int)source_file_outcome(errno);
    }
    r = source_file_read_fd(fd, limit, ret);
    close(fd);
    return r;
}

void
source_file_done(struct source_data *data)
{
    free(data->p);
    *data = (struct source_data){0};
}

struct bytes
source_file_bytes(const struct source_data *data)
{
    return bytes_of(data->p, data->len);
}
