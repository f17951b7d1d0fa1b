#include "front/exchange.h"

#include <errno.h>
#include <stdlib.h>

#include "front/access.h"
#include "front/coap-answer.h"
#include "front/coap-problem.h"
#include "front/coap-signal.h"
#include "front/stream.h"

enum { REQUEST_MAX = 31, SZX_MAX = 6 };

/* One request on its way through this file. */
struct asked {
    const struct coap_in *in;
    struct replay *replay;
    uint64_t first_wall_ms;
};

/* Sends in the connection's way. */
static void
message_send(struct front *front, struct conn *conn, struct bytes message)
{
    if (conn->stream) {
        stream_send(front, conn, message);
    } else {
        tls_write(conn->ssl, message);
    }
}

static void
empty_send(struct conn *conn, enum coap_type type, uint16_t mid)
{
    uint8_t room[COAP_OUT_EMPTY_LEN];

    tls_write(conn->ssl, coap_out_empty(room, type, mid));
}

/* Answers on the spot and keeps the answer for repeats (replay may be NULL). */
static void
answer_now(struct front *front, struct conn *conn, const struct asked *asked,
           const struct coap_answer *answer)
{
    uint8_t room[LIMIT_FRONT_COAP];
    bool con = asked->in->type == COAP_CON;
    struct bytes message = coap_answer_write(answer, con ? COAP_ACK : COAP_NON,
                                             con ? asked->in->mid : conn->next_mid++,
                                             &asked->in->token, room, sizeof(room));

    if (asked->replay) {
        replay_answer(asked->replay, REPLAY_ANSWERED, message);
    }
    if (message.p) {
        message_send(front, conn, message);
    }
}

static void
refuse(struct front *front, struct conn *conn, const struct asked *asked, uint8_t code)
{
    uint8_t room[COAP_PROBLEM_ROOM];
    struct coap_answer answer = coap_answer_problem(room, code);

    answer_now(front, conn, asked, &answer);
}

/* Whom a fault counts against: the device where there is one, else the address. */
static uint64_t
penalty_key(const struct front *front, const struct conn *conn)
{
    return conn->peer.kind == FRONT_PSK
               ? penalty_key_identity(&front->penalties,
                                      bytes_of(conn->peer.identity, conn->peer.identity_len))
               : penalty_key_addr(&front->penalties, &conn->dgram.peer);
}

/* A body of a peer that broke a reader is not even assembled before its time. */
static bool
must_wait(struct front *front, struct conn *conn, const struct asked *asked)
{
    uint8_t room[COAP_PROBLEM_ROOM];
    struct coap_answer answer = coap_answer_problem(room, FRONT_CODE(4, 29));
    uint64_t wait_ms =
        penalty_wait_ms(&front->penalties, penalty_key(front, conn), front_mono_ms(front));

    if (wait_ms == 0) {
        return false;
    }
    front->stats.n_waits++;
    answer.max_age_s = (int64_t)(wait_ms + 999) / 1000;
    answer.payload = coap_problem_write(room, FRONT_CODE(4, 29), answer.max_age_s);
    answer_now(front, conn, asked, &answer);
    return true;
}

/* What the owner's answer says of the body: 4.00 is that it could not be read. */
static void
judge_peer(struct front *front, const struct conn *conn, uint8_t code)
{
    if (code == FRONT_CODE(4, 0)) {
        penalty_add(&front->penalties, penalty_key(front, conn), front_mono_ms(front));
    } else if (code >> 5 == 2) {
        penalty_forgive(&front->penalties, penalty_key(front, conn));
    }
}

static void
refuse_large(struct front *front, struct conn *conn, const struct asked *asked, size_t body_max)
{
    uint8_t room[COAP_PROBLEM_ROOM];
    struct coap_answer answer = coap_answer_problem(room, FRONT_CODE(4, 13));

    answer.size1 = (uint32_t)body_max;
    answer_now(front, conn, asked, &answer);
}

static struct pending *
pending_room(struct conn *conn)
{
    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        if (conn->pending[i].request == 0) {
            return &conn->pending[i];
        }
    }
    return NULL;
}

