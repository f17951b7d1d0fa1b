/* What stands of a device's announcements, as the appraisal sees it. */
#pragma once

#include "appraise/rule-judge.h"
#include "store/store-announced.h"

#define ANNOUNCED_MAX ((size_t)LIMIT_ANNOUNCED * LIMIT_ANNOUNCE_EVENTS)

struct announced {
    size_t n;
    size_t n_damaged; /* rows that are none of ours: left out, whoever judges tells it */
    struct rule_announced rows[ANNOUNCED_MAX]; /* views into the rest */
    uint8_t digests[ANNOUNCED_MAX][HASH_SIZE_MAX];
    size_t n_components;
    char components[LIMIT_ANNOUNCED][LIMIT_NAME + 1];
};

/* The events that have a digest in the bank. *ret is to be freed, or NULL when nothing stands at
 * the moment. Returns 0 or a negative errno. */
MUST_CHECK int announced_load(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                              const struct store_moment *moment, enum hash bank,
                              struct announced **ret);
