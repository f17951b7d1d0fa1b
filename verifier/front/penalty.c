#include "front/penalty.h"

#include "base/limits.h"
#include "base/spread.h"

uint64_t
penalty_key_identity(const struct penalties *penalties, struct bytes identity)
{
    return spread_key(penalties->seed, identity);
}

uint64_t
penalty_key_addr(const struct penalties *penalties, const struct addr *addr)
{
    struct addr host = *addr;
    uint8_t key[ADDR_KEY_LEN];

    host.port = 0; /* another port is the same peer */
    if (host.v6) {
        memset(host.ip + 8, 0, 8); /* and so is another address of its /64 */
    }
    addr_key(&host, key);
    return spread_key(~penalties->seed, BYTES_OF(key));
}

static struct penalty *
find(const struct penalties *penalties, uint64_t key)
{
    const struct penalty *row = penalties->rows[key % PENALTY_ROWS];

    for (size_t i = 0; i < PENALTY_WAYS; i++) {
        if (row[i].key == key) {
            return (struct penalty *)(uintptr_t)&row[i];
        }
    }
    return NULL;
}

uint64_t
penalty_wait_ms(const struct penalties *penalties, uint64_t key, uint64_t now_ms)
{
    const struct penalty *penalty = find(penalties, key);

    return penalty && penalty->until_ms > now_ms ? penalty->until_ms - now_ms : 0;
}

static struct penalty *
make(struct penalties *penalties, uint64_t key)
{
    struct penalty *row = penalties->rows[key % PENALTY_ROWS];
    struct penalty *least = &row[0];

    for (size_t i = 1; i < PENALTY_WAYS; i++) {
        if (row[i].until_ms < least->until_ms) {
            least = &row[i];
        }
    }
    *least = (struct penalty){.key = key};
    return least;
}

void
penalty_add(struct penalties *penalties, uint64_t key, uint64_t now_ms)
{
    struct penalty *penalty = find(penalties, key);
    uint64_t wait_ms = LIMIT_FRONT_PENALTY_MS;

    if (!penalty) {
        penalty = make(penalties, key);
    }
    if (now_ms > penalty->until_ms + LIMIT_FRONT_PENALTY_MOST_MS) {
        penalty->n = 0; /* long ago */
    }
    for (uint32_t i = 0; i < penalty->n && wait_ms < LIMIT_FRONT_PENALTY_MOST_MS; i++) {
        wait_ms *= 2;
    }
    penalty->n++;
    penalty->until_ms =
        now_ms + (wait_ms < LIMIT_FRONT_PENALTY_MOST_MS ? wait_ms : LIMIT_FRONT_PENALTY_MOST_MS);
}

void
penalty_forgive(struct penalties *penalties, uint64_t key)
{
    struct penalty *penalty = find(penalties, key);

    if (penalty) {
        *penalty = (struct penalty){0};
    }
}
