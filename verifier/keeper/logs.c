#include "keeper/logs.h"

#include <errno.h>
#include <stdlib.h>

#include "roles/records.h"

struct slot {
    struct known_events known;
    uint8_t *records; /* what the views of known.log point into; NULL: free slot */
    uint8_t *body;
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
    free(slot->body);
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

static uint8_t *
copy_of(struct bytes in)
{
    uint8_t *copy = malloc(in.len ? in.len : 1);

    if (copy && in.len > 0) {
        memcpy(copy, in.p, in.len);
    }
    return copy;
}

/* Reads the records and hashes what they say is bound, over our own bytes. */
static int
slot_fill(struct slot *slot, struct hasher *hasher, const struct logs_read *read)
{
    struct event_log *log = &slot->known.log;
    int r = -ENOMEM;

    slot->records = copy_of(read->records);
    slot->body = copy_of(read->body);
    slot->events = calloc(LIMIT_EVENTS, sizeof(*slot->events));
    if (slot->records && slot->body && slot->events) {
        r = records_read(bytes_of(slot->records, read->records.len), slot->events, log);
    }
    if (r == 0) {
        r = events_vouch(hasher, bytes_of(slot->body, read->body.len), log);
    }
    if (r == 0) {
        log->memo = calloc(LIMIT_BANKS, sizeof(*log->memo));
        r = log->memo ? 0 : -ENOMEM;
    }
    return r;
}

int
logs_add(struct logs *logs, struct hasher *hasher, const struct logs_read *read,
         const struct known_events **ret)
{
    struct slot made = {0};
    struct event *fitted;
    struct slot *slot;
    int r = slot_fill(&made, hasher, read);

    if (r != 0) {
        slot_clear(&made);
        return r;
    }
    fitted = realloc(made.events, (made.known.log.n_events + 1) * sizeof(*fitted));
    if (fitted) {
        made.events = fitted;
    }
    made.known.log.events = made.events;
    memcpy(made.known.digest, read->digest, 32);
    made.used = ++logs->tick;
    slot = slot_take(logs);
    *slot = made;
    *ret = &slot->known;
    return 0;
}
