/* The front's public face: UDP and DTLS 1.2, or TCP and TLS 1.2, towards devices, requests and
 * replies towards the keeper's side of the process. One thread, one front; several workers share a
 * UDP port by sockets made with SO_REUSEPORT and the same secrets. What is asked and answered is
 * the same on both; a front does one of them.
 *
 * Two kinds of connection on one port, told apart by what the client offers: certificate (only we
 * prove who we are; nothing but enrolment and public keys) and PSK (the device proves itself). What
 * may be asked on which is one table, front/access.c; anything else is answered here and never
 * reaches on_request(). */
#pragma once

#include "base/limits.h"
#include "base/std.h"

struct front;

enum front_kind { FRONT_CERT, FRONT_PSK };

enum front_resource {
    FRONT_ENROLL,
    FRONT_ATTEST,
    FRONT_TOKEN,
    FRONT_KEYS,
    FRONT_EVENTS,
    FRONT_ANNOUNCE,
    FRONT_WELLKNOWN,
    FRONT_RESOURCE_N, /* also: no such resource */
};

enum front_method { FRONT_GET = 1, FRONT_POST = 2 };

/* CoAP codes as one byte, RFC 7252 section 3: class in the top three bits. */
#define FRONT_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))
#define FRONT_NO_FORMAT (-1)
#define FRONT_NO_MAX_AGE (-1)

/* One whole request of a connection whose handshake is finished and was found strong enough. All
 * views live until on_request() returns. Times are of the wall clock given in the configuration. */
struct front_request {
    uint64_t conn;    /* never reused by this front */
    uint64_t request; /* never reused by this front */
    enum front_kind kind;
    struct bytes identity; /* of the session itself, also when resumed; empty for FRONT_CERT */
    uint8_t exporter[32];  /* RFC 5705, label EXPERIMENTAL-assay-quote-1, context site_hash */
    bool resumed;
    uint64_t hello_ms;       /* the cookie held: the handshake's fresh random is not older */
    uint64_t handshake_ms;   /* the handshake was finished */
    uint64_t first_block_ms; /* first byte of this body came */
    uint64_t complete_ms;    /* last byte of this body came */
    const char *peer;        /* "192.0.2.1:5684", for people */
    enum front_method method;
    enum front_resource resource;
    struct bytes aud;   /* the query's audience; p is NULL without one */
    int content_format; /* FRONT_NO_FORMAT without one */
    int accept;         /* FRONT_NO_FORMAT without one */
    uint32_t size1;     /* Size1, RFC 7959 section 4; 0 without one */
    struct bytes body;
};

struct front_clock {
    uint64_t (*mono_ms)(void *ctx); /* never steps; timers */
    uint64_t (*wall_ms)(void *ctx); /* UTC since 1970; stamps */
    void *ctx;
};

struct front_calls {
    void *ctx;
    /* Derives the key of an identity. Returns 0, or anything else for an identity that is none of
     * ours (the handshake then ends). Not called when a session is resumed. */
    int (*psk)(void *ctx, struct bytes identity, uint8_t out[32]);
    /* A request; answer with front_reply() from within or later. */
    void (*on_request)(void *ctx, const struct front_request *request);
    /* A connection that was open is gone, with all its requests. May be NULL. */
    void (*on_closed)(void *ctx, uint64_t conn);
};

/* Zero means the limit of base/limits.h, which for bodies is another over TCP. */
struct front_caps {
    uint32_t conns;
    uint32_t conns_device;
    uint32_t handshakes;
    uint32_t handshakes_prefix;
    size_t assembly_bytes;
    size_t assembly_prefix_bytes;
    size_t assembly_device_bytes;
    uint32_t attest_bytes; /* largest body of /attest, for whom an answer said that it may */
};

/* What all workers of a site's port share: tickets and cookies are made with the first of each and
 * taken with both, so that a change of keys drops nobody. A ticket key is name 16, HMAC 32, AES 32;
 * one of zeros is none. */
struct front_keys {
    uint8_t ticket[2][80];
    uint8_t cookie[2][32];
};

struct front_config {
    const int *fds; /* of front_listen(); closed by front_free() */
    size_t n_fds;
    struct bytes cert_pem; /* leaf first, then intermediates */
    struct bytes key_pem;  /* P-256 */
    struct front_keys keys;
    uint8_t site_hash[32]; /* SHA-256(site id): exporter context, and in the session id context */
    bool stream;           /* fds are of front_listen_stream() */
    struct front_caps caps;
    struct front_clock clock;
    struct front_calls calls;
};

