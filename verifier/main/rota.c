#include "main/rota.h"

#include "crypto/digest.h"

int
rota_init(struct rota *rota, int64_t every_ms, int64_t now_ms)
{
    rota->every_ms = every_ms;
    rota->next_ms = now_ms + every_ms;
    return random_bytes(&rota->keys, sizeof(rota->keys));
}

int
rota_turn(struct rota *rota, int64_t now_ms)
{
    struct shared_keys fresh;
    int r;

    if (now_ms < rota->next_ms) {
        return 0;
    }
    r = random_bytes(&fresh, sizeof(fresh));
    if (r < 0) {
        return r;
    }
    memcpy(fresh.ticket[1], rota->keys.ticket[0], sizeof(fresh.ticket[1]));
    memcpy(fresh.cookie[1], rota->keys.cookie[0], sizeof(fresh.cookie[1]));
    rota->keys = fresh;
    rota->next_ms = now_ms + rota->every_ms;
    wipe(&fresh, sizeof(fresh));
    return 1;
}

int
rota_renew(struct rota *rota, int64_t now_ms)
{
    struct shared_keys fresh;
    int r = random_bytes(&fresh, sizeof(fresh));

    if (r == 0) {
        rota->keys = fresh;
        rota->next_ms = now_ms + rota->every_ms;
    }
    wipe(&fresh, sizeof(fresh));
    return r;
}

void
rota_done(struct rota *rota)
{
    wipe(rota, sizeof(*rota));
}
