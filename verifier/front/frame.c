#include "front/frame.h"

#include "base/rd.h"
#include "base/wr.h"

/* The four bits of the length, and from where on each counts. */
enum { EXT8 = 13, EXT16 = 14, EXT32 = 15, FROM8 = 13, FROM16 = 269, FROM32 = 65805 };

enum { TOKEN_MAX = 8 };

size_t
frame_head_len(uint8_t first)
{
    static const uint8_t extended[] = {1, 2, 4};
    unsigned length = first >> 4;

    return 2u + (length >= EXT8 ? extended[length - EXT8] : 0u);
}

int
frame_head_read(struct bytes head, struct frame *ret)
{
    struct rd rd = rd_init(head);
    uint8_t first = rd_u8(&rd);
    uint64_t length = first >> 4;
    struct frame frame = {.token_len = first & 15};

    if (length == EXT8) {
        length = (uint64_t)FROM8 + rd_u8(&rd);
    } else if (length == EXT16) {
        length = (uint64_t)FROM16 + rd_be16(&rd);
    } else if (length == EXT32) {
        length = (uint64_t)FROM32 + rd_be32(&rd);
    }
    frame.code = rd_u8(&rd);
    frame.rest = frame.token_len + length;
    if (!rd_end(&rd) || frame.token_len > TOKEN_MAX) {
        return 1;
    }
    *ret = frame;
    return 0;
}

size_t
frame_head_write(uint8_t out[FRAME_HEAD_MAX], const struct frame *frame)
{
    struct wr wr = wr_init(out, FRAME_HEAD_MAX);
    uint64_t length = frame->rest - frame->token_len;

    if (length < FROM8) {
        wr_u8(&wr, (uint8_t)(length << 4 | frame->token_len));
    } else if (length < FROM16) {
        wr_u8(&wr, (uint8_t)(EXT8 << 4 | frame->token_len));
        wr_u8(&wr, (uint8_t)(length - FROM8));
    } else if (length < FROM32) {
        wr_u8(&wr, (uint8_t)(EXT16 << 4 | frame->token_len));
        wr_be16(&wr, (uint16_t)(length - FROM16));
    } else {
        wr_u8(&wr, (uint8_t)(EXT32 << 4 | frame->token_len));
        wr_be32(&wr, (uint32_t)(length - FROM32));
    }
    wr_u8(&wr, frame->code);
    return wr.len;
}