/* A UDP socket fit for a front: SO_REUSEPORT, IPv6 only where it is IPv6, and told which local
 * address each datagram came to. Takes "127.0.0.1" or "::1". Returns 0, 1 when the address is no
 * IP address, or -errno. */
MUST_CHECK int front_listen(const char *ip, uint16_t port, int *ret_fd);

/* A listening TCP socket, the same way. */
MUST_CHECK int front_listen_stream(const char *ip, uint16_t port, int *ret_fd);

/* Everything is copied but the clock's and the calls' contexts. Owns the sockets from now, also on
 * failure. Returns 0, 1 when certificate or key do not parse or do not fit each other, or
 * -errno. */
MUST_CHECK int front_new(const struct front_config *config, struct front **ret_front);
void front_free(struct front *front);
void front_freep(struct front **front);

struct front_answer {
    uint8_t code;
    int content_format; /* FRONT_NO_FORMAT: none */
    int64_t max_age_s;  /* FRONT_NO_MAX_AGE: none */
    uint32_t size1;     /* beside 4.13: the largest body that would be taken; 0: not told */
    uint32_t takes;     /* largest evidence that this connection may send from now on; 0: as was */
    struct bytes body;
};

/* Answers a request, from within on_request() or later. The body may be of any length up to
 * LIMIT_EVIDENCE_BYTES; beyond 1,024 bytes, or what a peer on TCP takes at once, it is kept here
 * until it was fetched block by block.
 * Returns 0, 1 when nobody waits for it any more (the connection went, or it was answered), or
 * -errno. */
MUST_CHECK int front_reply(struct front *front, uint64_t conn, uint64_t request,
                           const struct front_answer *answer);

/* Closes one connection, once what was replied is sent; unknown ones are fine. */
void front_close(struct front *front, uint64_t conn);

/* New keys take effect for what comes next; tickets of none of them lead to full handshakes. */
void front_set_keys(struct front *front, const struct front_keys *keys);

/* Another certificate and key for handshakes that begin from now; no connection ends by them.
 * Returns 0, 1 when they do not parse or do not fit each other, or -errno; then all is as it was.
 */
MUST_CHECK int front_set_certificate(struct front *front, struct bytes cert_pem,
                                     struct bytes key_pem);

/* Closes the PSK connections, finished or not, whose identity calls.psk() does not know any more:
 * they began under a key that is not to be believed. So may a ticket be: until front_set_keys()
 * gives others none is made or taken. */
void front_prune(struct front *front);

/* Other caps for what comes next; no connection ends by them. The number of connections cannot
 * change: their table was made for it. */
void front_set_limits(struct front *front, uint32_t handshakes, uint32_t attest_bytes);

/* Calls back whenever fd is readable or hung up, until front_unwatch(). Returns 0 or -errno. */
MUST_CHECK int front_watch(struct front *front, int fd, void (*readable)(void *ctx), void *ctx);
void front_unwatch(struct front *front, int fd);

/* Serves until front_stop(), which may be called from a signal handler. Returns 0 or -errno. */
MUST_CHECK int front_run(struct front *front);
void front_stop(struct front *front);

/* One turn: waits at most wait_ms (0: not at all) for something to do and does it. Returns 0 or
 * -errno. */
MUST_CHECK int front_turn(struct front *front, int wait_ms);

struct front_stats {
    uint32_t n_conns;      /* now, half-open ones among them */
    uint32_t n_handshakes; /* half-open now */
    uint32_t n_prefixes;   /* with a quota now */
    uint32_t n_devices;    /* the same */
    size_t assembly_bytes; /* now */
    uint64_t n_dropped;    /* datagrams that were nobody's or nonsense; streams aborted for it */
    uint64_t n_cookies;    /* hellos answered without state */
    uint64_t n_opened;     /* handshakes finished and strong enough */
    uint64_t n_resumed;
    uint64_t n_weak;    /* handshakes finished and closed: no extended master secret */
    uint64_t n_evicted; /* for want of room */
    uint64_t n_requests;
    uint64_t n_waits;   /* requests of peers that broke a reader before */
    uint64_t n_repeats; /* messages answered from what was kept, or ignored while in work */
};
struct front_stats front_stats(const struct front *front);
