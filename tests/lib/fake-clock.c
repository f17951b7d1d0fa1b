/* Preloaded into a real program: the clocks of C and of the kernel's vDSO, moved by as many seconds
 * as the file named in FAKE_CLOCK says now: "WALL BOOT". The wall clock moves as a wrong one does;
 * CLOCK_BOOTTIME as over a suspend, which CLOCK_MONOTONIC does not count. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* glibc declares them with attributes of its own, so their prototypes are not repeated here. */

static void
moves(long *wall_s, long *boot_s)
{
    const char *path = getenv("FAKE_CLOCK");
    FILE *in = path ? fopen(path, "re") : NULL;

    *wall_s = *boot_s = 0;
    if (in) {
        if (fscanf(in, "%ld %ld", wall_s, boot_s) != 2) {
            abort(); /* a test that writes nonsense shall not pass */
        }
        (void)fclose(in);
    }
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
    long wall_s, boot_s;
    long r = syscall(SYS_clock_gettime, id, now);

    moves(&wall_s, &boot_s);
    if (r == 0 && id == CLOCK_REALTIME) {
        now->tv_sec += wall_s;
    } else if (r == 0 && id == CLOCK_BOOTTIME) {
        now->tv_sec += boot_s;
    }
    return (int)r;
}

time_t
time(time_t *ret)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret) {
        *ret = now.tv_sec;
    }
    return now.tv_sec;
}

int
gettimeofday(struct timeval *now, void *zone)
{
    struct timespec precise;

    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &precise);
    *now = (struct timeval){precise.tv_sec, precise.tv_nsec / 1000};
    return 0;
}
