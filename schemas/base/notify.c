#include "base/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { STATUS_ROOM = 240 };

static int
say(const char *state, int flags)
{
    static const struct timeval patience = {.tv_sec = 1};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path ? strlen(path) : 0;
    int r = 0;
    int fd;

    if (len == 0) {
        return 0;
    }
    if (len >= sizeof(to.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') {
        to.sun_path[0] = '\0'; /* an abstract name */
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
        sendto(fd, state, strlen(state), MSG_NOSIGNAL | flags, (struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
        r = -errno;
    }
    close(fd);
    return r;
}

int
notify_systemd(const char *state)
{
    return say(state, 0);
}

int
notify_reloading(void)
{
    char word[64];

    snprintf(word, sizeof(word), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_ms() * 1000);
    return notify_systemd(word);
}

int
notify_status(const char *what, const char *why)
{
    static const char head[] = "STATUS=";
    char word[STATUS_ROOM];

    snprintf(word, sizeof(word), "%s%s: %s", head, what, why);
    for (char *p = word + strlen(head); *p != '\0'; p++) {
        *p = *p >= ' ' && *p <= '~' ? *p : '?';
    }
    return say(word, MSG_DONTWAIT);
}

int
notify_life(void)
{
    return say("WATCHDOG=1", MSG_DONTWAIT);
}

int64_t
notify_watchdog_ms(void)
{
    const char *patience = getenv("WATCHDOG_USEC");
    const char *whose = getenv("WATCHDOG_PID");
    char *end = NULL;
    long long usec;

    if (!patience || (whose && strtoll(whose, NULL, 10) != getpid())) {
        return 0;
    }
    usec = strtoll(patience, &end, 10);
    if (end == patience || *end != '\0' || usec <= 0) {
        return 0;
    }
    return usec / 2000 > 0 ? usec / 2000 : 1;
}
