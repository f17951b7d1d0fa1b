#include "keeper/outbox.h"

#include <errno.h>
#include <stdlib.h>

enum { REWRITE_ROOM = 1024 };

struct letter {
    struct ipc *to;
    uint16_t type;
    uint64_t id;
    uint8_t *body;
    size_t len;
};

struct outbox {
    struct letter *letters;
    size_t n;
    size_t cap;
};

struct outbox *
outbox_new(void)
{
    return calloc(1, sizeof(struct outbox));
}

void
outbox_free(struct outbox *outbox)
{
    if (outbox) {
        outbox_discard(outbox);
        free(outbox->letters);
        free(outbox);
    }
}

int
outbox_put(struct outbox *outbox, struct ipc *to, uint16_t type, uint64_t id, struct bytes body)
{
    struct letter letter = {.to = to, .type = type, .id = id, .len = body.len};

    if (outbox->n == outbox->cap) {
        size_t cap = outbox->cap ? outbox->cap * 2 : 64;
        struct letter *bigger = realloc(outbox->letters, cap * sizeof(*bigger));

        if (!bigger) {
            return -ENOMEM;
        }
        outbox->letters = bigger;
        outbox->cap = cap;
    }
    letter.body = malloc(body.len ? body.len : 1);
    if (!letter.body) {
        return -ENOMEM;
    }
    if (body.len > 0) {
        memcpy(letter.body, body.p, body.len);
    }
    outbox->letters[outbox->n++] = letter;
    return 0;
}

void
outbox_release(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->n; i++) {
        struct letter *letter = &outbox->letters[i];
        struct bytes part = bytes_of(letter->body, letter->len);

        if (letter->to) {
            ignore(ipc_send(letter->to, letter->type, letter->id, &part, 1, -1),
                   "a peer that is gone is noticed when it is next read");
        }
    }
    outbox_discard(outbox);
}

void
outbox_rewrite(struct outbox *outbox, size_t from, outbox_rewrite_fn *rewrite, const void *context)
{
    for (size_t i = from; i < outbox->n; i++) {
        struct letter *letter = &outbox->letters[i];
        uint8_t *room = malloc(REWRITE_ROOM);
        struct wr wr = wr_init(room, room ? REWRITE_ROOM : 0);

        rewrite(context, letter->type, bytes_of(letter->body, letter->len), &wr);
        if (!wr_done(&wr).p) {
            letter->to = NULL; /* its peer has to wait and ask again */
            free(room);
            continue;
        }
        free(letter->body);
        letter->body = room;
        letter->len = wr.len;
    }
}

void
outbox_discard(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->n; i++) {
        free(outbox->letters[i].body);
    }
    outbox->n = 0;
}

void
outbox_forget(struct outbox *outbox, const struct ipc *peer)
{
    for (size_t i = 0; i < outbox->n; i++) {
        if (outbox->letters[i].to == peer) {
            outbox->letters[i].to = NULL;
        }
    }
}

size_t
outbox_count(const struct outbox *outbox)
{
    return outbox->n;
}