static void
pending_fill(struct front *front, struct pending *pending, const struct asked *asked)
{
    const struct coap_in *in = asked->in;

    *pending = (struct pending){
        .request = ++front->last_request,
        .type = in->type,
        .mid = in->mid,
        .token = in->token,
        .ack_ms = front_mono_ms(front) + LIMIT_FRONT_ACK_MS,
        .replay = asked->replay,
        .block1 = in->block1,
        .block2 = in->block2,
        .resource = in->resource,
        .method = in->code,
        .aud_len = in->aud_len,
    };
    memcpy(pending->aud, in->aud, sizeof(pending->aud));
}

/* Hands a whole request to the owner; the connection may be gone afterwards. */
static void
hand_on(struct front *front, struct conn *conn, const struct asked *asked, struct bytes body)
{
    const struct coap_in *in = asked->in;
    struct pending *pending = pending_room(conn);
    struct front_request request = {
        .conn = conn->id,
        .kind = conn->peer.kind,
        .identity = bytes_of(conn->peer.identity, conn->peer.identity_len),
        .resumed = conn->peer.resumed,
        .hello_ms = conn->hello_wall_ms,
        .handshake_ms = conn->finished_wall_ms,
        .first_block_ms = asked->first_wall_ms,
        .complete_ms = front_wall_ms(front),
        .peer = conn->text,
        .method = (enum front_method)in->code,
        .resource = in->resource,
        .aud = in->has_aud ? bytes_of(in->aud, in->aud_len) : BYTES_NULL,
        .content_format = in->content_format,
        .accept = in->accept,
        .size1 = in->has_size1 ? in->size1 : 0,
        .body = body,
    };

    if (!pending) {
        refuse(front, conn, asked, FRONT_CODE(4, 29));
        return;
    }
    pending_fill(front, pending, asked);
    request.request = pending->request;
    memcpy(request.exporter, conn->peer.exporter, sizeof(request.exporter));
    front->stats.n_requests++;
    front->calls.on_request(front->calls.ctx, &request);
    wipe(request.exporter, sizeof(request.exporter));
}

static size_t
body_max(const struct front *front, const struct conn *conn, enum front_resource resource)
{
    return resource == FRONT_ATTEST ? front_attest_max(front, conn) : access_body_max(resource);
}

/* What the peer says twice under two message ids is answered once. An acknowledgement ends the
 * second, where an answer would have it send all that follows twice as well. */
static void
again(struct front *front, struct conn *conn, const struct asked *asked)
{
    uint8_t room[COAP_OUT_EMPTY_LEN];
    struct bytes ack = coap_out_empty(room, COAP_ACK, asked->in->mid);

    if (!asked->replay) { /* a stream repeats nothing */
        refuse(front, conn, asked, FRONT_CODE(4, 8));
        return;
    }
    front->stats.n_repeats++;
    replay_answer(asked->replay, REPLAY_ANSWERED, asked->in->type == COAP_CON ? ack : BYTES_NULL);
    if (asked->in->type == COAP_CON) {
        tls_write(conn->ssl, ack);
    }
}

static void
upload_step(struct front *front, struct conn *conn, struct asked *asked)
{
    struct block_room room = front_room(front, conn);
    size_t max = body_max(front, conn, asked->in->resource);
    struct coap_answer more = coap_answer_of(FRONT_CODE(2, 31));
    uint64_t id = conn->id;

    switch (upload_take(&conn->upload, &room, asked->in, max, front_mono_ms(front),
                        front_wall_ms(front))) {
    case UPLOAD_WHOLE:
        asked->first_wall_ms = conn->upload.first_ms;
        hand_on(front, conn, asked, bytes_of(conn->upload.body, conn->upload.len));
        if (conn_by_id(&front->conns, id) == conn) {
            upload_finish(&conn->upload, &room);
        }
        break;
    case UPLOAD_AGAIN:
        again(front, conn, asked);
        break;
    case UPLOAD_MORE:
        more.block1 = asked->in->block1;
        answer_now(front, conn, asked, &more);
        break;
    case UPLOAD_E_GAP:
        refuse(front, conn, asked, FRONT_CODE(4, 8));
        break;
    case UPLOAD_E_LARGE:
        refuse_large(front, conn, asked, max);
        break;
    case UPLOAD_E_FORM:
        refuse(front, conn, asked, FRONT_CODE(4, 0));
        break;
    default: /* no room for this peer, or no memory at all */
        refuse(front, conn, asked, FRONT_CODE(5, 3));
        break;
    }
}

