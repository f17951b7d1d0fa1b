/* From messages to bytes of a stream. */
#include "front/stream.h"

#include <stdlib.h>

#include "base/rd.h"
#include "base/wr.h"

enum { FIRST_ROOM = 512 };

void
stream_out_drop(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    struct block_room room = front_room(front, conn);

    if (stream->out) {
        block_room_shrink(&room, stream->out_cap);
        wipe(stream->out, stream->out_cap); /* answers carry tokens */
        free(stream->out);
    }
    stream->out = NULL;
    stream->out_cap = stream->out_len = stream->out_sent = 0;
}

/* False when quotas or memory end. What was sent already stays where it is until all is. */
static bool
out_grow(struct front *front, struct conn *conn, size_t more)
{
    struct stream *stream = conn->stream;
    struct block_room room = front_room(front, conn);
    size_t cap = stream->out_cap ? stream->out_cap : FIRST_ROOM;
    uint8_t *out;

    while (cap - stream->out_len < more) {
        cap *= 2;
    }
    if (stream->out && cap == stream->out_cap) {
        return true;
    }
    if (!block_room_grow(&room, cap - stream->out_cap)) {
        return false;
    }
    out = malloc(cap);
    if (!out) {
        block_room_shrink(&room, cap - stream->out_cap);
        return false;
    }
    if (stream->out) {
        memcpy(out, stream->out, stream->out_len);
        wipe(stream->out, stream->out_cap);
        free(stream->out);
    }
    stream->out = out;
    stream->out_cap = cap;
    return true;
}

void
stream_flush(struct front *front, struct conn *conn)
{
    struct stream *stream = conn->stream;
    enum tls_step step = TLS_DONE;

    while (step == TLS_DONE && stream->out_sent < stream->out_len) {
        size_t n = 0;

        step = tls_write_some(
            conn->ssl, bytes_of(stream->out + stream->out_sent, stream->out_len - stream->out_sent),
            &n);
        stream->out_sent += n;
        stream->out_ms = n > 0 ? front_mono_ms(front) : stream->out_ms;
    }
    stream->failed = stream->failed || step == TLS_ENDED;
    if (stream->failed || stream->out_sent == stream->out_len) {
        stream_out_drop(front, conn);
    }
}

void
stream_send(struct front *front, struct conn *conn, struct bytes message)
{
    struct stream *stream = conn->stream;
    struct rd rd = rd_init(message);
    struct frame frame = {0};
    uint8_t head[FRAME_HEAD_MAX];
    struct bytes rest;
    size_t head_len;
    struct wr wr;

    frame.token_len = rd_u8(&rd) & 15;
    frame.code = rd_u8(&rd);
    (void)rd_be16(&rd); /* a message id, which a stream does not have */
    rest = rd_rest(&rd);
    if (rd.failed || stream->failed) {
        return;
    }
    frame.rest = rest.len;
    head_len = frame_head_write(head, &frame);
    if (!out_grow(front, conn, head_len + rest.len)) {
        stream->failed = true; /* an answer cannot be left out: the peer would wait for it */
        return;
    }
    if (stream->out_len == 0) {
        stream->out_ms = front_mono_ms(front);
    }
    wr = wr_init(stream->out + stream->out_len, head_len + rest.len);
    wr_bytes(&wr, bytes_of(head, head_len));
    wr_bytes(&wr, rest);
    stream->out_len += wr.len;
    stream_flush(front, conn);
}
