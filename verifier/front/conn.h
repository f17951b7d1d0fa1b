/* Connections: found by peer address or by id, half-open ones in order of age, open ones in order
 * of use, all with a timer. An address may have two: one open, and one whose handshake is not
 * finished and that will take its place. */
#pragma once

#include "front/block.h"
#include "front/hello.h"
#include "front/replay-cache.h"
#include "front/timers.h"
#include "front/tls.h"

/* A request handed on and not yet answered. */
struct pending {
    uint64_t request; /* 0: free */
    enum coap_type type;
    uint16_t mid;
    struct coap_token token;
    bool acked;
    uint64_t ack_ms; /* when an empty ACK is due */
    struct replay *replay;
    struct coap_block block1;
    struct coap_block block2;
    enum front_resource resource;
    uint8_t method;
    uint8_t aud[LIMIT_NAME];
    size_t aud_len;
};

/* A separate response that the peer has not acknowledged. */
struct unacked {
    uint8_t *message; /* NULL: free */
    size_t len;
    uint16_t mid;
    uint32_t n_sent;
    uint64_t again_ms;
};

struct stream;

struct conn {
    struct conn *hash_next;
    struct conn *prev, *next; /* in one of the table's lists */
    struct timer timer;
    uint64_t id;
    bool open; /* handshake finished and strong enough */
    struct dgram dgram;
    SSL *ssl;
    struct stream *stream; /* over TCP; NULL on datagrams, where dgram is all */
    struct quota *quota;   /* of its prefix */
    struct quota *device;  /* of its identity; NULL until it is open, and for strangers */
    uint8_t random[HELLO_RANDOM_LEN]; /* of the hello: tells a repeated from a new one */
    uint64_t begun_ms;                /* monotonic */
    uint64_t used_ms;                 /* monotonic: last authentic message */
    uint64_t hello_wall_ms;
    uint64_t finished_wall_ms;
    struct tls_peer peer;
    char text[ADDR_TEXT_ROOM];
    uint32_t attest_max; /* largest evidence of this one, as far as caps allow it */
    uint16_t next_mid;
    struct replay_cache replays;
    struct pending pending[LIMIT_FRONT_PENDING];
    struct unacked unacked[LIMIT_FRONT_PENDING];
    struct upload upload;
    struct download download;
};

enum conn_list { LIST_HALF, LIST_CERT, LIST_PSK, LIST_N };

struct conn_table {
    struct conn **buckets;
    size_t n_buckets;
    struct conn **slots; /* by id modulo cap */
    uint32_t *free_slots;
    uint32_t cap;
    uint32_t n;
    uint64_t n_made; /* ids are n_made * cap + slot: never used again */
    uint64_t seed;
    uint32_t n_half;
    struct conn *first[LIST_N]; /* oldest, least recently used */
    struct conn *last[LIST_N];
};

MUST_CHECK int conn_table_init(struct conn_table *table, uint32_t cap, uint64_t seed);
void conn_table_done(struct conn_table *table); /* must be empty */

/* Of this peer the open one or the half-open one; NULL when there is none. */
struct conn *conn_find(const struct conn_table *table, const struct addr *peer, bool open);
struct conn *conn_by_id(const struct conn_table *table, uint64_t id);

/* A half-open connection with an id, entered; NULL without memory or when the table is full. */
struct conn *conn_add(struct conn_table *table, const struct addr *peer);

/* Half-open becomes open, by its peer.kind; an open one becomes the most recently used. */
void conn_opened(struct conn_table *table, struct conn *conn);
void conn_used(struct conn_table *table, struct conn *conn);

/* Takes it out and frees what it holds but quota and timer, which the caller gives back before. */
void conn_remove(struct conn_table *table, struct conn *conn);

/* Who has to go when the table is full: strangers before devices, the longest unused first. */
struct conn *conn_victim(const struct conn_table *table);

/* The oldest half-open one of this prefix's quota (NULL: of all). */
struct conn *conn_oldest_half(const struct conn_table *table, const struct quota *quota);

/* The longest unused open one of a device's quota; NULL when there is none. */
struct conn *conn_oldest_device(const struct conn_table *table, const struct quota *device);
