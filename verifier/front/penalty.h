/* Peers whose message broke a reader wait before they are heard again, each time twice as long:
 * what finds a fault in a reader needs many tries. By PSK identity, or by address where there is
 * none. A table of fixed size: where it is full, who waits the shortest is let go. */
#pragma once

#include "front/addr.h"

#define PENALTY_ROWS 1024u
#define PENALTY_WAYS 4u

struct penalty {
    uint64_t key; /* 0: free */
    uint64_t until_ms;
    uint32_t n; /* in a row */
};

struct penalties {
    uint64_t seed;
    struct penalty rows[PENALTY_ROWS][PENALTY_WAYS];
};

/* Never 0. Seeded, so that nobody can choose to share a row with somebody. */
uint64_t penalty_key_identity(const struct penalties *penalties, struct bytes identity);
uint64_t penalty_key_addr(const struct penalties *penalties, const struct addr *addr);

/* Milliseconds to wait; 0: none. */
uint64_t penalty_wait_ms(const struct penalties *penalties, uint64_t key, uint64_t now_ms);

/* It broke a reader now; or it did not, and all is forgiven. */
void penalty_add(struct penalties *penalties, uint64_t key, uint64_t now_ms);
void penalty_forgive(struct penalties *penalties, uint64_t key);
