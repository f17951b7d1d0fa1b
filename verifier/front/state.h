/* What the front's files share: the whole of one front. */
#pragma once

#include "front/conn.h"
#include "front/cookie.h"
#include "front/front.h"
#include "front/penalty.h"

struct watch {
    int fd; /* -1: free */
    void (*readable)(void *ctx);
    void *ctx;
};

struct front {
    bool stream; /* TCP and TLS; else UDP and DTLS */
    struct tls tls;
    struct front_clock clock;
    struct front_calls calls;
    struct front_caps caps;
    struct cookie_secrets cookies;
    struct hasher *hasher;
    struct conn_table conns;
    struct quotas quotas;  /* by prefix */
    struct quotas devices; /* by PSK identity */
    struct penalties penalties;
    struct timers timers;
    struct front_stats stats;
    uint64_t last_request;
    int fds[LIMIT_FRONT_SOCKETS];
    size_t n_fds;
    struct watch watches[LIMIT_FRONT_WATCHES];
    int epoll_fd;
    int timer_fd;
    int stop_fd;
    uint64_t armed_ms; /* what timer_fd is set to */
};

static inline uint64_t
front_mono_ms(const struct front *front)
{
    return front->clock.mono_ms(front->clock.ctx);
}

static inline uint64_t
front_wall_ms(const struct front *front)
{
    return front->clock.wall_ms(front->clock.ctx);
}

/* Largest evidence that a connection may send now. */
static inline uint32_t
front_attest_max(const struct front *front, const struct conn *conn)
{
    return conn->attest_max < front->caps.attest_bytes ? conn->attest_max
                                                       : front->caps.attest_bytes;
}

static inline struct block_room
front_room(struct front *front, struct conn *conn)
{
    return (struct block_room){
        .quotas = &front->quotas,
        .quota = conn->quota,
        .devices = &front->devices,
        .device = conn->device,
    };
}
