/* Bytes as a stream brings them: a head, and behind it a request or a word about the connection, in
 * the form of a datagram. */
#include <stdlib.h>

#include "base/rd.h"
#include "front/coap-signal.h"
#include "front/frame.h"
#include "lib/fuzz.h"

enum { DATAGRAM_HEAD = 4 };

static void
message_try(const struct frame *frame, struct bytes rest)
{
    uint8_t *room = malloc(DATAGRAM_HEAD + rest.len);
    struct bytes message = bytes_of(room, DATAGRAM_HEAD + rest.len);
    struct coap_signal signal;
    struct coap_in in;

    FUZZ_ASSERT(room != NULL);
    memcpy(room, (uint8_t[]){(uint8_t)(0x50 | frame->token_len), frame->code, 0, 0}, DATAGRAM_HEAD);
    if (rest.len > 0) {
        memcpy(room + DATAGRAM_HEAD, rest.p, rest.len);
    }
    if (frame->code >> 5 == 7 && coap_signal_read(message, &signal) == 0) {
        FUZZ_ASSERT(signal.code == frame->code && signal.token.len == frame->token_len);
    }
    if (coap_in_read(message, &in) == COAP_IN_OK) {
        FUZZ_ASSERT(in.type == COAP_NON && in.code == frame->code);
        FUZZ_ASSERT(in.payload.len == 0 ||
                    in.payload.p + in.payload.len == message.p + message.len);
    }
    free(room);
}

void
fuzz_one(struct bytes in)
{
    struct rd rd = rd_init(in);
    size_t head_len = in.len > 0 ? frame_head_len(in.p[0]) : 0;
    struct bytes head = rd_bytes(&rd, head_len);
    uint8_t back[FRAME_HEAD_MAX];
    struct frame frame = {.rest = 1};

    if (rd.failed || head_len == 0 || frame_head_read(head, &frame) != 0) {
        FUZZ_ASSERT(frame.rest == 1);
        return;
    }
    FUZZ_ASSERT(frame.token_len <= 8 && frame.rest >= frame.token_len);
    FUZZ_ASSERT(bytes_equal(bytes_of(back, frame_head_write(back, &frame)), head));
    if (frame.rest == rd_left(&rd)) {
        message_try(&frame, rd_rest(&rd));
    }
}
