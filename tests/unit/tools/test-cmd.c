/* tools/cmd: whole files, and what is none. */
#include "cmd.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/check.h"

enum { LARGE = 4 << 20 };

static char path[] = "/tmp/assay-cmd-XXXXXX";
static const struct bytes before = {.len = 77};

/* A file of len bytes that are not all the same. */
static void
make(size_t len)
{
    int fd = mkstemp(path);
    uint8_t *room = malloc(len + 1);

    CHECK(fd >= 0 && room);
    for (size_t i = 0; i < len; i++) {
        room[i] = (uint8_t)(i * 31 + i / 256);
    }
    CHECK_EQ(write(fd, room, len), (ssize_t)len);
    close(fd);
    free(room);
}

static int
take(size_t limit, struct bytes *ret)
{
    *ret = before;
    return cmd_read_file(path, limit, ret);
}

static void
unmake(struct bytes *file)
{
    free((void *)(uintptr_t)file->p);
    unlink(path);
    memset(strrchr(path, '-') + 1, 'X', 6);
}

static void
a_file_is_read_whole_up_to_its_limit(void)
{
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 32768, 100000};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct bytes file;

        make(sizes[i]);
        CHECK_EQ(take(sizes[i], &file), 0);
        CHECK_EQ(file.len, sizes[i]);
        for (size_t at = 0; at < file.len; at++) {
            CHECK_EQ(file.p[at], (uint8_t)(at * 31 + at / 256));
        }
        unmake(&file);
    }
}

static void
a_longer_file_is_refused(void)
{
    struct bytes file;

    make(40000);
    CHECK_EQ(take(39999, &file), 1);
    CHECK(!file.p && file.len == 0);
    CHECK_EQ(take(0, &file), 1);
    unmake(&file);
}

static void
what_is_no_file_is_refused(void)
{
    struct bytes file = before;

    CHECK_EQ(cmd_read_file("/nonexistent/x", 100, &file), 1);
    CHECK_EQ(cmd_read_file("/", 100, &file), 1); /* it opens, and cannot be read */
    CHECK_EQ(file.len, before.len);
}

/* What this process may have more than it has. */
static void
leave_memory(size_t more)
{
    FILE *file = fopen("/proc/self/statm", "re");
    struct rlimit limit;
    unsigned long pages = 0;

    CHECK(file && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    if (pages > UINT64_C(1) << 28) { /* a terabyte */
        check_skip("a sanitizer's shadow of all memory has no such limit");
    }
    limit.rlim_cur = pages * (size_t)sysconf(_SC_PAGESIZE) + more;
    limit.rlim_max = limit.rlim_cur;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
}

static void
a_file_that_memory_does_not_hold_is_not_read_in_part(void)
{
    struct bytes file;

    make(LARGE);
    leave_memory(LARGE / 4);
    CHECK_EQ(take(2 * (size_t)LARGE, &file), 1);
    CHECK_EQ(file.len, before.len);
    unlink(path);
}

CHECK_MAIN(CASE(a_file_is_read_whole_up_to_its_limit), CASE(a_longer_file_is_refused),
           CASE(what_is_no_file_is_refused),
           CASE(a_file_that_memory_does_not_hold_is_not_read_in_part))
