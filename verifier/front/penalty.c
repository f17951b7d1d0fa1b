#include "front/penalty.h"

#include "base/limits.h"

static uint64_t
mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

uint64_t
penalty_key_identity(const struct penalties *penalties, struct bytes identity)
{
    uint64_t h = mix(penalties->seed, identity.len);

    for (size_t i = 0; i < identity.len; i++) {
        h = mix(h, identity.p[i]);
    }
    return h ? h : 1;
}

uint64_t
penalty_key_addr(const struct penalties *penalties, const struct addr *addr)
{
    struct addr host = *addr;
    uint64_t h;

    host.port = 0; /* another port is the same peer */
    if (host.v6) {
        memset(host.ip + 8, 0, 8); /* and so is another address of its /64 */
    }
    h = addr_hash(&host, ~penalties->seed);
    return h ? h : 1;
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
