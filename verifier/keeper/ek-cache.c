#include "keeper/ek-cache.h"

#include <stdlib.h>

struct slot {
    bool used;
    uint8_t digest[32];
    struct ek_worth worth;
};

struct ek_cache {
    struct slot slots[EK_CACHE_MAX];
    size_t next;
};

struct ek_cache *
ek_cache_new(void)
{
    return calloc(1, sizeof(struct ek_cache));
}

void
ek_cache_free(struct ek_cache *cache)
{
    free(cache);
}

static size_t
find(const struct ek_cache *cache, const uint8_t digest[32])
{
    size_t i = 0;

    while (i < EK_CACHE_MAX &&
           (!cache->slots[i].used || memcmp(cache->slots[i].digest, digest, 32) != 0)) {
        i++;
    }
    return i;
}

const struct ek_worth *
ek_cache_get(const struct ek_cache *cache, const uint8_t digest[32], int64_t now_s)
{
    size_t i = find(cache, digest);
    const struct ek_worth *worth = i < EK_CACHE_MAX ? &cache->slots[i].worth : NULL;

    return worth && now_s >= worth->from_s && now_s <= worth->until_s ? worth : NULL;
}

void
ek_cache_put(struct ek_cache *cache, const uint8_t digest[32], const struct ek_worth *worth)
{
    size_t i = find(cache, digest);

    if (i == EK_CACHE_MAX) {
        i = cache->next;
        cache->next = (cache->next + 1) % EK_CACHE_MAX;
    }
    cache->slots[i].used = true;
    cache->slots[i].worth = *worth;
    memcpy(cache->slots[i].digest, digest, 32);
}
