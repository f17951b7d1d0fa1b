/* What the addresses of one prefix hold together: half-open handshakes and bytes in assembly. */
#pragma once

#include "front/addr.h"

struct quota {
    struct quota *next;
    struct addr_prefix prefix;
    uint32_t n_users; /* connections that point here */
    uint32_t n_handshakes;
    size_t n_bytes;
};

struct quotas {
    struct quota **buckets;
    size_t n_buckets; /* a power of two */
    uint64_t seed;
    size_t n_bytes;          /* of all prefixes */
    size_t max_bytes;        /* of all prefixes */
    size_t max_prefix_bytes; /* of one */
    uint32_t n_entries;
};

/* n_buckets is rounded up to a power of two. Returns 0 or -ENOMEM. */
MUST_CHECK int quotas_init(struct quotas *quotas, size_t n_buckets, uint64_t seed);
void quotas_done(struct quotas *quotas);

/* The quota of this address, made if it is not there, with one user more; NULL without memory. */
struct quota *quota_take(struct quotas *quotas, const struct addr *addr);

/* One user less; an unused quota is freed. NULL is fine. */
void quota_drop(struct quotas *quotas, struct quota *quota);

/* Asks for n bytes more; false when prefix or total would pass their caps. */
bool quota_grow(struct quotas *quotas, struct quota *quota, size_t n);
void quota_shrink(struct quotas *quotas, struct quota *quota, size_t n);
