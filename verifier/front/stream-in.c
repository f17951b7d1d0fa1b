/* From bytes of a stream to messages. */
#include "front/stream.h"

#include <stdlib.h>

#include "front/coap-answer.h"
#include "front/coap-problem.h"
#include "front/coap-signal.h"
#include "front/exchange.h"
#include "front/handshake.h"

enum {
    DATAGRAM_HEAD = 4, /* version, type and token length; code; message id */
    VERSION_NON = 0x50,
    FIRST_ROOM = 4096,
    SKIP_ROOM = 4096,
    TURN_BYTES = 256 * 1024, /* of one connection before the others have their turn */
    READ_COST = 256,         /* of which one is a read, however little it gives */
    AROUND = 1024,           /* head, token and options */
    ABOUT_CONNECTION = 7,    /* class of the codes */
};

uint32_t
stream_message_max(const struct front *front, const struct conn *conn)
{
    uint32_t body = conn->peer.kind == FRONT_PSK ? front_attest_max(front, conn) : 0;

    /* of the rest an enrolment is the longest, on both kinds of connection */
    return (body > LIMIT_FRONT_ENROLL_BYTES ? body : LIMIT_FRONT_ENROLL_BYTES) + AROUND;
}

void
stream_message_drop(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    struct block_room room = front_room(front, conn);

    if (stream->large) {
        block_room_shrink(&room, stream->cap);
        free(stream->large);
    }
    stream->large = NULL;
    stream->cap = stream->len = stream->want = stream->head_len = 0;
    stream->skipped = false;
    stream->begun_ms = 0;
}

bool
stream_paused(const struct conn *conn)
{
    size_t n = 0;

    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        n += conn->pending[i].request ? 1 : 0;
    }
    return n == LIMIT_FRONT_PENDING || conn->stream->out_len > 0 || conn->stream->ending;
}

static uint8_t *
room_of(struct stream *stream)
{
    return stream->large ? stream->large : stream->small;
}

/* More room, as bytes come: doubled, never beyond the message. False when quotas or memory end. */
static bool
room_grow(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    struct block_room room = front_room(front, conn);
    size_t cap = stream->large ? 2 * stream->cap : FIRST_ROOM;
    uint8_t *large;

    cap = cap < stream->want ? cap : stream->want;
    if (!block_room_grow_to(&room, cap - stream->cap, stream->want)) {
        return false;
    }
    large = realloc(stream->large, cap);
    if (!large) {
        block_room_shrink(&room, cap - stream->cap);
        return false;
    }
    if (!stream->large) {
        memcpy(large, stream->small, stream->len);
    }
    stream->large = large;
    stream->cap = cap;
    return true;
}

/* The peer broke the protocol: it is told, RFC 8323 section 5.6, and the connection ends. */
static enum tls_step
abort_stream(struct front *front, struct conn *conn)
{
    static const struct coap_token none = {.len = 0};
    uint8_t room[SIGNAL_ROOM];

    front->stats.n_dropped++;
    stream_send(front, conn, coap_signal_plain(room, SIGNAL_ABORT, &none));
    return TLS_ENDED;
}

/* A head is whole: what follows gets the form of a datagram. */
static enum tls_step
message_begin(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    struct frame frame;

    if (frame_head_read(bytes_of(stream->head, stream->head_len), &frame) != 0 ||
        frame.rest + DATAGRAM_HEAD > stream_message_max(front, conn)) {
        return abort_stream(front, conn);
    }
    stream->small[0] = (uint8_t)(VERSION_NON | frame.token_len);
    stream->small[1] = frame.code;
    stream->small[2] = stream->small[3] = 0;
    stream->len = DATAGRAM_HEAD;
    stream->want = DATAGRAM_HEAD + (size_t)frame.rest;
    return TLS_DONE;
}

static enum tls_step
head_read(struct front *front, struct conn *conn, size_t *ret_n)
{
    struct stream *stream = conn->stream;
    size_t want = stream->head_len ? frame_head_len(stream->head[0]) : 1;
    enum tls_step step =
        tls_read(conn->ssl, stream->head + stream->head_len, want - stream->head_len, ret_n);

    if (step != TLS_DONE) {
        return step;
    }
    if (stream->head_len == 0) {
        stream->begun_ms = front_mono_ms(front);
        stream->begun_wall_ms = front_wall_ms(front);
        want = frame_head_len(stream->head[0]);
    }
    stream->head_len += *ret_n;
    return stream->head_len == want ? message_begin(front, conn) : TLS_DONE;
}

