/* A front that somebody has taken over, played message for message: it replays, and lies about
 * times, exporters, identities, kinds and connections. Its word counts for its connections only: no
 * lie makes a stored quote fresh or a stranger's token, and none changes the next device's verdict.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "roles/roles.h"
#include "wire/answer.h"

enum { BODY_ROOM = 128 * 1024, STORED = 20, STORED_ROOM = 4096, MINUTE_MS = 60 * 1000 };

/* An exchange that the front has kept: evidence that was bound to this exporter. */
struct stored {
    uint8_t exporter[32];
    uint8_t body_room[STORED_ROOM];
    struct bytes body;
};

static struct keeper_rig rig;
static struct stored stored[STORED];
static uint8_t body_room[BODY_ROOM];
static uint8_t nonce[WIRE_NONCE_SIZE];

/* A member whose log the keeper knows, so that evidence is small, at its verdict's first minute. */
static void
start(void)
{
    keeper_rig_new(&rig);
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
}

/* Time goes by for the keeper and for the device's TPM. */
static void
pass(int64_t keeper_ms, int64_t tpm_ms)
{
    rig.now_ms += keeper_ms;
    rig.device.clock_ms += (uint64_t)tpm_ms;
}

/* The keeper's nonce for the device that this front names. */
static void
take_nonce(void)
{
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(&rig, nonce), REASON_EVIDENCE_STALE);
}

static struct bytes
evidence_into(uint8_t *room, size_t cap, const uint8_t *with_nonce)
{
    struct soft_evidence evidence = {0};
    struct wr wr = wr_init(room, cap);
    struct bytes body;

    soft_evidence_plain(&rig.device, with_nonce, rig.exporter, &evidence);
    body = soft_evidence_write(&rig.device, &evidence, &wr);
    CHECK(body.p);
    return body;
}

/* Has the good device make an exchange on a connection of its own, and keeps it. */
static void
store_one(struct stored *one, bool with_nonce)
{
    keeper_rig_connect(&rig);
    if (with_nonce) {
        take_nonce();
    }
    memcpy(one->exporter, rig.exporter, sizeof(one->exporter));
    one->body = evidence_into(one->body_room, sizeof(one->body_room), with_nonce ? nonce : NULL);
}

/* Hands a kept exchange in as if it came on a connection made just now. */
static uint8_t
replay(const struct stored *one)
{
    keeper_rig_connect(&rig);
    memcpy(rig.exporter, one->exporter, sizeof(rig.exporter));
    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST, one->body, NULL);
}

static enum tier
tier_of_reply(void)
{
    struct answer answer;

    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    return answer.tier;
}

static bool
has_token(void)
{
    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay") ==
           COAP_CODE(2, 5);
}

static void
refused_as(enum reason reason)
{
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), reason);
    CHECK(!has_token());
}

/* The device itself, by an honest front. */
static void
check_honest(void)
{
    keeper_rig_connect(&rig);
    take_nonce();
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                            evidence_into(body_room, BODY_ROOM, nonce), NULL),
             COAP_CODE(2, 4));
    CHECK_EQ(tier_of_reply(), TIER_AFFIRMING);
    CHECK(has_token());
}

/* Twenty exchanges without a nonce, whose only challenge is what the front says of its connections:
 * of a boot that the keeper has not seen, the first passes, for a short token, and no other. */
static void
of_twenty_stored_exchanges_one_is_a_boots_first(void)
{
    start();
    rig.device.reset_count++;
    for (size_t i = 0; i < STORED; i++) {
        store_one(&stored[i], false);
        pass(1000, 1000);
    }
    CHECK_EQ(replay(&stored[0]), COAP_CODE(2, 4));
    CHECK_EQ(tier_of_reply(), TIER_AFFIRMING);
    for (size_t i = 0; i < STORED; i++) {
        pass(MINUTE_MS, 0);
        CHECK_EQ(replay(&stored[i]), COAP_CODE(4, 1));
        refused_as(REASON_EVIDENCE_STALE);
    }
    pass(0, STORED * MINUTE_MS);
    check_honest();
    keeper_rig_done(&rig);
}

/* The first one's token is short, whatever the front says of the handshake's time. */
static void
a_boots_first_exchange_lives_two_minutes(void)
{
    const struct session *session;

    start();
    rig.device.reset_count++;
    store_one(&stored[0], false);
    pass(3600 * 1000, 1000);
    CHECK_EQ(replay(&stored[0]), COAP_CODE(2, 4));
    session = sessions_get(rig.keeper.sessions, rig.front, rig.connection);
    CHECK(session);
    CHECK_EQ(session->life_s, KEEPER_TOKEN_NULL_S);
    pass(KEEPER_TOKEN_NULL_S * 1000, 0);
    CHECK(!has_token());
    keeper_rig_done(&rig);
}

