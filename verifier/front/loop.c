#include "front/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "front/handshake.h"
#include "front/stream.h"

enum {
    BURST = 64,  /* datagrams of one socket before the others have their turn */
    EVENTS = 16, /* a wake-up */
    TURN_MS = 60000,
    SOURCE_SHIFT = 56,
};

/* What an epoll event is about: the kind in the top byte; below it a place, or a connection's id,
 * since one that ended within a turn may have left events that are not its successor's. */
enum source { SOURCE_SOCKET, SOURCE_TIMER, SOURCE_STOP, SOURCE_WATCH, SOURCE_CONN };

static int
source_add(const struct front *front, int fd, enum source source, size_t at)
{
    struct epoll_event event = {.events = EPOLLIN};

    event.data.u64 = (uint64_t)source << SOURCE_SHIFT | at;
    return epoll_ctl(front->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

int
loop_interest(struct front *front, int fd, const struct conn *conn, uint32_t events, bool added)
{
    struct epoll_event event = {.events = events};

    event.data.u64 = (uint64_t)SOURCE_CONN << SOURCE_SHIFT | conn->id;
    return epoll_ctl(front->epoll_fd, added ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0
               ? 0
               : -errno;
}

void
loop_clear(struct front *front)
{
    front->epoll_fd = front->timer_fd = front->stop_fd = -1;
    front->armed_ms = TIMER_NEVER;
    for (size_t i = 0; i < LIMIT_FRONT_WATCHES; i++) {
        front->watches[i].fd = -1;
    }
}

int
loop_init(struct front *front)
{
    int r;

    front->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    front->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    front->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (front->epoll_fd < 0 || front->timer_fd < 0 || front->stop_fd < 0) {
        return -errno;
    }
    r = source_add(front, front->timer_fd, SOURCE_TIMER, 0);
    if (r == 0) {
        r = source_add(front, front->stop_fd, SOURCE_STOP, 0);
    }
    for (size_t i = 0; r == 0 && i < front->n_fds; i++) {
        r = source_add(front, front->fds[i], SOURCE_SOCKET, i);
    }
    return r;
}

void
loop_done(struct front *front)
{
    const int own[] = {front->epoll_fd, front->timer_fd, front->stop_fd};

    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (own[i] >= 0) {
            close(own[i]);
        }
    }
    for (size_t i = 0; i < front->n_fds; i++) {
        close(front->fds[i]);
    }
    front->n_fds = 0;
}

int
front_watch(struct front *front, int fd, void (*readable)(void *ctx), void *ctx)
{
    for (size_t i = 0; i < LIMIT_FRONT_WATCHES; i++) {
        struct watch *watch = &front->watches[i];

        if (watch->fd < 0) {
            int r = source_add(front, fd, SOURCE_WATCH, i);

            if (r == 0) {
                *watch = (struct watch){.fd = fd, .readable = readable, .ctx = ctx};
            }
            return r;
        }
    }
    return -ENOSPC;
}

void
front_unwatch(struct front *front, int fd)
{
    for (size_t i = 0; i < LIMIT_FRONT_WATCHES; i++) {
        if (fd >= 0 && front->watches[i].fd == fd) {
            ignore(epoll_ctl(front->epoll_fd, EPOLL_CTL_DEL, fd, NULL) != 0, "closed: gone too");
            front->watches[i].fd = -1;
        }
    }
}

static int
socket_serve(struct front *front, int fd)
{
    uint8_t room[LIMIT_FRONT_DATAGRAM];

    if (front->stream) {
        return stream_accept(front, fd);
    }
    for (int i = 0; i < BURST; i++) {
        struct dgram dgram;
        int r = dgram_receive(fd, room, sizeof(room), &dgram);

        if (r < 0) {
            return r;
        }
        if (r == DGRAM_NONE) {
            break;
        }
        if (r == DGRAM_BAD) {
            front->stats.n_dropped++;
            continue;
        }
        handshake_datagram(front, &dgram);
    }
    return 0;
}

static void
timers_serve(struct front *front)
{
    struct timer *first;
    uint64_t now = front_mono_ms(front);

    /* each call moves its timer into the future or ends the connection */
    for (size_t n = front->timers.n; n > 0; n--) {
        first = timers_first(&front->timers);
        if (!first || first->due_ms > now) {
            break;
        }
        handshake_timer(front, (struct conn *)((char *)first - offsetof(struct conn, timer)));
    }
}

static int
event_serve(struct front *front, uint64_t data, uint32_t events)
{
    size_t at = (size_t)(data & (((uint64_t)1 << SOURCE_SHIFT) - 1));
    struct conn *conn;
    uint64_t count;

    switch ((enum source)(data >> SOURCE_SHIFT)) {
    case SOURCE_SOCKET:
        return socket_serve(front, front->fds[at]);
    case SOURCE_TIMER:
        ignore(read(front->timer_fd, &count, sizeof(count)) < 0, "only to make it silent");
        front->armed_ms = TIMER_NEVER;
        break;
    case SOURCE_STOP:
        break; /* left readable for front_run() */
    case SOURCE_WATCH:
        if (front->watches[at].fd >= 0) {
            front->watches[at].readable(front->watches[at].ctx);
        }
        break;
    case SOURCE_CONN:
        conn = conn_by_id(&front->conns, at);
        if (conn) {
            stream_event(front, conn, events);
        }
        break;
    }
    return 0;
}

/* Sets the timer to what is due first, if that is not what it is set to. */
static int
timer_arm(struct front *front)
{
    struct timer *first = timers_first(&front->timers);
    uint64_t due = first ? first->due_ms : TIMER_NEVER;
    uint64_t now = front_mono_ms(front);
    uint64_t wait_ms = due > now ? due - now : 1;
    struct itimerspec at = {{0}, {0}};

    if (due == front->armed_ms) {
        return 0;
    }
    if (due != TIMER_NEVER) {
        at.it_value.tv_sec = (time_t)(wait_ms / 1000);
        at.it_value.tv_nsec = (long)(wait_ms % 1000) * 1000000;
    }
    front->armed_ms = due;
    return timerfd_settime(front->timer_fd, 0, &at, NULL) == 0 ? 0 : -errno;
}

int
front_turn(struct front *front, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int r = timer_arm(front);
    int n;

    if (r < 0) {
        return r;
    }
    n = epoll_wait(front->epoll_fd, events, EVENTS, wait_ms);
    if (n < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int i = 0; i < n; i++) {
        r = event_serve(front, events[i].data.u64, events[i].events);
        if (r < 0) {
            return r;
        }
    }
    timers_serve(front);
    return 0;
}

int
front_run(struct front *front)
{
    uint64_t count;
    int r = 0;

    while (r == 0 && read(front->stop_fd, &count, sizeof(count)) < 0) {
        r = front_turn(front, TURN_MS);
    }
    return r;
}

void
front_stop(struct front *front)
{
    static const uint64_t one = 1;

    ignore(write(front->stop_fd, &one, sizeof(one)) < 0, "full means that it is set already");
}