static enum tls_step
rest_read(struct front *front, struct conn *conn, size_t *ret_n)
{
    struct stream *stream = conn->stream;
    uint8_t skip[SKIP_ROOM];
    size_t left = stream->want - stream->len;
    size_t cap = stream->large ? stream->cap : STREAM_SMALL;
    enum tls_step step;

    if (!stream->skipped && stream->len == cap) {
        stream->skipped = !room_grow(front, conn);
        cap = stream->large ? stream->cap : STREAM_SMALL;
    }
    if (stream->skipped) {
        step = tls_read(conn->ssl, skip, left < sizeof(skip) ? left : sizeof(skip), ret_n);
    } else {
        size_t room = cap - stream->len;

        step = tls_read(conn->ssl, room_of(stream) + stream->len, left < room ? left : room, ret_n);
    }
    stream->len += step == TLS_DONE ? *ret_n : 0;
    return step;
}

/* Some bytes more of head or rest. */
static enum tls_step
part_read(struct front *front, struct conn *conn, size_t *ret_n)
{
    return conn->stream->want == 0 ? head_read(front, conn, ret_n) : rest_read(front, conn, ret_n);
}

static bool
is_whole(const struct stream *stream)
{
    return stream->want > 0 && stream->len == stream->want;
}

/* A message that found no room. Its beginning is there: 512 bytes need none. */
static void
refuse_skipped(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    uint8_t problem[COAP_PROBLEM_ROOM];
    uint8_t room[LIMIT_FRONT_COAP];
    struct coap_answer answer = coap_answer_problem(problem, FRONT_CODE(5, 3));
    struct coap_token token = {.len = room_of(stream)[0] & 15};

    memcpy(token.b, room_of(stream) + DATAGRAM_HEAD, token.len);
    stream_send(front, conn, coap_answer_write(&answer, COAP_NON, 0, &token, room, sizeof(room)));
}

/* Returns TLS_DONE to go on. */
static enum tls_step
signal_take(struct front *front, struct conn *conn, struct bytes message)
{
    struct stream *stream = conn->stream;
    uint8_t room[SIGNAL_ROOM];
    struct coap_signal signal;

    if (coap_signal_read(message, &signal) != 0 || (!stream->told && signal.code != SIGNAL_CSM)) {
        return abort_stream(front, conn);
    }
    switch (signal.code) {
    case SIGNAL_CSM:
        stream->told = true;
        stream->peer_max = signal.has_max ? signal.max_message : stream->peer_max;
        return TLS_DONE;
    case SIGNAL_PING:
        stream_send(front, conn, coap_signal_plain(room, SIGNAL_PONG, &signal.token));
        return TLS_DONE;
    case SIGNAL_RELEASE:
    case SIGNAL_ABORT:
        return TLS_ENDED;
    default: /* a pong that nobody asked for, and what is not known: section 5.1 */
        return TLS_DONE;
    }
}

/* Returns TLS_ENDED when the connection must end; it may be gone already. */
static enum tls_step
message_take(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    struct bytes message = bytes_of(room_of(stream), stream->len);

    if (!stream->skipped && room_of(stream)[1] >> 5 == ABOUT_CONNECTION) {
        return signal_take(front, conn, message);
    }
    if (!stream->told) { /* section 5.3: capabilities come first */
        return abort_stream(front, conn);
    }
    if (stream->skipped) {
        refuse_skipped(front, conn);
        return TLS_DONE;
    }
    return exchange_message(front, conn, message) == 0 ? TLS_DONE : abort_stream(front, conn);
}

bool
stream_read(struct front *front, struct conn *conn)
{
    enum tls_step step = TLS_DONE;
    uint64_t id = conn->id;
    size_t taken = 0;

    while (step == TLS_DONE && !stream_paused(conn) &&
           (taken < TURN_BYTES || SSL_pending(conn->ssl) > 0)) {
        size_t n = 0;

        if (!is_whole(conn->stream)) {
            step = part_read(front, conn, &n);
            taken += n + READ_COST;
        }
        if (step == TLS_DONE && is_whole(conn->stream)) {
            conn->used_ms = front_mono_ms(front);
            conn_used(&front->conns, conn);
            step = message_take(front, conn);
            if (conn_by_id(&front->conns, id) != conn) {
                return false; /* closed by the callee */
            }
            stream_message_drop(front, conn);
        }
    }
    if (step == TLS_ENDED) {
        handshake_end(front, conn, true);
        return false;
    }
    return true;
}