/* Twenty exchanges under the keeper's own nonces, made in twenty seconds and handed in a minute
 * apart, in their order, so that every count and clock rises: the TPM's clock tells. */
static void
stored_exchanges_under_nonces_are_too_old_or_lag(void)
{
    start();
    for (size_t i = 0; i < STORED; i++) {
        store_one(&stored[i], true);
        pass(1000, 1000);
    }
    CHECK_EQ(replay(&stored[0]), COAP_CODE(2, 4));
    CHECK_EQ(tier_of_reply(), TIER_AFFIRMING);
    for (size_t i = 1; i < STORED; i++) {
        pass(MINUTE_MS, 0);
        CHECK_EQ(replay(&stored[i]), COAP_CODE(4, 1));
        refused_as(REASON_EVIDENCE_STALE);
    }
    pass(0, STORED * MINUTE_MS);
    check_honest();
    keeper_rig_done(&rig);
}

static void
an_exchange_serves_once(void)
{
    start();
    store_one(&stored[0], true);
    store_one(&stored[1], true);
    CHECK_EQ(replay(&stored[1]), COAP_CODE(2, 4));
    CHECK_EQ(replay(&stored[1]), COAP_CODE(4, 1));
    refused_as(REASON_EVIDENCE_STALE);
    CHECK_EQ(replay(&stored[0]), COAP_CODE(2, 4)); /* older than what was heard */
    CHECK_EQ(tier_of_reply(), TIER_CONTRAINDICATED);
    CHECK(!has_token());
    check_honest();
    keeper_rig_done(&rig);
}

/* Ten minutes for the keeper, one for the TPM that made the quote: it was stored or slept. */
static void
a_clock_that_lags_ten_minutes_is_refused(void)
{
    static const struct {
        int64_t tpm_ms;
        uint8_t code;
    } cases[] = {
        {1 * MINUTE_MS, COAP_CODE(4, 1)},
        {6 * MINUTE_MS, COAP_CODE(4, 1)},
        {7 * MINUTE_MS, COAP_CODE(2, 4)}, /* a TPM's rate may be a third off */
        {10 * MINUTE_MS, COAP_CODE(2, 4)},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        start();
        check_honest();
        pass(9 * MINUTE_MS, cases[i].tpm_ms);
        store_one(&stored[0], true);
        pass(MINUTE_MS, 0); /* past the half minute in which a nonce alone would do */
        CHECK_EQ(replay(&stored[0]), cases[i].code);
        if (cases[i].code == COAP_CODE(4, 1)) {
            refused_as(REASON_EVIDENCE_STALE);
        }
        keeper_rig_done(&rig);
    }
}