/* A later part of an answer that is kept. */
static void
download_step(struct front *front, struct conn *conn, const struct asked *asked)
{
    struct download *download = &conn->download;
    struct coap_answer answer = coap_answer_of(download->code);
    struct block_room room = front_room(front, conn);

    if (!download_answers(download, asked->in)) {
        refuse(front, conn, asked, FRONT_CODE(4, 8));
        return;
    }
    if (download_part(download, &asked->in->block2, &answer.block2, &answer.payload) != 0) {
        refuse(front, conn, asked, FRONT_CODE(4, 0));
        return;
    }
    answer.etag = download->etag;
    answer.content_format = download->content_format;
    answer.max_age_s = download->max_age_s;
    answer_now(front, conn, asked, &answer);
    download->idle_ms = front_mono_ms(front) + LIMIT_FRONT_BLOCK_IDLE_MS;
    if (!answer.block2.more) {
        download_drop(download, &room);
    }
}

static void
request_take(struct front *front, struct conn *conn, struct asked *asked)
{
    const struct coap_in *in = asked->in;
    uint8_t code = access_check(conn->peer.kind, in->resource, in->code);

    asked->first_wall_ms = conn->stream ? conn->stream->begun_wall_ms : front_wall_ms(front);
    if (code != 0) {
        refuse(front, conn, asked, code);
    } else if (in->code == FRONT_POST && must_wait(front, conn, asked)) {
        return;
    } else if (in->block2.present && in->block2.num > 0) {
        download_step(front, conn, asked);
    } else if (in->code == FRONT_GET) {
        if (in->block1.present || in->payload.len > 0) {
            refuse(front, conn, asked, FRONT_CODE(4, 0));
        } else {
            hand_on(front, conn, asked, BYTES_NULL);
        }
    } else if (in->block1.present) {
        upload_step(front, conn, asked);
    } else if (in->payload.len > body_max(front, conn, in->resource)) {
        refuse_large(front, conn, asked, body_max(front, conn, in->resource));
    } else {
        hand_on(front, conn, asked, in->payload);
    }
}

static void
unacked_clear(struct unacked *unacked)
{
    if (unacked->message) {
        wipe(unacked->message, unacked->len); /* answers carry tokens */
    }
    free(unacked->message);
    *unacked = (struct unacked){0};
}

/* ACK or RST for a separate response: the peer has it, or does not want it. */
static void
acked(struct conn *conn, uint16_t mid)
{
    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        if (conn->unacked[i].message && conn->unacked[i].mid == mid) {
            unacked_clear(&conn->unacked[i]);
        }
    }
}

static void
repeated(struct front *front, struct conn *conn, const struct replay *replay)
{
    front->stats.n_repeats++;
    if (replay->answer) {
        tls_write(conn->ssl, bytes_of(replay->answer, replay->answer_len));
    }
}

static void
request_message(struct front *front, struct conn *conn, const struct coap_in *in, int read_result,
                struct bytes message)
{
    struct asked asked = {.in = in};
    bool again = false;
    int r = conn->stream ? 0
                         : replay_look(&conn->replays, front->hasher, in, message,
                                       front_mono_ms(front), &asked.replay, &again);

    if (r != 0) {
        refuse(front, conn, &asked, r > 0 ? FRONT_CODE(4, 29) : FRONT_CODE(5, 0));
    } else if (again) {
        repeated(front, conn, asked.replay);
    } else if (read_result == COAP_IN_E_BAD_OPTION) {
        refuse(front, conn, &asked, FRONT_CODE(4, 2));
    } else if (read_result == COAP_IN_E_BAD_VALUE) {
        refuse(front, conn, &asked, FRONT_CODE(4, 0));
    } else {
        request_take(front, conn, &asked);
    }
}

