/* AKs decoded before, by content: with OpenSSL 3.0 decoding a P-256 key costs as much as half a
 * verification with it, and a device comes again with the same one. */
#pragma once

#include "formats/tpm-public.h"

#define AK_CACHE_MAX 4096u /* about 4 kB each: 16 MB when all are used */

struct ak_cache;

struct ak_cache *ak_cache_new(void);
void ak_cache_free(struct ak_cache *cache);

/* The key of an area as tpm_public_read() gave it; only one of equal bytes gives a kept one. It
 * stays the cache's, valid until the next call. Returns 0, what tpm_public_key() says (nothing is
 * kept then), or -ENOMEM. */
MUST_CHECK int ak_cache_get(struct ak_cache *cache, const struct tpm_public *public,
                            struct pubkey **ret);
