/* What is read as an announcement is written to the same bytes, and names digests of banks. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/announce.h"

static bool
has_digest(const struct announce_event *event)
{
    for (size_t alg = 0; alg < HASH_N; alg++) {
        if (event->digests[alg].p) {
            return event->digests[alg].len == hash_size((enum hash)alg);
        }
    }
    return false;
}

void
fuzz_one(struct bytes in)
{
    struct announce announce;

    FUZZ_ASSERT(wire_echo_same("announce", in, BYTES_NULL));
    if (announce_read(in, &announce, NULL) == 0) {
        FUZZ_ASSERT(announce.n_events > 0 && announce.life_s > 0 && announce.component.len > 0);
        for (size_t i = 0; i < announce.n_events; i++) {
            FUZZ_ASSERT(has_digest(&announce.events[i]));
        }
    }
}