int
exchange_message(struct front *front, struct conn *conn, struct bytes message)
{
    struct coap_in in;
    int r = coap_in_read(message, &in);

    if (r < 0 || r == COAP_IN_E_MALFORMED) {
        return 1;
    }
    if (in.type == COAP_ACK || in.type == COAP_RST) {
        acked(conn, in.mid);
        return 0;
    }
    if (in.code == 0 || in.code > REQUEST_MAX) {
        /* a ping, or a response that nobody asked for: RFC 7252 sections 4.2 and 4.3 */
        if (in.type == COAP_CON) {
            empty_send(conn, COAP_RST, in.mid);
        }
        return 0;
    }
    request_message(front, conn, &in, r, message);
    return 0;
}

uint64_t
exchange_due_ms(const struct conn *conn)
{
    uint64_t due = TIMER_NEVER;

    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        const struct pending *pending = &conn->pending[i];
        const struct unacked *unacked = &conn->unacked[i];

        if (pending->request && pending->type == COAP_CON && !pending->acked &&
            pending->ack_ms < due) {
            due = pending->ack_ms;
        }
        if (unacked->message && unacked->again_ms < due) {
            due = unacked->again_ms;
        }
    }
    if (conn->upload.body && conn->upload.idle_ms < due) {
        due = conn->upload.idle_ms;
    }
    if (conn->download.body && conn->download.idle_ms < due) {
        due = conn->download.idle_ms;
    }
    return due;
}

static void
ack_late(struct conn *conn, struct pending *pending)
{
    uint8_t room[COAP_OUT_EMPTY_LEN];
    struct bytes ack = coap_out_empty(room, COAP_ACK, pending->mid);

    pending->acked = true;
    replay_answer(pending->replay, REPLAY_ACKED, ack);
    tls_write(conn->ssl, ack);
}

static void
send_again(struct conn *conn, struct unacked *unacked, uint64_t now)
{
    if (unacked->n_sent > LIMIT_FRONT_RETRANSMITS) {
        unacked_clear(unacked);
        return;
    }
    tls_write(conn->ssl, bytes_of(unacked->message, unacked->len));
    unacked->again_ms = now + ((uint64_t)LIMIT_FRONT_RETRANSMIT_MS << unacked->n_sent);
    unacked->n_sent++;
}

void
exchange_timer(struct front *front, struct conn *conn)
{
    uint64_t now = front_mono_ms(front);
    struct block_room room = front_room(front, conn);

    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        struct pending *pending = &conn->pending[i];
        struct unacked *unacked = &conn->unacked[i];

        if (pending->request && pending->type == COAP_CON && !pending->acked &&
            pending->ack_ms <= now) {
            ack_late(conn, pending);
        }
        if (unacked->message && unacked->again_ms <= now) {
            send_again(conn, unacked, now);
        }
    }
    if (conn->upload.body && conn->upload.idle_ms <= now) {
        upload_drop(&conn->upload, &room);
    }
    if (conn->download.body && conn->download.idle_ms <= now) {
        download_drop(&conn->download, &room);
    }
}

/* Sends a separate response until it is acknowledged; without a free place it goes once. */
static void
separate_send(struct front *front, struct conn *conn, struct bytes message, uint16_t mid)
{
    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        struct unacked *unacked = &conn->unacked[i];

        if (!unacked->message && (unacked->message = malloc(message.len)) != NULL) {
            memcpy(unacked->message, message.p, message.len);
            unacked->len = message.len;
            unacked->mid = mid;
            unacked->n_sent = 0;
            send_again(conn, unacked, front_mono_ms(front));
            return;
        }
    }
    tls_write(conn->ssl, message);
}

enum { AROUND = 256 }; /* what an answer has beside its body */

/* The longest body that goes in one message. */
static size_t
whole_max(const struct conn *conn, const struct coap_block *block)
{
    size_t peer_max = conn->stream ? conn->stream->peer_max : 0;
    size_t part = (size_t)16 << block->szx;

    return peer_max > part + AROUND ? peer_max - AROUND : part;
}

/* Cuts a long body: the first part goes into the answer, the whole is kept to be fetched. */
static int
answer_body(struct front *front, struct conn *conn, const struct pending *pending,
            struct coap_answer *answer, struct bytes body)
{
    struct coap_block first = {.szx = pending->block2.present ? pending->block2.szx : SZX_MAX};
    struct block_room room = front_room(front, conn);
    struct download *download = &conn->download;
    int r;

