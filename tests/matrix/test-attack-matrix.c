/* Attacks in more than one step: each begins with a member that is accepted, and most end with it
 * accepted again. */
#include <stdlib.h>

#include "lib/attest-play.h"
#include "lib/check.h"

enum { LOG_ROOM = 64 * 1024 };

/* What the store has under the digest of the device's log hashes to it, or is not there. */
static void
store_holds_what_it_says(struct bytes log)
{
    uint8_t digest[32];
    uint8_t *body = NULL;
    size_t len = 0;
    int r;

    CHECK_EQ(hasher_bytes(play.rig.hasher, HASH_SHA256, log, digest), 0);
    r = store_log_get(play.rig.keeper.store, digest, &body, &len);
    CHECK(r == 0 || r == STORE_NONE);
    if (r == 0) {
        CHECK(bytes_equal(bytes_of(body, len), log));
        free(body);
    }
}

/* A member brings a log under a quote that does not fit, so that it is read and known but not
 * stored; then the fitting quote, and other bytes under the known digest. Stored, they would be
 * what every device with that log is judged by after the keeper's next start. */
static void
other_bytes_never_take_the_name_of_a_known_log(void)
{
    static uint8_t rooms[2][LOG_ROOM];
    struct bytes good = check_vector(PLAY_LOG);
    struct bytes log = bytes_of(rooms[0], good.len);

    play_start();
    memcpy(rooms[0], good.p, good.len);
    rooms[0][good.len - 1] ^= 1; /* the end of an event that binds no data */
    CHECK(keeper_rig_boot(&play.rig, log));
    play.rig.device.values.value[1][4][0] ^= 1;
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
    (void)play_answered();
    play.rig.device.values.value[1][4][0] ^= 1;
    play_plain();
    memset(rooms[1], 0x5a, log.len);
    play.rig.device.log = bytes_of(rooms[1], log.len);
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 0));
    CHECK_EQ(play_reason(), REASON_EVIDENCE_MALFORMED);
    store_holds_what_it_says(log);
    play.rig.device.log = log;
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    store_holds_what_it_says(log);
}

CHECK_MAIN(CASE(other_bytes_never_take_the_name_of_a_known_log))
