/* The keys that fronts share, and when they change. They live in main's memory only: what has been
 * retired opens no ticket any more, so a disk that is stolen later opens no connection of before.
 * A verifier that starts again makes new ones; its devices then make full handshakes. */
#pragma once

#include "roles/setup.h"

struct rota {
    struct shared_keys keys;
    int64_t every_ms;
    int64_t next_ms; /* monotonic */
};

/* Two of each, as if it had changed before. Returns 0 or a negative errno. */
MUST_CHECK int rota_init(struct rota *rota, int64_t every_ms, int64_t now_ms);

/* Changes them when it is time: the current become the previous. Returns 1 when it did, 0, or a
 * negative errno with all as it was (and tries again at the next call). */
MUST_CHECK int rota_turn(struct rota *rota, int64_t now_ms);

/* Makes all of them anew, the previous too: no ticket of before opens a connection any more, and
 * each device makes one full handshake. Returns 0, or a negative errno with all as it was. */
MUST_CHECK int rota_renew(struct rota *rota, int64_t now_ms);
void rota_done(struct rota *rota);
