#include "keeper/logs.h"

#include <errno.h>
#include <stdlib.h>

#include "appraise/boot.h"
#include "roles/records.h"

struct kept {
    struct known_events known;
    uint8_t *records; /* what the views of known.log point into; NULL: free slot */
    uint8_t *body;
    struct event *events;
    uint64_t used;
};

struct logs {
    struct kept kept[LOGS_MAX];
    uint64_t tick;
};

struct logs *
logs_new(void)
{
    return calloc(1, sizeof(struct logs));
}

static void
kept_clear(struct kept *kept)
{
    free(kept->records);
    free(kept->body);
    free(kept->events);
    free(kept->known.log.memo);
    boot_memo_free(kept->known.log.boot);
    *kept = (struct kept){0};
}

void
logs_free(struct logs *logs)
{
    for (size_t i = 0; logs && i < LOGS_MAX; i++) {
        kept_clear(&logs->kept[i]);
    }
    free(logs);
}

const struct known_events *
logs_find(struct logs *logs, const uint8_t digest[32])
{
    for (size_t i = 0; i < LOGS_MAX; i++) {
        struct kept *kept = &logs->kept[i];

        if (kept->records && memcmp(kept->known.digest, digest, 32) == 0) {
            kept->used = ++logs->tick;
            if (!kept->known.log.boot) { /* it came back: worth the memory */
                kept->known.log.boot = boot_memo_new();
            }
            return &kept->known;
        }
    }
    return NULL;
}

void
logs_drop(struct logs *logs, const uint8_t digest[32])
{
    for (size_t i = 0; i < LOGS_MAX; i++) {
        struct kept *kept = &logs->kept[i];

        if (kept->records && memcmp(kept->known.digest, digest, 32) == 0) {
            kept_clear(kept);
        }
    }
}

/* A free slot, or the one unused longest. */
static struct kept *
kept_take(struct logs *logs)
{
    struct kept *oldest = &logs->kept[0];

    for (size_t i = 0; i < LOGS_MAX; i++) {
        if (!logs->kept[i].records) {
            return &logs->kept[i];
        }
        if (logs->kept[i].used < oldest->used) {
            oldest = &logs->kept[i];
        }
    }
    kept_clear(oldest);
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
kept_fill(struct kept *kept, struct hasher *hasher, const struct logs_read *read)
{
    struct event_log *log = &kept->known.log;
    int r = -ENOMEM;

    kept->records = copy_of(read->records);
    kept->body = copy_of(read->body);
    kept->events = calloc(LIMIT_EVENTS, sizeof(*kept->events));
    if (kept->records && kept->body && kept->events) {
        r = records_read(bytes_of(kept->records, read->records.len), kept->events, log);
    }
    if (r == 0) {
        r = events_vouch(hasher, bytes_of(kept->body, read->body.len), log);
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
    struct kept made = {0};
    struct event *fitted;
    struct kept *kept;
    int r = kept_fill(&made, hasher, read);

    if (r != 0) {
        kept_clear(&made);
        return r;
    }
    fitted = realloc(made.events, (made.known.log.n_events + 1) * sizeof(*fitted));
    if (fitted) {
        made.events = fitted;
    }
    made.known.log.events = made.events;
    memcpy(made.known.digest, read->digest, 32);
    made.used = ++logs->tick;
    kept = kept_take(logs);
    *kept = made;
    *ret = &kept->known;
    return 0;
}
