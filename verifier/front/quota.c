#include "front/quota.h"

#include <errno.h>
#include <stdlib.h>

#include "base/spread.h"

int
quotas_init(struct quotas *quotas, size_t n_buckets, uint64_t seed)
{
    size_t n = 16;

    while (n < n_buckets) {
        n *= 2;
    }
    quotas->buckets = calloc(n, sizeof(struct quota *));
    if (!quotas->buckets) {
        return -ENOMEM;
    }
    quotas->n_buckets = n;
    quotas->seed = seed;
    return 0;
}

void
quotas_done(struct quotas *quotas)
{
    for (size_t i = 0; i < quotas->n_buckets; i++) {
        while (quotas->buckets[i]) {
            struct quota *gone = quotas->buckets[i];

            quotas->buckets[i] = gone->next;
            free(gone);
        }
    }
    free(quotas->buckets);
    quotas->buckets = NULL;
    quotas->n_buckets = 0;
}

static struct quota **
bucket_of(const struct quotas *quotas, struct bytes key)
{
    return &quotas->buckets[spread(quotas->seed, key) & (quotas->n_buckets - 1)];
}

static struct bytes
key_of(const struct quota *quota)
{
    return bytes_of(quota->key, quota->key_len);
}

struct quota *
quota_take(struct quotas *quotas, struct bytes key)
{
    struct quota **bucket = bucket_of(quotas, key);
    struct quota *quota = *bucket;

    while (quota && !bytes_equal(key_of(quota), key)) {
        quota = quota->next;
    }
    if (!quota) {
        quota = key.len <= sizeof(quota->key) ? calloc(1, sizeof(*quota)) : NULL;
        if (!quota) {
            return NULL;
        }
        memcpy(quota->key, key.p, key.len);
        quota->key_len = key.len;
        quota->next = *bucket;
        *bucket = quota;
        quotas->n_entries++;
    }
    quota->n_users++;
    return quota;
}

void
quota_drop(struct quotas *quotas, struct quota *quota)
{
    struct quota **link;

    if (!quota || --quota->n_users > 0) {
        return;
    }
    link = bucket_of(quotas, key_of(quota));
    while (*link != quota) {
        link = &(*link)->next;
    }
    *link = quota->next;
    quotas->n_entries--;
    free(quota);
}

bool
quota_grow(struct quotas *quotas, struct quota *quota, size_t n)
{
    if (n > quotas->max_bytes - quotas->n_bytes || n > quotas->max_each_bytes - quota->n_bytes) {
        return false;
    }
    quotas->n_bytes += n;
    quota->n_bytes += n;
    return true;
}

void
quota_shrink(struct quotas *quotas, struct quota *quota, size_t n)
{
    quotas->n_bytes -= n;
    quota->n_bytes -= n;
}
