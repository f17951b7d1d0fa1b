/* Firmware logs that were read before, by content: a log travels once and is read once. The digest
 * is computed here over the bytes, never believed. */
#pragma once

#include "appraise/events.h"

#define LOGS_MAX 256u

struct known_events {
    uint8_t digest[32]; /* SHA-256 of the raw log */
    struct event_log log;
};

struct logs;

struct logs *logs_new(void);
void logs_free(struct logs *logs);

/* The log of this digest, or NULL. Valid until the next logs_add(). */
const struct known_events *logs_find(struct logs *logs, const uint8_t digest[32]);

/* What a reader made of a log. */
struct logs_read {
    uint8_t digest[32];
    struct bytes body; /* the log, whose SHA-256 that is */
    struct bytes records;
};

/* Keeps a copy of both, and vouches for the log; the one unused longest makes room. Returns 0 with
 * *ret, 1 when the records are not in their form or do not fit the log (the reader is broken or
 * hijacked), or a negative errno. */
MUST_CHECK int logs_add(struct logs *logs, struct hasher *hasher, const struct logs_read *read,
                        const struct known_events **ret);

/* Forgets a log, if it is known: what was made of it turned out to be no truth to build on. */
void logs_drop(struct logs *logs, const uint8_t digest[32]);
