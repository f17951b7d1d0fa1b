#include "keeper/golden-cache.h"

#include <errno.h>
#include <stdlib.h>

enum { CLASSES_MAX = 64, REFS_MAX = 65536 };

struct slot {
    char name[STORE_CLASS_MAX];
    int64_t version;
    struct golden *golden; /* NULL: free */
};

struct golden_cache {
    struct slot slots[CLASSES_MAX];
    size_t next; /* the slot that a new class takes when all are used */
};

struct golden_cache *
golden_cache_new(void)
{
    return calloc(1, sizeof(struct golden_cache));
}

void
golden_cache_drop(struct golden_cache *cache)
{
    for (size_t i = 0; i < CLASSES_MAX; i++) {
        golden_freep(&cache->slots[i].golden);
    }
}

void
golden_cache_free(struct golden_cache *cache)
{
    if (cache) {
        golden_cache_drop(cache);
        free(cache);
    }
}

struct loading {
    struct golden_ref *refs;
    size_t n;
    size_t cap;
    bool failed;
};

static bool
on_ref(void *context, const struct store_ref *ref)
{
    struct loading *loading = context;

    if (loading->n == loading->cap) {
        size_t cap = loading->cap ? loading->cap * 2 : 256;
        struct golden_ref *bigger = NULL;

        if (cap <= REFS_MAX) {
            bigger = realloc(loading->refs, cap * sizeof(*bigger));
        }
        if (!bigger) {
            loading->failed = true;
            return false;
        }
        loading->refs = bigger;
        loading->cap = cap;
    }
    loading->refs[loading->n] = (struct golden_ref){.pcr = ref->pcr, .digest = ref->digest};
    memcpy(loading->refs[loading->n].label, ref->label, sizeof(ref->label));
    loading->n++;
    return true;
}

static int
load(struct store *store, const char *class_name, struct golden **ret)
{
    struct loading loading = {0};
    int r = store_ref_each(store, class_name, on_ref, &loading);

    if (r == 0 && loading.failed) {
        r = -ENOMEM;
    }
    if (r == 0) {
        *ret = golden_new(loading.refs, loading.n);
        r = *ret ? 0 : -ENOMEM;
    }
    free(loading.refs);
    return r > 0 ? -EIO : r;
}

/* The slot of a class, or one to fill. */
static struct slot *
slot_of(struct golden_cache *cache, const char *class_name)
{
    for (size_t i = 0; i < CLASSES_MAX; i++) {
        if (cache->slots[i].golden && strcmp(cache->slots[i].name, class_name) == 0) {
            return &cache->slots[i];
        }
    }
    cache->next = (cache->next + 1) % CLASSES_MAX;
    golden_freep(&cache->slots[cache->next].golden);
    return &cache->slots[cache->next];
}

int
golden_cache_get(struct golden_cache *cache, struct store *store, const char *class_name,
                 const struct golden **ret)
{
    struct slot *slot = slot_of(cache, class_name);
    int64_t version = 0;
    int r = store_ref_version(store, class_name, &version);

    if (r != 0) {
        return r < 0 ? r : -EIO;
    }
    if (!slot->golden || slot->version != version) {
        golden_freep(&slot->golden);
        r = load(store, class_name, &slot->golden);
        if (r < 0) {
            return r;
        }
        slot->version = version;
        memset(slot->name, 0, sizeof(slot->name));
        memcpy(slot->name, class_name, strnlen(class_name, sizeof(slot->name) - 1));
    }
    *ret = slot->golden;
    return 0;
}