static void
a_lie_on_the_exporter_is_refused(void)
{
    start();
    for (size_t bit = 0; bit < 256; bit += 51) {
        store_one(&stored[0], true);
        stored[0].exporter[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(replay(&stored[0]), COAP_CODE(4, 1));
        refused_as(REASON_CHANNEL_BINDING);
    }
    check_honest();
    keeper_rig_done(&rig);
}

/* Asks for a token in the name of a connection, an exporter and a front. */
static uint8_t
token_for(struct ipc *front, struct ipc *peer, uint64_t connection, const uint8_t exporter[32])
{
    struct ipc *own_front = rig.front;
    struct ipc *own_peer = rig.peer;
    uint8_t code;

    rig.front = front;
    rig.peer = peer;
    rig.connection = connection;
    memcpy(rig.exporter, exporter, sizeof(rig.exporter));
    code = keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay");
    rig.front = own_front;
    rig.peer = own_peer;
    return code;
}

/* A front can ask for tokens on the connections that it carries, with what was bound to them. It
 * cannot for another front's, nor with another exporter or identity. */
static void
tokens_are_for_the_connection_that_was_accepted(void)
{
    static const uint8_t wrong[32] = {1};
    struct ipc *other_front;
    struct ipc *other_peer;
    uint8_t exporter[32];
    uint8_t closed[8];
    struct wr wr = wr_init(closed, sizeof(closed));
    uint64_t connection;
    int fds[2];

    start();
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    other_front = ipc_new(fds[0], false, roles_front_to_keeper);
    other_peer = ipc_new(fds[1], false, roles_keeper_to_front);
    check_honest();
    connection = rig.connection;
    memcpy(exporter, rig.exporter, sizeof(exporter));
    CHECK_EQ(token_for(other_front, other_peer, connection, exporter), COAP_CODE(4, 1));
    CHECK_EQ(token_for(rig.front, rig.peer, connection + 1, exporter), COAP_CODE(4, 1));
    CHECK_EQ(token_for(rig.front, rig.peer, connection, wrong), COAP_CODE(4, 1));
    wr_le64(&wr, connection);
    CHECK_EQ(keeper_closed(&rig.keeper, other_front, wr_done(&wr)), 0); /* closes nothing */
    CHECK_EQ(token_for(rig.front, rig.peer, connection, exporter), COAP_CODE(2, 5));
    keeper_front_gone(&rig.keeper, other_front);
    CHECK_EQ(token_for(rig.front, rig.peer, connection, exporter), COAP_CODE(2, 5));
    rig.identity[5] ^= 1;
    CHECK_EQ(token_for(rig.front, rig.peer, connection, exporter), COAP_CODE(4, 3));
    rig.identity[5] ^= 1;
    ipc_free(other_front);
    ipc_free(other_peer);
    keeper_rig_done(&rig);
}

/* One member's evidence under another's name: the keeper takes the AK of the row that is named. It
 * counts against the one that is named, as a signature under its name; the next good evidence heals
 * it, and it is never good for anything. */
static void
a_lie_on_who_it_is_gives_nobody_a_token(void)
{
    struct soft_device victim;
    char identity[64];

    start();
    victim = rig.device;
    memcpy(identity, rig.identity, sizeof(identity));
    soft_device_new(&rig.device, rig.hasher, RIG_SITE);
    keeper_rig_join(&rig);
    CHECK(keeper_rig_boot(&rig, victim.log));
    store_one(&stored[0], true);
    memcpy(rig.identity, identity, sizeof(rig.identity)); /* the victim's, with the other's quote */
    CHECK_EQ(replay(&stored[0]), COAP_CODE(4, 1));        /* its nonce is the other's */
    refused_as(REASON_EVIDENCE_STALE);
    store_one(&stored[0], true); /* now with the victim's own nonce */
    CHECK_EQ(replay(&stored[0]), COAP_CODE(4, 0));
    CHECK(!has_token());
    soft_device_done(&rig.device);
    rig.device = victim;
    CHECK_EQ(tpm_public_read(bytes_of(rig.device.ak_public, rig.device.ak_public_len),
                             &rig.device.ak_area, NULL),
             0);
    check_honest();
    keeper_rig_done(&rig);
}

static void
a_lie_on_the_kind_of_connection_opens_nothing(void)
{
    start();
    store_one(&stored[0], true);
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_CERTIFICATE, RESOURCE_ATTEST, stored[0].body, NULL),
             COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_CERTIFICATE, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 3));
    check_honest();
    keeper_rig_done(&rig);
}

/* Handshake, first and last block, against now; in milliseconds. The nonce is fresh in each. */
static void
times_that_cannot_be_are_refused(void)
{
    static const struct {
        int64_t handshake;
        int64_t blocks;
        bool good;
    } cases[] = {
        {0, 0, true},
        {-600000, 0, true},      /* a connection of ten minutes */
        {1, 0, false},           /* what came before its handshake */
        {0, 6000, false},        /* what will come */
        {-40000, -31000, false}, /* what came too long ago to be judged now */
        {-10000, -5000, true},
        {INT64_MAX / 2, INT64_MAX / 2, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        start();
        keeper_rig_connect(&rig);
        take_nonce();
        rig.handshake_ms = rig.now_ms + cases[i].handshake;
        rig.front_lies_ms = cases[i].blocks;
        (void)keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                             evidence_into(body_room, BODY_ROOM, nonce), NULL);
        if (rig.reply.code != (cases[i].good ? COAP_CODE(2, 4) : COAP_CODE(4, 1))) {
            check_fail(__FILE__, __LINE__, "case %zu: code %d", i, rig.reply.code);
        }
        rig.front_lies_ms = 0;
        pass(1000, 1000);
        check_honest();
        keeper_rig_done(&rig);
    }
}

CHECK_MAIN(CASE(of_twenty_stored_exchanges_one_is_a_boots_first),
           CASE(a_boots_first_exchange_lives_two_minutes),
           CASE(stored_exchanges_under_nonces_are_too_old_or_lag), CASE(an_exchange_serves_once),
           CASE(a_clock_that_lags_ten_minutes_is_refused), CASE(a_lie_on_the_exporter_is_refused),
           CASE(tokens_are_for_the_connection_that_was_accepted),
           CASE(a_lie_on_who_it_is_gives_nobody_a_token),
           CASE(a_lie_on_the_kind_of_connection_opens_nothing),
           CASE(times_that_cannot_be_are_refused))
