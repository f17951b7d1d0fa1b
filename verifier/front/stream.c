#include "front/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "front/coap-signal.h"
#include "front/exchange.h"
#include "front/handshake.h"
#include "front/loop.h"

enum {
    BACKLOG = 256, /* the kernel's own; beyond, it asks for SYN cookies */
    BURST = 64,
    DEFER_S = 5, /* who connects and says nothing does not reach us so long */
    USER_TIMEOUT_MS = 30000,
};

/* What an accepted socket takes over from the one that listens, so that no call is needed then. */
static int
options_set(int fd, bool v6)
{
    static const int on = 1;
    static const int defer_s = DEFER_S;
    static const int timeout_ms = USER_TIMEOUT_MS;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s, sizeof(defer_s)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms)) < 0) {
        return -errno;
    }
    return 0;
}

int
stream_listen(const char *ip, uint16_t port, int *ret_fd)
{
    struct addr addr = {.port = port, .v6 = strchr(ip, ':') != NULL};
    struct sockaddr_storage at;
    socklen_t len;
    int fd;
    int r;

    if (inet_pton(addr.v6 ? AF_INET6 : AF_INET, ip, addr.ip) != 1) {
        return 1;
    }
    fd = socket(addr.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    r = options_set(fd, addr.v6);
    len = addr_sockaddr(&addr, &at);
    if (r == 0 && (bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, BACKLOG) < 0)) {
        r = -errno;
    }
    if (r < 0) {
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

void
stream_drop(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;

    stream_message_drop(front, conn);
    stream_out_drop(front, conn);
    close(stream->fd); /* leaves epoll with it */
    wipe(stream->small, sizeof(stream->small));
    free(stream);
    conn->stream = NULL;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t
due_ms(const struct front *front, const struct conn *conn)
{
    const struct stream *stream = conn->stream;
    uint64_t due;

    if (stream->failed || (stream->ending && stream->out_len == 0)) {
        return front_mono_ms(front);
    }
    if (!conn->open) {
        return conn->begun_ms + LIMIT_FRONT_HANDSHAKE_MS;
    }
    due = earlier(conn->begun_ms + LIMIT_FRONT_LIFE_MS, exchange_due_ms(conn));
    if (stream->out_len > 0) {
        return earlier(due, stream->out_ms + LIMIT_STREAM_OUT_MS);
    }
    if (!stream_paused(conn) && SSL_pending(conn->ssl) > 0) {
        return front_mono_ms(front); /* decrypted already: no socket will tell of it */
    }
    return earlier(due, stream->begun_ms ? stream->begun_ms + LIMIT_STREAM_MESSAGE_MS
                                         : conn->used_ms + LIMIT_FRONT_IDLE_MS);
}

void
stream_arm(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    bool reads = !conn->open || !stream_paused(conn);
    bool writes = conn->open ? stream->out_len > 0 : SSL_want_write(conn->ssl);
    uint32_t interest = (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u);

    if (interest != stream->interest &&
        loop_interest(front, stream->fd, conn, interest, false) != 0) {
        stream->failed = true;
    }
    stream->interest = interest;
    timer_set(&front->timers, &conn->timer, due_ms(front, conn));
}

/* Reads if it may, and sets what is due if it still stands. */
static void
go_on(struct front *front, struct conn *conn)
{
    if (stream_read(front, conn)) {
        stream_arm(front, conn);
    }
}

static void
opened(struct front *front, struct conn *conn)
{
    uint8_t room[SIGNAL_ROOM];

    if (!handshake_opened(front, conn)) {
        return;
    }
    stream_send(front, conn, coap_signal_csm(room, stream_message_max(front, conn)));
    go_on(front, conn);
}

static void
shake(struct front *front, struct conn *conn)
{
    switch (tls_handshake(conn->ssl)) {
    case TLS_WAIT:
        stream_arm(front, conn);
        break;
    case TLS_DONE:
        opened(front, conn);
        break;
    case TLS_ENDED:
        handshake_end(front, conn, false);
        break;
    }
}

void
stream_event(struct front *front, struct conn *conn, uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP)) { /* told whether asked for or not, again and again */
        handshake_end(front, conn, false);
    } else if (!conn->open) {
        shake(front, conn);
    } else {
        stream_flush(front, conn);
        go_on(front, conn);
    }
}

void
stream_timer(struct front *front, struct conn *conn)
{
    const struct stream *stream = conn->stream;
    uint64_t now = front_mono_ms(front);
    bool late = !conn->open ? now >= conn->begun_ms + LIMIT_FRONT_HANDSHAKE_MS
                : now >= conn->begun_ms + LIMIT_FRONT_LIFE_MS ? true
                : stream->out_len > 0   ? now >= stream->out_ms + LIMIT_STREAM_OUT_MS
                : stream->begun_ms != 0 ? now >= stream->begun_ms + LIMIT_STREAM_MESSAGE_MS
                                        : now >= conn->used_ms + LIMIT_FRONT_IDLE_MS;

    if (stream->failed || late || (stream->ending && stream->out_len == 0)) {
        handshake_end(front, conn, conn->open && !stream->failed);
        return;
    }
    if (conn->open) {
        exchange_timer(front, conn);
        go_on(front, conn);
    } else {
        stream_arm(front, conn);
    }
}

void
stream_end(struct front *front, struct conn *conn)
{
    if (conn->stream->out_len == 0) {
        handshake_end(front, conn, true);
        return;
    }
    conn->stream->ending = true;
    stream_arm(front, conn);
}

/* Takes the socket. A failure closes it, and nobody is told: the peer finds out. */
static void
begin(struct front *front, int take_fd, const struct addr *peer)
{
    struct addr_prefix prefix = addr_prefix(peer);
    struct quota *quota = quota_take(&front->quotas, BYTES_OF(prefix.b));
    struct stream *stream = calloc(1, sizeof(*stream));
    struct conn *conn = NULL;

    if (quota && stream) {
        handshake_room(front, quota);
        conn = conn_add(&front->conns, peer);
    }
    if (!conn) {
        quota_drop(&front->quotas, quota);
        free(stream);
        close(take_fd);
        return;
    }
    stream->fd = take_fd;
    stream->peer_max = SIGNAL_MESSAGE_BASE;
    conn->stream = stream;
    conn->quota = quota;
    quota->n_handshakes++;
    conn->begun_ms = front_mono_ms(front);
    conn->hello_wall_ms = front_wall_ms(front);
    conn->ssl = tls_new_stream(&front->tls, take_fd);
    stream->interest = EPOLLIN;
    if (!conn->ssl || loop_interest(front, take_fd, conn, stream->interest, true) != 0) {
        handshake_end(front, conn, false);
        return;
    }
    shake(front, conn);
}

/* No descriptor or memory for one more: who waited longest makes room. Returns 0 to go on. */
static int
accept_failed(struct front *front, int error)
{
    struct conn *victim;

    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) {
        /* the peer is gone again, or the network is: no fault of the socket */
        return error == EBADF || error == EINVAL || error == ENOTSOCK ? -error : 0;
    }
    victim = conn_oldest_half(&front->conns, NULL);
    victim = victim ? victim : conn_victim(&front->conns);
    if (victim) {
        front->stats.n_evicted++;
        handshake_end(front, victim, victim->open);
    }
    return 0;
}

int
stream_accept(struct front *front, int listen_fd)
{
    for (int i = 0; i < BURST; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof(from);
        struct addr peer;
        int fd = accept4(listen_fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : accept_failed(front, errno);
        }
        if (addr_read(&from, &peer) != 0) {
            close(fd);
            continue;
        }
        begin(front, fd, &peer);
    }
    return 0;
}
