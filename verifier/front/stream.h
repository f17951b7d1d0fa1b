/* Connections over TCP and TLS 1.2 (coaps+tcp, RFC 8323), for networks that drop UDP and for large
 * first logs. What is asked and answered on them is exchange.h's as on datagrams; here is what TCP
 * adds: where a message ends, a peer that does not read or writes slowly, an end that must be told
 * in order.
 *
 * What a peer can make us hold: a message's length alone nothing; its bytes as they come, under the
 * same quotas as bodies over UDP; no more than its last answers, as nothing is read before those
 * are sent. A message is whole within LIMIT_STREAM_MESSAGE_MS, an answer is taken within
 * LIMIT_STREAM_OUT_MS, or the connection ends. */
#pragma once

#include "front/frame.h"
#include "front/state.h"

#define STREAM_SMALL 512u /* most messages: a repeat's evidence has 470 bytes */

struct stream {
    int fd;
    uint32_t interest; /* what epoll is told */
    bool told;         /* the peer's capabilities came */
    bool ending;       /* it ends when what waits is sent */
    bool failed;       /* it ends as soon as its timer runs */
    uint32_t peer_max; /* longest message that the peer takes */
    /* the message that is coming, in the form of a datagram */
    uint64_t begun_ms; /* monotonic: its first byte; 0: none is coming */
    uint64_t begun_wall_ms;
    uint8_t head[FRAME_HEAD_MAX];
    size_t head_len;
    uint8_t small[STREAM_SMALL];
    uint8_t *large; /* NULL: small is enough so far */
    size_t cap;     /* of large */
    size_t len;
    size_t want;
    bool skipped; /* there was no room: the rest is read and dropped */
    /* what waits to be sent */
    uint8_t *out;
    size_t out_cap;
    size_t out_len;
    size_t out_sent;
    uint64_t out_ms; /* monotonic: since when */
};

/* A listening socket for front_listen_stream(). Returns 0, 1 when ip is none, or -errno. */
MUST_CHECK int stream_listen(const char *ip, uint16_t port, int *ret_fd);

/* Takes who waits at a listening socket. Returns 0 or -errno. */
MUST_CHECK int stream_accept(struct front *front, int listen_fd);

/* The socket is readable, writable or hung up (epoll's bits); the connection may be gone after. */
void stream_event(struct front *front, struct conn *conn, uint32_t events);
void stream_timer(struct front *front, struct conn *conn);

/* Sets timer and interest to what is due next. */
void stream_arm(struct front *front, struct conn *conn);

/* Ends it when all that waits is sent; the connection may be gone after. */
void stream_end(struct front *front, struct conn *conn);

/* Gives back what it holds and closes its socket; for handshake_end(). */
void stream_drop(struct front *front, struct conn *conn);

/* Reads and hands on what came. False when the connection is gone. */
bool stream_read(struct front *front, struct conn *conn);

/* Nothing is read now: answers wait to be sent, or all that may be in work is. */
bool stream_paused(const struct conn *conn);

/* Frees what came of a message. */
void stream_message_drop(struct front *front, struct conn *conn);

/* Queues one message that is in the form of a datagram, and sends what TCP takes. */
void stream_send(struct front *front, struct conn *conn, struct bytes message);
void stream_flush(struct front *front, struct conn *conn);
void stream_out_drop(struct front *front, struct conn *conn);

/* The longest message that this connection may send us: a stranger's is an enrolment. */
uint32_t stream_message_max(const struct front *front, const struct conn *conn);
