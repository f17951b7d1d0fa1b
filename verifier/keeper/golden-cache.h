/* Reference events of classes, loaded once a version. */
#pragma once

#include "appraise/golden.h"
#include "store/store.h"

struct golden_cache;

struct golden_cache *golden_cache_new(void);
void golden_cache_free(struct golden_cache *cache);

/* Forgets all: what was loaded may be of a version that the store has taken back, and whose number
 * comes again. */
void golden_cache_drop(struct golden_cache *cache);

/* The references of a class as they stand. Returns 0 or a negative errno. Valid until the next
 * call. */
MUST_CHECK int golden_cache_get(struct golden_cache *cache, struct store *store,
                                const char *class_name, const struct golden **ret);
