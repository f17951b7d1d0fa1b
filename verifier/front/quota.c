#include "front/quota.h"

#include <errno.h>
#include <stdlib.h>

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
bucket_of(const struct quotas *quotas, const struct addr_prefix *prefix)
{
    struct addr key = {0};

    memcpy(key.ip, prefix->b, sizeof(prefix->b));
    return &quotas->buckets[addr_hash(&key, quotas->seed) & (quotas->n_buckets - 1)];
}

struct quota *
quota_take(struct quotas *quotas, const struct addr *addr)
{
    struct addr_prefix prefix = addr_prefix(addr);
    struct quota **bucket = bucket_of(quotas, &prefix);
    struct quota *quota = *bucket;

    while (quota && memcmp(&quota->prefix, &prefix, sizeof(prefix)) != 0) {
        quota = quota->next;
    }
    if (!quota) {
        quota = calloc(1, sizeof(*quota));
        if (!quota) {
            return NULL;
        }
        quota->prefix = prefix;
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
    link = bucket_of(quotas, &quota->prefix);
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
    if (n > quotas->max_bytes - quotas->n_bytes || n > quotas->max_prefix_bytes - quota->n_bytes) {
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
