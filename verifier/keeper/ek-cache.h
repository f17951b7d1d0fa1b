/* What EK certificates were worth when they were checked: by content, the digest that
 * ek_sent_read() computed (certificates, EK and anchors), never by a reader's word. */
#pragma once

#include "keeper/ek-proof.h"

#define EK_CACHE_MAX 1024u /* 300 kB; a device that is known does not come back here */

struct ek_cache;

struct ek_cache *ek_cache_new(void);
void ek_cache_free(struct ek_cache *cache);

/* NULL when it is not known or does not hold at this time. Valid until the next put. */
const struct ek_worth *ek_cache_get(const struct ek_cache *cache, const uint8_t digest[32],
                                    int64_t now_s);

/* Replaces what was there, or the oldest. */
void ek_cache_put(struct ek_cache *cache, const uint8_t digest[32], const struct ek_worth *worth);
