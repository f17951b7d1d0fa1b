/* What connections hold together that have a key in common: half-open handshakes and bytes in
 * assembly of the addresses of one prefix; bytes of one device, by its PSK identity. */
#pragma once

#include "base/limits.h"
#include "base/std.h"

struct quota {
    struct quota *next;
    uint8_t key[LIMIT_FRONT_IDENTITY];
    size_t key_len;
    uint32_t n_users; /* connections that point here */
    uint32_t n_handshakes;
    size_t n_bytes;
};

struct quotas {
    struct quota **buckets;
    size_t n_buckets; /* a power of two */
    uint64_t seed;
    size_t n_bytes;        /* of all keys */
    size_t max_bytes;      /* of all keys */
    size_t max_each_bytes; /* of one */
    uint32_t n_entries;
};

/* n_buckets is rounded up to a power of two. Returns 0 or -ENOMEM. */
MUST_CHECK int quotas_init(struct quotas *quotas, size_t n_buckets, uint64_t seed);
void quotas_done(struct quotas *quotas);

/* The quota of this key, made if it is not there, with one user more; NULL without memory, and for
 * a key of more than LIMIT_FRONT_IDENTITY bytes. */
struct quota *quota_take(struct quotas *quotas, struct bytes key);

/* One user less; an unused quota is freed. NULL is fine. */
void quota_drop(struct quotas *quotas, struct quota *quota);

/* Asks for n bytes more; false when the key or all would pass their caps. */
bool quota_grow(struct quotas *quotas, struct quota *quota, size_t n);
void quota_shrink(struct quotas *quotas, struct quota *quota, size_t n);
