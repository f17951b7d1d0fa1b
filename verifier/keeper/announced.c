#include "keeper/announced.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/announce.h"

struct loading {
    enum hash bank;
    struct announced *announced; /* NULL before the first row */
    struct announce *message;    /* the same */
    int r;
};

static void
add(struct loading *loading, const struct announce_event *event, const char *component,
    int64_t heard_s)
{
    struct announced *announced = loading->announced;
    struct bytes digest = event->digests[loading->bank];
    uint8_t *room = announced->digests[announced->n];

    if (digest.p) {
        memcpy(room, digest.p, digest.len);
        announced->rows[announced->n++] =
            (struct rule_announced){event->pcr, bytes_of(room, digest.len), component, heard_s};
    }
}

static int
begin(struct loading *loading)
{
    if (!loading->announced) {
        loading->announced = calloc(1, sizeof(*loading->announced));
        loading->message = malloc(sizeof(*loading->message));
    }
    return loading->announced && loading->message ? 0 : -ENOMEM;
}

static bool
on_row(void *context, const struct store_announced *row)
{
    struct loading *loading = context;
    struct bytes body = bytes_of(row->body, row->body_len);
    char *component;

    loading->r = begin(loading);
    if (loading->r != 0 || loading->announced->n_components == LIMIT_ANNOUNCED) {
        return false;
    }
    if (announce_read(body, loading->message, NULL) != 0) {
        loading->announced->n_damaged++;
        return true;
    }
    component = loading->announced->components[loading->announced->n_components++];
    memcpy(component, row->component, sizeof(row->component));
    for (size_t i = 0; i < loading->message->n_events; i++) {
        add(loading, &loading->message->events[i], component, row->heard_ms / 1000);
    }
    return true;
}

int
announced_load(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
               const struct store_moment *moment, enum hash bank, struct announced **ret)
{
    struct loading loading = {.bank = bank};
    int r = store_announced_each(store, id, moment, on_row, &loading);

    free(loading.message);
    r = r == 0 ? loading.r : r;
    if (r != 0) {
        free(loading.announced);
        return r;
    }
    *ret = loading.announced;
    return 0;
}
