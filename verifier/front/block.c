#include "front/block.h"

#include <errno.h>
#include <stdlib.h>

#include "base/rd.h"
#include "crypto/digest.h"

enum {
    FIRST_ROOM = 4096,
    AROUND = 1024, /* what a message over TCP has beside its body */
};

void
block_room_shrink(const struct block_room *room, size_t n)
{
    quota_shrink(room->quotas, room->quota, n);
    if (room->device) {
        quota_shrink(room->devices, room->device, n);
    }
}

bool
block_room_grow(const struct block_room *room, size_t n)
{
    if (!quota_grow(room->quotas, room->quota, n)) {
        return false;
    }
    if (room->device && !quota_grow(room->devices, room->device, n)) {
        quota_shrink(room->quotas, room->quota, n);
        return false;
    }
    return true;
}

static bool
leaves_a_quarter(const struct quotas *quotas, const struct quota *quota, size_t n)
{
    return quotas->n_bytes + n <= quotas->max_bytes / 4 * 3 &&
           quota->n_bytes + n <= quotas->max_each_bytes / 4 * 3;
}

bool
block_room_grow_to(const struct block_room *room, size_t n, size_t body_len)
{
    if (body_len > LIMIT_EVIDENCE_BYTES + AROUND &&
        !leaves_a_quarter(room->quotas, room->quota, n)) {
        return false;
    }
    return block_room_grow(room, n);
}

void
upload_drop(struct upload *upload, const struct block_room *room)
{
    if (upload->body) {
        block_room_shrink(room, upload->cap);
    }
    free(upload->body);
    *upload = (struct upload){0};
}

void
upload_finish(struct upload *upload, const struct block_room *room)
{
    struct upload done = *upload;

    upload_drop(upload, room);
    done.body = NULL;
    done.len = done.cap = 0;
    done.finished = true;
    *upload = done;
}

/* Doubles the room until n more bytes fit, never beyond body_max. */
static int
upload_grow(struct upload *upload, const struct block_room *room, size_t n, size_t body_max)
{
    size_t cap = upload->cap ? upload->cap : FIRST_ROOM;
    uint8_t *body;

    while (cap - upload->len < n) {
        cap *= 2;
    }
    cap = cap < body_max ? cap : body_max;
    if (upload->body && cap <= upload->cap) {
        return 0;
    }
    if (!block_room_grow_to(room, cap - upload->cap, cap)) {
        return UPLOAD_E_FULL;
    }
    body = realloc(upload->body, cap ? cap : 1);
    if (!body) {
        block_room_shrink(room, cap - upload->cap);
        return -ENOMEM;
    }
    upload->body = body;
    upload->cap = cap;
    return 0;
}

static void
upload_begin(struct upload *upload, const struct coap_in *in, uint64_t wall_ms)
{
    upload->resource = in->resource;
    upload->method = in->code;
    upload->content_format = in->content_format;
    upload->tag_len = in->tag_len;
    memcpy(upload->tag, in->tag, sizeof(upload->tag));
    upload->first_ms = wall_ms;
}

static bool
same_request(const struct upload *upload, const struct coap_in *in)
{
    return upload->resource == in->resource && upload->method == in->code &&
           upload->content_format == in->content_format && upload->tag_len == in->tag_len &&
           memcmp(upload->tag, in->tag, sizeof(upload->tag)) == 0;
}

/* Whether this block is the one that follows in the upload under way. */
static bool
follows(const struct upload *upload, const struct coap_in *in)
{
    return upload->body && same_request(upload, in) &&
           (size_t)in->block1.num << (in->block1.szx + 4) == upload->len;
}

/* Whether this block was taken before; not the first, which begins anew. Of a body that is gone
 * only the place can tell. */
