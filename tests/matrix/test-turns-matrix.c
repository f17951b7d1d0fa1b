/* What may happen between a request and its answer, while a reader has the log: a front or a
 * connection goes, an operator speaks, other evidence comes. */
#include <sys/socket.h>

#include "base/hex.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "roles/roles.h"
#include "wire/answer.h"

enum { BODY_ROOM = 256 * 1024 };

static struct keeper_rig rig;
static uint8_t body_room[BODY_ROOM];
static uint8_t nonce[WIRE_NONCE_SIZE]; /* the last one that the device got */
static char json[65536];

static const char *const log_vector = "boot/grub-sb-on/binary_bios_measurements";

/* A member that has just booted what its class knows, with a log that the keeper has to have read:
 * its cache is emptied. */
static void
start(void)
{
    struct answer answer;

    keeper_rig_new(&rig);
    keeper_rig_member(&rig, log_vector);
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    logs_free(rig.keeper.logs);
    rig.keeper.logs = logs_new();
    rig.now_ms += 1000;
    keeper_rig_connect(&rig);
    memcpy(nonce, answer.nonce, sizeof(nonce));
}

/* Sends good evidence; its log waits for a reader. */
static void
post(void)
{
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    struct wr wr = wr_init(body_room, BODY_ROOM);

    soft_evidence_plain(&rig.device, nonce, rig.exporter, &evidence);
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                    soft_evidence_write(&rig.device, &evidence, &wr), NULL);
}

static enum device_state
state_of_device(void)
{
    struct store_device device;

    CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &device), 0);
    return device.state;
}

static void
a_front_that_goes_gets_no_answer_and_no_tokens(void)
{
    struct ipc *front = rig.front;
    uint64_t request;
    int fds[2];

    start();
    post();
    keeper_front_gone(&rig.keeper, rig.front);
    ipc_free(rig.front);
    ipc_free(rig.peer);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    rig.front = ipc_new(fds[0], false, roles_front_to_keeper);
    rig.peer = ipc_new(fds[1], false, roles_keeper_to_front);
    keeper_rig_read(&rig);
    CHECK(!keeper_rig_take(&rig, &request));
    CHECK(!sessions_get(rig.keeper.sessions, front, rig.connection));
    CHECK(!sessions_get(rig.keeper.sessions, rig.front, rig.connection));
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 1));
}

static void
closed(uint64_t connection)
{
    uint8_t room[8];
    struct wr wr = wr_init(room, sizeof(room));

    wr_le64(&wr, connection);
    CHECK_EQ(keeper_closed(&rig.keeper, rig.front, wr_done(&wr)), 0);
}

static void
a_connection_that_goes_gets_no_answer(void)
{
    uint64_t request;

    start();
    post();
    closed(rig.connection + 1);
    closed(rig.connection);
    keeper_rig_read(&rig);
    CHECK(!keeper_rig_take(&rig, &request));
    CHECK(!sessions_get(rig.keeper.sessions, rig.front, rig.connection));
}

static void
a_closed_connection_ends_its_tokens_and_no_others(void)
{
    uint64_t request;

    start();
    post();
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    closed(rig.connection + 1);
    CHECK(sessions_get(rig.keeper.sessions, rig.front, rig.connection));
    closed(rig.connection);
    CHECK(!sessions_get(rig.keeper.sessions, rig.front, rig.connection));
    CHECK_EQ(keeper_closed(&rig.keeper, rig.front, bytes_of(json, 7)), 1);
}

static void
operator_says(const char *verb)
{
    char id[2 * WIRE_UEID_SIZE + 1];
    struct store_device device;

    CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &device), 0);
    CHECK_EQ(keeper_rig_command(
                 &rig, (const char *[]){"device", verb, hex_write(id, BYTES_OF(device.id)), "lost"},
                 4, json, sizeof(json)),
             0);
}

static void
an_operators_word_during_a_reading_stands(void)
{
    uint64_t request;

    start();
    post();
    operator_says("remove");
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 3));
    CHECK_EQ(state_of_device(), DEVICE_REMOVED);
    CHECK(!sessions_get(rig.keeper.sessions, rig.front, rig.connection));
}

static void
quarantine_during_a_reading_gives_no_token(void)
{
    struct answer answer;
    uint64_t request;

    start();
    post();
    operator_says("quarantine");
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    CHECK_EQ(answer.cwt.len, 0);
    CHECK_EQ(state_of_device(), DEVICE_QUARANTINED);
}

