#include "front/handshake.h"

#include <errno.h>

#include "front/exchange.h"
#include "front/stream.h"

void
handshake_end(struct front *front, struct conn *conn, bool goodbye)
{
    struct block_room room = front_room(front, conn);
    uint64_t id = conn->id;
    bool open = conn->open;

    if (goodbye) {
        tls_close(conn->ssl);
    }
    if (conn->stream) {
        stream_drop(front, conn);
    }
    upload_drop(&conn->upload, &room);
    download_drop(&conn->download, &room);
    conn->quota->n_handshakes -= open ? 0 : 1;
    timer_set(&front->timers, &conn->timer, TIMER_NEVER);
    quota_drop(&front->quotas, conn->quota);
    quota_drop(&front->devices, conn->device);
    conn_remove(&front->conns, conn);
    if (open && front->calls.on_closed) {
        front->calls.on_closed(front->calls.ctx, id);
    }
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void
handshake_arm(struct front *front, struct conn *conn)
{
    uint64_t due;

    if (conn->stream) {
        stream_arm(front, conn);
        return;
    }
    if (conn->open) {
        due = earlier(conn->begun_ms + LIMIT_FRONT_LIFE_MS, conn->used_ms + LIMIT_FRONT_IDLE_MS);
        due = earlier(due, exchange_due_ms(conn));
    } else {
        int64_t wait_ms = tls_timeout_ms(conn->ssl);

        due = conn->begun_ms + LIMIT_FRONT_HANDSHAKE_MS;
        if (wait_ms >= 0) {
            due = earlier(due, front_mono_ms(front) + (uint64_t)wait_ms);
        }
    }
    timer_set(&front->timers, &conn->timer, due);
}

void
handshake_timer(struct front *front, struct conn *conn)
{
    uint64_t now = front_mono_ms(front);

    if (conn->stream) {
        stream_timer(front, conn);
        return;
    }
    if (!conn->open) {
        if (now >= conn->begun_ms + LIMIT_FRONT_HANDSHAKE_MS ||
            tls_retransmit(conn->ssl) == TLS_ENDED) {
            handshake_end(front, conn, false);
            return;
        }
    } else if (now >= conn->begun_ms + LIMIT_FRONT_LIFE_MS ||
               now >= conn->used_ms + LIMIT_FRONT_IDLE_MS) {
        handshake_end(front, conn, true);
        return;
    } else {
        exchange_timer(front, conn);
    }
    handshake_arm(front, conn);
}

/* Gives every message of the datagram to exchange; false when the connection ended. */
static bool
messages_read(struct front *front, struct conn *conn)
{
    uint8_t message[LIMIT_FRONT_DATAGRAM];
    enum tls_step step;
    size_t len = 0;
    uint64_t id = conn->id;

    while ((step = tls_read(conn->ssl, message, sizeof(message), &len)) == TLS_DONE) {
        conn->used_ms = front_mono_ms(front);
        conn_used(&front->conns, conn);
        front->stats.n_dropped += exchange_message(front, conn, bytes_of(message, len)) != 0;
        if (conn_by_id(&front->conns, id) != conn) {
            return false; /* closed by the callee */
        }
    }
    if (step == TLS_ENDED) {
        handshake_end(front, conn, true);
        return false;
    }
    return true;
}

static void
evict(struct front *front, struct conn *conn)
{
    front->stats.n_evicted++;
    handshake_end(front, conn, conn->open);
}

/* Who the peer is, and what all its connections may hold. Returns 0, 1 for a weak one, or
 * -ENOMEM. */
static int
peer_known(struct front *front, struct conn *conn)
{
    const struct tls_peer *peer = &conn->peer;

    if (tls_peer_read(&front->tls, conn->ssl, &conn->peer) != 0) {
        return 1;
    }
    if (peer->kind == FRONT_PSK) {
        conn->device = quota_take(&front->devices, bytes_of(peer->identity, peer->identity_len));
    }
    return peer->kind == FRONT_PSK && !conn->device ? -ENOMEM : 0;
}

/* A device that opens connection upon connection closes its own, and no other's. */
static void
make_room_of_device(struct front *front, const struct quota *device)
{
    struct conn *victim = device && device->n_users > front->caps.conns_device
                              ? conn_oldest_device(&front->conns, device)
                              : NULL;

    if (victim) {
        evict(front, victim);
    }
}

bool
handshake_opened(struct front *front, struct conn *conn)
{
    int r = peer_known(front, conn);

    if (r != 0) {
        front->stats.n_weak += r > 0 ? 1 : 0;
        handshake_end(front, conn, true);
        return false;
    }
    make_room_of_device(front, conn->device);
    conn->quota->n_handshakes--;
    conn->attest_max = LIMIT_EVIDENCE_BYTES; /* until its owner says who it is */
    conn->used_ms = front_mono_ms(front);
    conn->finished_wall_ms = front_wall_ms(front);
    conn_opened(&front->conns, conn);
    front->stats.n_opened++;
    front->stats.n_resumed += conn->peer.resumed ? 1 : 0;
    return true;
}

/* The handshake is finished: only now an older connection of this address gives way. */
static void
opened(struct front *front, struct conn *conn)
{
    struct conn *old = conn_find(&front->conns, &conn->dgram.peer, true);
    uint64_t old_id = old ? old->id : 0;

    if (!handshake_opened(front, conn)) {
        return;
    }
    old = conn_by_id(&front->conns, old_id); /* gone if it made room of its device's */
    if (old) {
        handshake_end(front, old, false);
    }
    if (messages_read(front, conn)) {
        handshake_arm(front, conn);
    }
}

static void
handshake_step(struct front *front, struct conn *conn, enum tls_step step)
{
    conn->dgram.in = BYTES_NULL;
    switch (step) {
    case TLS_WAIT:
        handshake_arm(front, conn);
        break;
    case TLS_DONE:
        opened(front, conn);
        break;
    case TLS_ENDED:
        handshake_end(front, conn, false);
        break;
    }
}

/* Hands a datagram to its connection. */
static void
feed(struct front *front, struct conn *conn, const struct dgram *dgram)
{
    conn->dgram.in = dgram->in;
    if (!conn->open) {
        handshake_step(front, conn, tls_handshake(conn->ssl));
        return;
    }
    if (messages_read(front, conn)) {
        conn->dgram.in = BYTES_NULL;
        handshake_arm(front, conn);
    }
}

/* By ending the oldest half-open handshake or the connection that was longest unused: a flood meets
 * itself, and who comes now gets in. */
void
handshake_room(struct front *front, const struct quota *quota)
{
    struct conn *victim;

    if (quota->n_handshakes >= front->caps.handshakes_prefix) {
        victim = conn_oldest_half(&front->conns, quota);
        if (victim) {
            evict(front, victim);
        }
    }
    if (front->conns.n_half >= front->caps.handshakes) {
        victim = conn_oldest_half(&front->conns, NULL);
        if (victim) {
            evict(front, victim);
        }
    }
    if (front->conns.n >= front->conns.cap) {
        victim = conn_victim(&front->conns);
        if (!victim) {
            victim = conn_oldest_half(&front->conns, NULL);
        }
        if (victim) {
            evict(front, victim);
        }
    }
}

/* A peer that proved its address begins a handshake. */
static void
begin(struct front *front, const struct dgram *dgram, const struct hello *hello)
{
    struct addr_prefix prefix = addr_prefix(&dgram->peer);
    struct quota *quota = quota_take(&front->quotas, BYTES_OF(prefix.b));
    struct conn *conn;

    if (!quota) {
        return;
    }
    handshake_room(front, quota);
    conn = conn_add(&front->conns, &dgram->peer);
    if (!conn) {
        quota_drop(&front->quotas, quota);
        return;
    }
    conn->quota = quota;
    quota->n_handshakes++;
    conn->dgram = *dgram;
    memcpy(conn->random, hello->random, sizeof(conn->random));
    conn->begun_ms = front_mono_ms(front);
    conn->hello_wall_ms = front_wall_ms(front);
    conn->ssl = tls_new(&front->tls, &conn->dgram);
    if (!conn->ssl) {
        handshake_end(front, conn, false);
        return;
    }
    handshake_step(front, conn, tls_begin(conn->ssl));
}

static bool
repeats(const struct conn *conn, const struct hello *hello)
{
    return conn && memcmp(conn->random, hello->random, sizeof(conn->random)) == 0;
}

static void
hello_take(struct front *front, const struct dgram *dgram, const struct hello *hello)
{
    uint8_t request[COOKIE_REQUEST_LEN];
    struct conn *half;
    struct conn *open;
    int r = cookie_check(front->hasher, &front->cookies, &dgram->peer, hello, request);

    if (r == COOKIE_E_NONE) {
        front->stats.n_cookies++;
        dgram_send(dgram, BYTES_OF(request));
    }
    if (r != 0) {
        return;
    }
    half = conn_find(&front->conns, &dgram->peer, false);
    open = conn_find(&front->conns, &dgram->peer, true);
    if (repeats(half, hello)) {
        feed(front, half, dgram);
        return;
    }
    if (repeats(open, hello)) { /* late copy of a hello that was served */
        front->stats.n_dropped++;
        return;
    }
    if (half) {
        handshake_end(front, half, false);
    }
    begin(front, dgram, hello);
}

/* Whose a datagram is that is no hello. While a new handshake runs, what cannot be its own (data,
 * and alerts that are encrypted) goes to the connection that it may replace. */
static struct conn *
owner(struct front *front, const struct dgram *dgram)
{
    struct conn *half = conn_find(&front->conns, &dgram->peer, false);
    struct conn *open = conn_find(&front->conns, &dgram->peer, true);
    struct hello_record record;

    if (hello_record_read(dgram->in, &record) != 0) {
        return NULL;
    }
    if (half && (!open || record.epoch == 0 || record.type == RECORD_HANDSHAKE)) {
        return half;
    }
    return open;
}

void
handshake_datagram(struct front *front, const struct dgram *dgram)
{
    struct hello hello;
    struct conn *conn = NULL;

    switch (hello_read(dgram->in, &hello)) {
    case HELLO_OK:
        hello_take(front, dgram, &hello);
        return;
    case HELLO_E_OTHER:
        conn = owner(front, dgram);
        break;
    default:
        break;
    }
    if (!conn) {
        front->stats.n_dropped++;
        return;
    }
    feed(front, conn, dgram);
}
