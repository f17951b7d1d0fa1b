#include "front/front.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "front/exchange.h"
#include "front/handshake.h"
#include "front/loop.h"
#include "front/stream.h"

int
front_listen(const char *ip, uint16_t port, int *ret_fd)
{
    return dgram_listen(ip, port, ret_fd);
}

int
front_listen_stream(const char *ip, uint16_t port, int *ret_fd)
{
    return stream_listen(ip, port, ret_fd);
}

static uint32_t
or_limit(uint32_t value, uint32_t limit)
{
    return value ? value : limit;
}

static size_t
or_size(size_t value, size_t limit)
{
    return value ? value : limit;
}

/* Largest evidence, unless somebody says otherwise. */
static uint32_t
evidence_limit(bool stream)
{
    return stream ? LIMIT_EVIDENCE_STREAM_BYTES : LIMIT_EVIDENCE_BYTES;
}

static struct front_caps
caps_of(const struct front_caps *given, bool stream)
{
    struct front_caps caps = *given;

    caps.conns = or_limit(caps.conns, LIMIT_FRONT_CONNS);
    caps.conns_device = or_limit(caps.conns_device, LIMIT_FRONT_CONNS_DEVICE);
    caps.handshakes = or_limit(caps.handshakes, LIMIT_FRONT_HANDSHAKES);
    caps.handshakes_prefix = or_limit(caps.handshakes_prefix, LIMIT_FRONT_HANDSHAKES_PREFIX);
    caps.attest_bytes = or_limit(caps.attest_bytes, evidence_limit(stream));
    caps.assembly_bytes = or_size(caps.assembly_bytes, LIMIT_FRONT_ASSEMBLY_BYTES);
    caps.assembly_prefix_bytes =
        or_size(caps.assembly_prefix_bytes,
                stream ? LIMIT_STREAM_ASSEMBLY_PREFIX_BYTES : LIMIT_FRONT_ASSEMBLY_PREFIX_BYTES);
    caps.assembly_device_bytes =
        or_size(caps.assembly_device_bytes,
                stream ? LIMIT_STREAM_ASSEMBLY_DEVICE_BYTES : LIMIT_FRONT_ASSEMBLY_DEVICE_BYTES);
    return caps;
}

static int
tables_init(struct front *front)
{
    uint64_t seeds[4];
    int r = random_bytes(seeds, sizeof(seeds));

    front->penalties.seed = seeds[2];
    front->hasher = hasher_new();
    if (r == 0) {
        r = front->hasher ? 0 : -ENOMEM;
    }
    if (r == 0) {
        r = conn_table_init(&front->conns, front->caps.conns, seeds[0]);
    }
    if (r == 0) {
        r = quotas_init(&front->quotas, front->caps.conns, seeds[1]);
    }
    if (r == 0) {
        r = quotas_init(&front->devices, front->caps.conns, seeds[3]);
    }
    if (r == 0) {
        r = timers_init(&front->timers, front->caps.conns);
    }
    front->quotas.max_bytes = front->caps.assembly_bytes;
    front->quotas.max_each_bytes = front->caps.assembly_prefix_bytes;
    front->devices.max_bytes = front->caps.assembly_bytes;
    front->devices.max_each_bytes = front->caps.assembly_device_bytes;
    return r;
}

/* A ticket holds on the kind of connection that it was made on and on no other. */
static int
session_context(const struct front *front, const struct front_config *config, uint8_t out[32])
{
    const struct bytes parts[] = {bytes_str("assay-stream"), BYTES_OF(config->site_hash)};

    if (!config->stream) {
        memcpy(out, config->site_hash, 32);
        return 0;
    }
    return hasher_parts(front->hasher, HASH_SHA256, parts, ARRAY_LEN(parts), out);
}

static int
front_init(struct front *front, const struct front_config *config)
{
    uint8_t context[32];
    int r;

    front->stream = config->stream;
    front->clock = config->clock;
    front->calls = config->calls;
    front->caps = caps_of(&config->caps, config->stream);
    r = tables_init(front);
    if (r == 0) {
        r = session_context(front, config, context);
    }
    if (r == 0) {
        r = tls_init(&front->tls, config, context);
    }
    front_set_keys(front, &config->keys);
    return r == 0 ? loop_init(front) : r;
}