static void
a_device_has_one_log_in_reading(void)
{
    uint64_t request;

    start();
    post();
    post();
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(request, rig.next_request);
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 29));
    CHECK_EQ(rig.reply.max_age_s, KEEPER_BUSY_RETRY_S);
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_RATE_LIMITED);
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(request, rig.next_request - 1);
    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
}

static void
a_keeper_may_close_while_a_log_is_read(void)
{
    start();
    post();
    keeper_rig_done(&rig);
}

static void
a_lost_batch_takes_its_tokens_with_it(void)
{
    uint64_t request;

    start();
    post();
    rig.keeper.batch_failed = true;
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request)); /* else a front would wait for ever */
    CHECK_EQ(rig.reply.code, COAP_CODE(5, 3));
    CHECK_EQ(rig.reply.max_age_s, KEEPER_BUSY_RETRY_S);
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_STORE_UNAVAILABLE);
    CHECK_EQ(state_of_device(), DEVICE_PROVISIONAL);
    CHECK(!sessions_get(rig.keeper.sessions, rig.front, rig.connection));
    post();
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    rig.keeper.batch_failed = true;
    keeper_settle(&rig.keeper);
    CHECK(sessions_get(rig.keeper.sessions, rig.front, rig.connection));
}

static void
an_operator_hears_of_a_lost_batch(void)
{
    start();
    rig.keeper.batch_failed = true;
    CHECK_EQ(keeper_rig_command(&rig, (const char *[]){"status"}, 1, json, sizeof(json)), 1);
    CHECK(strstr(json, "store"));
    CHECK_EQ(keeper_rig_command(&rig, (const char *[]){"status"}, 1, json, sizeof(json)), 0);
}

static void
a_bad_import_loses_nothing_of_its_batch(void)
{
    static const uint8_t challenge[32] = {7};
    char row[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef,c";
    uint8_t fingerprint[32];
    char class_name[STORE_CLASS_MAX];
    size_t len = 0;

    start();
    CHECK_EQ(hex_read(bytes_of(row, 64), fingerprint, sizeof(fingerprint), &len), 0);
    CHECK_EQ(store_challenge_use(rig.keeper.store, challenge, rig.now_ms + 1000), 0);
    CHECK_EQ(keeper_rig_command(&rig, (const char *[]){"device", "import", row, "none"}, 4, json,
                                sizeof(json)),
             1);
    CHECK_EQ(store_challenge_use(rig.keeper.store, challenge, rig.now_ms + 1000), STORE_EXISTS);
    CHECK_EQ(store_inventory_get(rig.keeper.store, fingerprint, class_name), STORE_NONE);
    CHECK_EQ(
        keeper_rig_command(&rig, (const char *[]){"device", "import", row}, 3, json, sizeof(json)),
        0);
    CHECK_EQ(store_inventory_get(rig.keeper.store, fingerprint, class_name), 0);
}

/* Evidence kept back for an hour, its nonce long dead, by a front that says that it came in time.
 */
static void
a_front_cannot_live_on_stored_evidence(void)
{
    static const int64_t lies[] = {-3600 * 1000, -31 * 1000, 6 * 1000};
    uint64_t request;

    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        start();
        rig.now_ms += lies[i] < 0 ? -lies[i] : 0;
        rig.front_lies_ms = lies[i];
        post();
        keeper_rig_read(&rig);
        CHECK(keeper_rig_take(&rig, &request));
        CHECK_EQ(rig.reply.code, COAP_CODE(4, 1));
        CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_EVIDENCE_STALE);
        CHECK_EQ(state_of_device(), DEVICE_PROVISIONAL);
        keeper_rig_done(&rig);
    }
}

static void
a_handshake_is_not_later_than_what_came_on_it(void)
{
    uint64_t request;

    start();
    rig.handshake_ms = rig.now_ms + 1000;
    post();
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 1));
}

CHECK_MAIN(CASE(a_front_that_goes_gets_no_answer_and_no_tokens),
           CASE(a_connection_that_goes_gets_no_answer),
           CASE(a_closed_connection_ends_its_tokens_and_no_others),
           CASE(an_operators_word_during_a_reading_stands),
           CASE(quarantine_during_a_reading_gives_no_token), CASE(a_device_has_one_log_in_reading),
           CASE(a_keeper_may_close_while_a_log_is_read),
           CASE(a_lost_batch_takes_its_tokens_with_it), CASE(an_operator_hears_of_a_lost_batch),
           CASE(a_bad_import_loses_nothing_of_its_batch),
           CASE(a_front_cannot_live_on_stored_evidence),
           CASE(a_handshake_is_not_later_than_what_came_on_it))
