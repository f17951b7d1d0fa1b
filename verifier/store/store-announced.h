/* What devices announced of boots to come: a row a device and component, the message as it came
 * (wire/announce.h, read and found whole before it is put). Rows go with their device. Outcomes as
 * store.h has them. */
#pragma once

#include "store/store.h"

struct store_announced {
    char component[LIMIT_NAME + 1];
    int64_t heard_ms;
    int64_t expires_ms;  /* from then on it stands no more */
    int64_t era;         /* of the boot that announced it: it stands in that era alone, */
    uint64_t reset_last; /* and until the TPM's resetCount is above this */
    uint8_t body[LIMIT_ANNOUNCE_BYTES];
    size_t body_len;
};

/* The moment for which it is asked what stands: our clock, and the boot that is judged. */
struct store_moment {
    int64_t now_ms;
    int64_t era;
    uint64_t reset_count;
};

/* Those of a device that stand at the moment, the oldest first: calls visit until it returns false;
 * the visitor must not write. A row that does not fit is no reason to see none of the others: it
 * comes with what could be read and no body, which is no announcement. */
MUST_CHECK int store_announced_each(
    struct store *store, const uint8_t id[WIRE_UEID_SIZE], const struct store_moment *moment,
    bool (*visit)(void *context, const struct store_announced *announced), void *context);

/* In the place of what the component had. STORE_NONE when there is no such device. */
MUST_CHECK int store_announced_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                   const struct store_announced *announced);

/* Drops those of a device that stand no more at the moment, so that it never has more rows than
 * stand. */
MUST_CHECK int store_announced_end(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                   const struct store_moment *moment);

/* STORE_NONE when there is none. */
MUST_CHECK int store_announced_drop(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                    const char *component);

/* Drops all that stand no more by the clock, of all devices. What boots ended goes with the week
 * that it was to stand at most, or when its device says something new. */
MUST_CHECK int store_announced_trim(struct store *store, int64_t now_ms);