int
front_new(const struct front_config *config, struct front **ret_front)
{
    struct front *front = calloc(1, sizeof(*front));
    int r;

    if (!front || config->n_fds > LIMIT_FRONT_SOCKETS) {
        for (size_t i = 0; i < config->n_fds; i++) {
            close(config->fds[i]);
        }
        r = front ? -E2BIG : -ENOMEM;
        free(front);
        return r;
    }
    memcpy(front->fds, config->fds, config->n_fds * sizeof(int));
    front->n_fds = config->n_fds;
    loop_clear(front);
    r = front_init(front, config);
    if (r != 0) {
        front_free(front);
        return r;
    }
    *ret_front = front;
    return 0;
}

void
front_free(struct front *front)
{
    if (!front) {
        return;
    }
    front->calls.on_closed = NULL; /* the owner ends everything and knows */
    for (uint32_t i = 0; i < front->conns.cap; i++) {
        if (front->conns.slots[i]) {
            handshake_end(front, front->conns.slots[i], front->conns.slots[i]->open);
        }
    }
    loop_done(front);
    conn_table_done(&front->conns);
    quotas_done(&front->quotas);
    quotas_done(&front->devices);
    timers_done(&front->timers);
    tls_done(&front->tls);
    hasher_free(front->hasher);
    wipe(front, sizeof(*front));
    free(front);
}

void
front_freep(struct front **front)
{
    front_free(*front);
    *front = NULL;
}

int
front_reply(struct front *front, uint64_t conn_id, uint64_t request,
            const struct front_answer *answer)
{
    struct conn *conn = conn_by_id(&front->conns, conn_id);
    int r;

    if (!conn || !conn->open) {
        return 1;
    }
    r = exchange_reply(front, conn, request, answer);
    handshake_arm(front, conn);
    return r;
}

void
front_close(struct front *front, uint64_t conn_id)
{
    struct conn *conn = conn_by_id(&front->conns, conn_id);

    if (conn && conn->stream && conn->open) {
        stream_end(front, conn);
    } else if (conn) {
        handshake_end(front, conn, conn->open);
    }
}

void
front_set_keys(struct front *front, const struct front_keys *keys)
{
    memcpy(front->tls.ticket_keys, keys->ticket, sizeof(front->tls.ticket_keys));
    memcpy(front->cookies.current, keys->cookie[0], sizeof(front->cookies.current));
    memcpy(front->cookies.previous, keys->cookie[1], sizeof(front->cookies.previous));
}

int
front_set_certificate(struct front *front, struct bytes cert_pem, struct bytes key_pem)
{
    return tls_renew(&front->tls, cert_pem, key_pem);
}

static bool
is_known(const struct front *front, const struct conn *conn)
{
    uint8_t key[32];
    bool known;

    if (!conn->open || conn->peer.kind != FRONT_PSK) {
        return conn->open; /* a half-open one may have asked for its key before */
    }
    known = front->calls.psk(front->calls.ctx,
                             bytes_of(conn->peer.identity, conn->peer.identity_len), key) == 0;
    wipe(key, sizeof(key));
    return known;
}

void
front_prune(struct front *front)
{
    wipe(front->tls.ticket_keys, sizeof(front->tls.ticket_keys));
    for (uint32_t i = 0; i < front->conns.cap; i++) {
        struct conn *conn = front->conns.slots[i];

        if (conn && !is_known(front, conn)) {
            handshake_end(front, conn, conn->open);
        }
    }
}

void
front_set_limits(struct front *front, uint32_t handshakes, uint32_t attest_bytes)
{
    front->caps.handshakes = or_limit(handshakes, LIMIT_FRONT_HANDSHAKES);
    front->caps.attest_bytes = or_limit(attest_bytes, evidence_limit(front->stream));
}

struct front_stats
front_stats(const struct front *front)
{
    struct front_stats stats = front->stats;

    stats.n_conns = front->conns.n;
    stats.n_handshakes = front->conns.n_half;
    stats.n_prefixes = front->quotas.n_entries;
    stats.n_devices = front->devices.n_entries;
    stats.assembly_bytes = front->quotas.n_bytes;
    return stats;
}