    if (body.len <= whole_max(conn, &first)) {
        answer->payload = body;
        return 0;
    }
    download_drop(download, &room);
    r = body.len > LIMIT_EVIDENCE_BYTES
            ? -EMSGSIZE
            : download_keep(download, &room, body, front_mono_ms(front));
    if (r != 0) {
        return r;
    }
    download->etag = (uint32_t)pending->request;
    download->resource = pending->resource;
    download->method = pending->method;
    download->code = answer->code;
    download->content_format = answer->content_format;
    download->max_age_s = answer->max_age_s;
    memcpy(download->aud, pending->aud, sizeof(download->aud));
    download->aud_len = pending->aud_len;
    answer->etag = download->etag;
    answer->size2 = (uint32_t)body.len;
    return download_part(download, &first, &answer->block2, &answer->payload);
}

/* On a stream an answer may be long; without memory for it the connection is of no more use. */
static void
answer_stream(struct front *front, struct conn *conn, struct pending *pending,
              const struct coap_answer *answer)
{
    size_t cap = answer->payload.len + LIMIT_FRONT_COAP;
    uint8_t *room = malloc(cap);
    struct bytes message =
        room ? coap_answer_write(answer, COAP_NON, 0, &pending->token, room, cap) : BYTES_NULL;

    *pending = (struct pending){0};
    if (message.p) {
        stream_send(front, conn, message);
        wipe(room, cap);
    } else {
        conn->stream->failed = true;
    }
    free(room);
}

/* Sends in the way that the request still allows: in its ACK, or by itself. */
static void
answer_pending(struct front *front, struct conn *conn, struct pending *pending,
               const struct coap_answer *answer)
{
    uint8_t room[LIMIT_FRONT_COAP];
    bool piggyback = pending->type == COAP_CON && !pending->acked;
    enum coap_type type = piggyback ? COAP_ACK : pending->type;
    uint16_t mid = piggyback ? pending->mid : conn->next_mid++;
    struct bytes message =
        coap_answer_write(answer, type, mid, &pending->token, room, sizeof(room));

    if (type == COAP_CON) {
        pending->replay->state = REPLAY_ANSWERED; /* with the empty ACK; this goes by timer */
        separate_send(front, conn, message, mid);
    } else {
        replay_answer(pending->replay, REPLAY_ANSWERED, message);
        tls_write(conn->ssl, message);
    }
    *pending = (struct pending){0};
    wipe(room, sizeof(room));
}

/* The owner knows by now whose connection it is, and how much its class takes. A stream says so in
 * its capabilities, before the answer: RFC 8323 section 5.3. */
static void
take_bound(struct front *front, struct conn *conn, uint32_t takes)
{
    uint32_t before = conn->stream ? stream_message_max(front, conn) : 0;
    uint8_t room[SIGNAL_ROOM];

    conn->attest_max = takes;
    if (conn->stream && stream_message_max(front, conn) != before) {
        stream_send(front, conn, coap_signal_csm(room, stream_message_max(front, conn)));
    }
}

int
exchange_reply(struct front *front, struct conn *conn, uint64_t request,
               const struct front_answer *given)
{
    struct pending *pending = NULL;
    uint8_t room[COAP_PROBLEM_ROOM];
    struct coap_answer answer = coap_answer_of(given->code);
    int r;

    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        if (request != 0 && conn->pending[i].request == request) {
            pending = &conn->pending[i];
        }
    }
    if (!pending) {
        return 1;
    }
    if (pending->method == FRONT_POST) {
        judge_peer(front, conn, given->code);
    }
    if (given->takes > 0) {
        take_bound(front, conn, given->takes);
    }
    answer.content_format = given->content_format;
    answer.max_age_s = given->max_age_s;
    answer.size1 = given->size1;
    r = answer_body(front, conn, pending, &answer, given->body);
    if (r != 0) { /* no room for a long answer: the peer shall come again */
        answer = coap_answer_problem(room, r > 0 ? FRONT_CODE(5, 3) : FRONT_CODE(5, 0));
    }
    answer.block1 = pending->block1;
    if (conn->stream) {
        answer_stream(front, conn, pending, &answer);
    } else {
        answer_pending(front, conn, pending, &answer);
    }
    return r < 0 ? r : 0;
}
