#include "keeper/logs.h"

#include <errno.h>
#include <stdlib.h>

#include "roles/records.h"

struct slot {
    struct known_events known;
    uint8_t *records; /* what the views of known.log point into; NULL: free slot */
    struct event *events;
    uint64_t used;
};

struct logs {
    struct slot slots[LOGS_MAX];
    uint64_t tick;
};

struct logs *
logs_new(void)
{
    return calloc(1, sizeof(struct logs));
}

static void
slot_clear(struct slot *slot)
{
    free(slot->records);
    free(slot->events);
    free(slot->known.log.memo);
    *slot = (struct slot){0};
}

void
logs_free(struct logs *logs)
{
    for (size_t i = 0; logs && i < LOGS_MAX; i++) {
        slot_clear(&logs->slots[i]);
    }
    free(logs);
}

const struct known_events *
logs_find(struct logs *logs, const uint8_t digest[32])
{
    for (size_t i = 0; i < LOGS_MAX; i++) {
        struct slot *slot = &logs->slots[i];

        if (slot->records && memcmp(slot->known.digest, digest, 32) == 0) {
            slot->used = ++logs->tick;
            return &slot->known;
        }
    }
    return NULL;
}

void
logs_drop(struct logs *logs, const uint8_t digest[32])
{
    for (size_t i = 0; i < LOGS_MAX; i++) {
        struct slot *slot = &logs->slots[i];

        if (slot->records && memcmp(slot->known.digest, digest, 32) == 0) {
            slot_clear(slot);
        }
    }
}

/* A free slot, or the one unused longest. */
static struct slot *
slot_take(struct logs *logs)
{
    struct slot *oldest = &logs->slots[0];

    for (size_t i = 0; i < LOGS_MAX; i++) {
        if (!logs->slots[i].records) {
            return &logs->slots[i];
        }
        if (logs->slots[i].used < oldest->used) {
            oldest = &logs->slots[i];
        }
    }
    slot_clear(oldest);
    return oldest;
}

int
logs_add(struct logs *logs, const uint8_t digest[32], struct bytes records,
         const struct known_events **ret)
{
    struct slot made = {0};
    struct slot *slot;
    struct event *fitted;
    int r = -ENOMEM;

    made.records = malloc(records.len ? records.len : 1);
    made.events = calloc(LIMIT_EVENTS, sizeof(*made.events));
    if (made.records && made.events) {
        memcpy(made.records, records.p, records.len);
        r = records_read(bytes_of(made.records, records.len), made.events, &made.known.log);
    }
    if (r == 0) {
        made.known.log.memo = calloc(LIMIT_BANKS, sizeof(*made.known.log.memo));
        r = made.known.log.memo ? 0 : -ENOMEM;
    }
    if (r != 0) {
        slot_clear(&made);
        return r;
    }
    fitted = realloc(made.events, (made.known.log.n_events + 1) * sizeof(*fitted));
    if (fitted) {
        made.events = fitted;
    }
    made.known.log.events = made.events;
    memcpy(made.known.digest, digest, 32);
    made.used = ++logs->tick;
    slot = slot_take(logs);
    *slot = made;
    *ret = &slot->known;
    return 0;
}
