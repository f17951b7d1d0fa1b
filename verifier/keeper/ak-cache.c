#include "keeper/ak-cache.h"

#include <errno.h>
#include <stdlib.h>

enum { WAYS = 4, SETS = AK_CACHE_MAX / WAYS };

struct slot {
    struct pubkey *key; /* NULL: free */
    uint8_t *area;
    size_t len;
    uint64_t used;
};

struct ak_cache {
    struct slot slots[SETS][WAYS];
    uint64_t tick;
};

struct ak_cache *
ak_cache_new(void)
{
    return calloc(1, sizeof(struct ak_cache));
}

static void
slot_clear(struct slot *slot)
{
    pubkey_free(slot->key);
    free(slot->area);
    *slot = (struct slot){0};
}

void
ak_cache_free(struct ak_cache *cache)
{
    for (size_t i = 0; cache && i < SETS; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            slot_clear(&cache->slots[i][way]);
        }
    }
    free(cache);
}

/* FNV-1a. Members whose keys fall together only make each other's be decoded again: a slot is
 * found by all its bytes. */
static size_t
set_of(struct bytes area)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < area.len; i++) {
        sum = (sum ^ area.p[i]) * 16777619u;
    }
    return (sum ^ sum >> 16) % SETS;
}

/* Fills a slot anew; it is free when that fails. */
static int
slot_fill(struct slot *slot, const struct tpm_public *public)
{
    struct bytes area = public->area;
    struct slot made = {.len = area.len};
    int r = tpm_public_key(public, &made.key);

    if (r != 0) {
        return r;
    }
    made.area = malloc(area.len ? area.len : 1);
    if (!made.area) {
        slot_clear(&made);
        return -ENOMEM;
    }
    memcpy(made.area, area.p, area.len);
    slot_clear(slot);
    *slot = made;
    return 0;
}

int
ak_cache_get(struct ak_cache *cache, const struct tpm_public *public, struct pubkey **ret)
{
    struct slot *set = cache->slots[set_of(public->area)];
    struct slot *slot = &set[0];
    int r;

    for (size_t way = 0; way < WAYS; way++) {
        if (set[way].key && bytes_equal(bytes_of(set[way].area, set[way].len), public->area)) {
            set[way].used = ++cache->tick;
            *ret = set[way].key;
            return 0;
        }
        if (set[way].used < slot->used) { /* a free one was never used */
            slot = &set[way];
        }
    }
    r = slot_fill(slot, public);
    if (r == 0) {
        slot->used = ++cache->tick;
        *ret = slot->key;
    }
    return r;
}