static bool
repeats(const struct upload *upload, const struct coap_in *in)
{
    struct rd rd = rd_init(bytes_of(upload->body, upload->len));

    if (in->block1.num == 0 || in->block1.num > upload->last_num ||
        in->block1.szx != upload->last_szx || !same_request(upload, in)) {
        return false;
    }
    if (upload->finished) {
        return in->block1.more == (in->block1.num < upload->last_num);
    }
    (void)rd_bytes(&rd, (size_t)in->block1.num << (in->block1.szx + 4));
    return in->block1.more && in->payload.len == (size_t)16 << in->block1.szx &&
           bytes_equal(rd_bytes(&rd, in->payload.len), in->payload);
}

static int
upload_check(const struct upload *upload, const struct coap_in *in, size_t body_max)
{
    size_t size = (size_t)16 << in->block1.szx;

    if (in->block1.num > 0 && !follows(upload, in)) {
        return UPLOAD_E_GAP;
    }
    if (in->payload.len > size || (in->block1.more && in->payload.len != size)) {
        return UPLOAD_E_FORM;
    }
    if ((in->has_size1 && in->size1 > body_max) || in->payload.len > body_max - upload->len ||
        (in->block1.more && in->payload.len == body_max - upload->len)) {
        return UPLOAD_E_LARGE;
    }
    return 0;
}

int
upload_take(struct upload *upload, const struct block_room *room, const struct coap_in *in,
            size_t body_max, uint64_t mono_ms, uint64_t wall_ms)
{
    struct rd rd = rd_init(in->payload);
    int r;

    if (repeats(upload, in)) {
        return UPLOAD_AGAIN;
    }
    if (in->block1.num == 0) {
        upload_drop(upload, room);
        upload_begin(upload, in, wall_ms);
    }
    r = upload_check(upload, in, body_max);
    if (r == 0) {
        r = upload_grow(upload, room, in->payload.len, body_max);
    }
    if (r != 0) {
        upload_drop(upload, room);
        return r;
    }
    rd_copy(&rd, upload->body + upload->len, in->payload.len);
    upload->len += in->payload.len;
    upload->last_num = in->block1.num;
    upload->last_szx = (uint8_t)in->block1.szx;
    upload->idle_ms = mono_ms + LIMIT_FRONT_BLOCK_IDLE_MS;
    return in->block1.more ? UPLOAD_MORE : UPLOAD_WHOLE;
}

void
download_drop(struct download *download, const struct block_room *room)
{
    if (download->body) {
        block_room_shrink(room, download->len);
        wipe(download->body, download->len); /* answers carry tokens */
    }
    free(download->body);
    *download = (struct download){0};
}

int
download_keep(struct download *download, const struct block_room *room, struct bytes body,
              uint64_t mono_ms)
{
    uint8_t *copy;

    if (!block_room_grow(room, body.len)) {
        return 1;
    }
    copy = malloc(body.len ? body.len : 1);
    if (!copy) {
        block_room_shrink(room, body.len);
        return -ENOMEM;
    }
    memcpy(copy, body.p, body.len);
    download->body = copy;
    download->len = body.len;
    download->idle_ms = mono_ms + LIMIT_FRONT_BLOCK_IDLE_MS;
    return 0;
}

bool
download_answers(const struct download *download, const struct coap_in *in)
{
    return download->body && download->resource == in->resource && download->method == in->code &&
           bytes_equal(bytes_of(download->aud, download->aud_len), bytes_of(in->aud, in->aud_len));
}

int
download_part(const struct download *download, const struct coap_block *ask,
              struct coap_block *ret_block, struct bytes *ret_part)
{
    size_t size = (size_t)16 << ask->szx;
    size_t from = (size_t)ask->num << (ask->szx + 4);
    struct rd rd = rd_init(bytes_of(download->body, download->len));

    if (from >= download->len) {
        return 1;
    }
    (void)rd_bytes(&rd, from);
    *ret_block = *ask;
    ret_block->present = true;
    ret_block->more = rd_left(&rd) > size;
    *ret_part = rd_bytes(&rd, ret_block->more ? size : rd_left(&rd));
    return 0;
}
