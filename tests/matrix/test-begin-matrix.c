/* A keeper that begins on an older store, or without what it needs to begin with: what was used up
 * is not taken again, and nothing is made of no random bytes. Pitfall 8, row 20 of the attacks
 * page. */
#include <openssl/rand.h>

#include "lib/attest-play.h"
#include "lib/check.h"
#include "lib/store-make.h"

static void
accepted(void)
{
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

/* A keeper that has just begun asks for evidence to a nonce of its own. */
static void
accepted_after_a_challenge(void)
{
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(&play.rig, play.nonce), REASON_EVIDENCE_STALE);
    accepted();
}

static void
copy_file(const char *from, const char *to)
{
    static uint8_t room[4 << 20];
    FILE *in = fopen(from, "rbe");
    FILE *out = fopen(to, "wbe");
    size_t n;

    CHECK(in && out);
    n = fread(room, 1, sizeof(room), in);
    CHECK(n > 0 && n < sizeof(room));
    CHECK_EQ(fwrite(room, 1, n, out), n);
    CHECK_EQ(fclose(in), 0);
    CHECK_EQ(fclose(out), 0);
}

/* A store that was set back does not know what was used up since; it must not take it twice. */
static void
evidence_of_before_a_restored_backup_is_not_taken_again(void)
{
    struct store_folder made = make_folder();
    struct bytes replayed;
    char backup[96];
    char head[64];

    play.rig.store_path = made.path;
    play_start();
    keeper_rig_reopen(&play.rig);
    snprintf(backup, sizeof(backup), "%s.backup", made.path);
    copy_file(made.path, backup);
    play.rig.now_ms += 1000;
    accepted_after_a_challenge();
    play_plain();
    replayed = play_written();
    CHECK_EQ(play_attest(replayed), COAP_CODE(2, 4));
    play.rig.now_ms += 1000;
    keeper_close(&play.rig.keeper);
    copy_file(backup, made.path);
    CHECK_EQ(keeper_open(&play.rig.keeper, &play.rig.clock,
                         bytes_of(play.rig.setup, play.rig.setup_len)),
             0);
    play.rig.now_ms += 1000;
    CHECK_EQ(play_attest(replayed), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(&play.rig, play.nonce), REASON_EVIDENCE_STALE);
    accepted();
    play_done();
    unlink(backup);
    snprintf(head, sizeof(head), "%s.head", made.path);
    unlink(head);
    drop_folder(&made);
}

/* A connection without a nonce has the handshake's time for a challenge: the same holds. */
static void
a_handshake_of_before_the_keeper_began_is_no_challenge(void)
{
    play_start();
    play.rig.device.reset_count++; /* of a boot that has had none without a nonce */
    keeper_rig_connect(&play.rig);
    play.rig.now_ms += 1000;
    play.rig.keeper.started_ms = play.rig.now_ms;
    play.evidence = (struct soft_evidence){.with_log = true, .with_values = true};
    soft_evidence_plain(&play.rig.device, NULL, play.rig.exporter, &play.evidence);
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 1));
    play.rig.keeper.started_ms = play.rig.handshake_ms;
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
}

/* Else no device would be heard until the clock is where it was. */
static void
a_clock_that_was_set_back_makes_no_nonce_old(void)
{
    play_start();
    play.rig.keeper.started_ms = play.rig.now_ms + 3600000;
    accepted();
}

static int
fail_bytes(unsigned char *out, int n)
{
    (void)out;
    (void)n;
    return 0;
}

/* The library's way to give a process another generator is deprecated and still the only one that
 * can fail at will. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void
break_generator(bool broken)
{
    static const RAND_METHOD failing = {.bytes = fail_bytes, .pseudorand = fail_bytes};

    CHECK_EQ(RAND_set_rand_method(broken ? &failing : NULL), 1);
}
#pragma GCC diagnostic pop

/* Neither a nonce nor a credential of what a generator that fails leaves behind. */
static void
without_random_bytes_nothing_is_made(void)
{
    struct wr wr;
    uint8_t room[2048];
    struct problem problem;
    struct bytes evidence;

    play_start();
    play_plain();
    evidence = play_written();
    break_generator(true);
    CHECK_EQ(play_attest(evidence), COAP_CODE(5, 0));
    CHECK_EQ(problem_read(play.rig.reply.body, &problem, NULL), 0);
    CHECK(!problem.has_nonce);
    wr = wr_init(room, sizeof(room));
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL,
                            soft_device_enroll(&play.rig.device, &wr), NULL),
             COAP_CODE(5, 0));
    wr = wr_init(room, sizeof(room));
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_ENROLL,
                            soft_device_enroll(&play.rig.device, &wr), NULL),
             COAP_CODE(5, 0));
    break_generator(false);
    accepted();
}

CHECK_MAIN(CASE(evidence_of_before_a_restored_backup_is_not_taken_again),
           CASE(a_handshake_of_before_the_keeper_began_is_no_challenge),
           CASE(a_clock_that_was_set_back_makes_no_nonce_old),
           CASE(without_random_bytes_nothing_is_made))
