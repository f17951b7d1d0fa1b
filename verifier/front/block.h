/* Bodies in parts, RFC 7959: one upload (Block1) and one long answer (Block2) a connection, both
 * counted against the peer's prefix, the device and the total. Nothing is allocated for what a peer
 * promises (Size1): room grows as bytes arrive. */
#pragma once

#include "front/coap-in.h"
#include "front/quota.h"

struct block_room {
    struct quotas *quotas; /* by prefix; their total is the front's */
    struct quota *quota;
    struct quotas *devices;
    struct quota *device; /* NULL: a stranger */
};

/* Asks all that have a say for n bytes more; false when one refuses. */
bool block_room_grow(const struct block_room *room, size_t n);

/* The same for a part of a body of so many bytes. What is longer than evidence over UDP leaves a
 * quarter to what is not: some long lists at once lock nobody out who has little to say. */
bool block_room_grow_to(const struct block_room *room, size_t n, size_t body_len);
void block_room_shrink(const struct block_room *room, size_t n);

struct upload {
    uint8_t *body; /* NULL: no upload under way */
    size_t len;
    size_t cap; /* what quotas were asked for */
    enum front_resource resource;
    uint8_t method;
    int content_format;
    uint8_t tag[COAP_TOKEN_MAX];
    uint8_t tag_len;
    uint32_t last_num; /* of the block taken last */
    uint8_t last_szx;
    bool finished;     /* it was whole and is gone; what it was is known for its repeats */
    uint64_t first_ms; /* wall clock */
    uint64_t idle_ms;  /* monotonic: when it is given up */
};

enum {
    UPLOAD_WHOLE,   /* the body is complete: upload->body, len */
    UPLOAD_MORE,    /* 2.31 */
    UPLOAD_AGAIN,   /* a block that was taken before: what it is owed was said then */
    UPLOAD_E_GAP,   /* 4.08: not the block that follows; the upload is given up */
    UPLOAD_E_LARGE, /* 4.13: more than body_max, or said to become so */
    UPLOAD_E_FORM,  /* 4.00: a block that is not as long as it says */
    UPLOAD_E_FULL,  /* 5.03: no room for this peer now */
};

/* Takes one block; a block 0 begins anew. Another may come again under another message id: a client
 * that hears one 2.31 twice, as a network that delays has it, sends all that follows twice. Such a
 * repeat changes nothing and does not prolong. Returns one of the above or -ENOMEM; after an error
 * the upload is gone. */
MUST_CHECK int upload_take(struct upload *upload, const struct block_room *room,
                           const struct coap_in *in, size_t body_max, uint64_t mono_ms,
                           uint64_t wall_ms);
void upload_drop(struct upload *upload, const struct block_room *room);

/* The body was whole and is not needed any more. */
void upload_finish(struct upload *upload, const struct block_room *room);

/* A long answer that waits to be fetched. */
struct download {
    uint8_t *body; /* NULL: none */
    size_t len;
    uint32_t etag;
    enum front_resource resource;
    uint8_t method;
    uint8_t code;
    int content_format;
    int64_t max_age_s;
    uint8_t aud[LIMIT_NAME];
    size_t aud_len;
    uint64_t idle_ms; /* monotonic: when it is given up */
};

/* Copies the body in; resource, method and aud must be set. Returns 0, 1 when quotas forbid it, or
 * -ENOMEM. */
MUST_CHECK int download_keep(struct download *download, const struct block_room *room,
                             struct bytes body, uint64_t mono_ms);
void download_drop(struct download *download, const struct block_room *room);

/* True when the request asks for a later part of this answer. */
bool download_answers(const struct download *download, const struct coap_in *in);

/* The part that `ask` names (szx is honoured); *ret_block says what it is. Returns 0, or 1 when it
 * starts at or behind the end. */
MUST_CHECK int download_part(const struct download *download, const struct coap_block *ask,
                             struct coap_block *ret_block, struct bytes *ret_part);
