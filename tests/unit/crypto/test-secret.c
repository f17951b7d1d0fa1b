#include "crypto/secret.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/check.h"

/* Kilobytes of a field of /proc/self/status. */
static long
status_kb(const char *field)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[128];
    long kb = -1;

    CHECK(file);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, field, strlen(field)) == 0) {
            CHECK_EQ(sscanf(line + strlen(field), " %ld", &kb), 1);
        }
    }
    fclose(file);
    return kb;
}

/* AddressSanitizer makes mlock() a no-op: then nothing can be seen of it. */
static bool
locks_show(void)
{
    static uint8_t page[8192];
    long before = status_kb("VmLck:");
    bool shows = mlock(page, sizeof(page)) == 0 && status_kb("VmLck:") > before;

    munlock(page, sizeof(page));
    return shows;
}

static void
a_secret_is_locked_until_freed(void)
{
    struct secret *secret = NULL;
    long before = status_kb("VmLck:");

    if (!locks_show()) {
        check_skip("mlock() does nothing in this build");
    }
    CHECK_EQ(secret_new(32, &secret), 0);
    CHECK(status_kb("VmLck:") > before);
    secret_free(secret);
    CHECK_EQ(status_kb("VmLck:"), before);
}

static void
a_secret_is_zero_until_filled(void)
{
    static const uint8_t zero[32];
    CLEANUP(secret_freep) struct secret *secret = NULL;

    CHECK_EQ(secret_new(32, &secret), 0);
    CHECK_BYTES(secret_bytes(secret), BYTES_OF(zero));
    secret_room(secret)[31] = 7;
    CHECK_EQ(secret_bytes(secret).p[31], 7);
    secret_freep(&secret);
    CHECK(!secret);
}

static void
a_child_does_not_have_it(void)
{
    CLEANUP(secret_freep) struct secret *secret = NULL;
    const uint8_t *room;
    int status = 0;
    pid_t pid;

    CHECK_EQ(secret_new(32, &secret), 0);
    room = secret_bytes(secret).p;
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct rlimit none = {0, 0};
        int fds[2];

        setrlimit(RLIMIT_CORE, &none);
        /* write() reports memory that is not there instead of dying of it */
        _exit(pipe(fds) == 0 && write(fds[1], room, 32) < 0 && errno == EFAULT);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void
lengths_have_bounds(void)
{
    struct secret *secret = NULL;

    CHECK_EQ(secret_new(0, &secret), -EINVAL);
    CHECK_EQ(secret_new(SECRET_MAX + 1, &secret), -EINVAL);
    CHECK(!secret);
    CHECK_EQ(secret_new(SECRET_MAX, &secret), 0);
    secret_free(secret);
    secret_free(NULL);
}

static void
memory_that_cannot_be_locked_is_refused(void)
{
    struct rlimit none = {0, 0};
    struct secret *secret = NULL;
    int r;

    CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    if (geteuid() == 0 && seteuid(65534) < 0) {
        check_skip("root without setuid locks what it likes");
    }
    r = secret_new(32, &secret);
    if (r == 0) {
        secret_free(secret);
        check_skip("this kernel lets us lock without a limit");
    }
    CHECK(r == -ENOMEM || r == -EPERM || r == -EAGAIN);
    CHECK(!secret);
}

CHECK_MAIN(CASE(a_secret_is_locked_until_freed), CASE(a_secret_is_zero_until_filled),
           CASE(a_child_does_not_have_it), CASE(lengths_have_bounds),
           CASE(memory_that_cannot_be_locked_is_refused))
