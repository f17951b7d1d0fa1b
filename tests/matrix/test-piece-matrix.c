/* One turn of the keeper in which one piece of work fails: it is refused with a reason, everything
 * that it did is undone, and nobody else of the turn loses anything. */
#include <errno.h>

#include "base/hex.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"
#include "store/store-sql.h"
#include "wire/answer.h"

enum { BODY_ROOM = 256 * 1024 };

static struct keeper_rig rig;
static uint8_t body_room[BODY_ROOM];
static uint8_t nonce[WIRE_NONCE_SIZE];
static struct bytes body;
static char json[65536];

static const char *const log_vector = "boot/grub-sb-on/binary_bios_measurements";
static const uint8_t others[32] = {9}; /* another device's challenge in the same turn */

/* A member with good evidence at hand. */
static void
start(void)
{
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    struct wr wr = wr_init(body_room, BODY_ROOM);
    struct answer answer;

    keeper_rig_new(&rig);
    keeper_rig_member(&rig, log_vector);
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    memcpy(nonce, answer.nonce, sizeof(nonce));
    rig.now_ms += 1000;
    keeper_rig_connect(&rig);
    soft_evidence_plain(&rig.device, nonce, rig.exporter, &evidence);
    body = soft_evidence_write(&rig.device, &evidence, &wr);
}

static void
sql(const char *text)
{
    CHECK_EQ(sqlite3_exec(rig.keeper.store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

/* What another device's good request leaves in the turn. */
static void
other_piece(void)
{
    struct asked asked = {.front = rig.front, .id = 777};

    keeper_begin(&rig.keeper);
    CHECK_EQ(store_challenge_use(rig.keeper.store, others, rig.now_ms + 1000), 0);
    keeper_reply(&rig.keeper, &asked, COAP_CODE(2, 4), 60, bytes_str("other"));
    keeper_end(&rig.keeper);
}

static void
take_other(void)
{
    uint64_t request = 0;

    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(request, 777);
    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    CHECK_BYTES(rig.reply.body, bytes_str("other"));
    CHECK_EQ(store_challenge_use(rig.keeper.store, others, rig.now_ms + 1000), STORE_EXISTS);
}

static void
take_refusal(uint8_t code, enum reason reason, int64_t max_age_s)
{
    struct problem problem;
    uint64_t request = 0;

    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(request, rig.next_request);
    CHECK_EQ(rig.reply.code, code);
    CHECK_EQ(rig.reply.max_age_s, max_age_s);
    CHECK_EQ(problem_read(rig.reply.body, &problem, NULL), 0);
    CHECK_EQ(problem.reason, reason);
    CHECK_EQ(problem.retry_s, max_age_s > 0 ? max_age_s : 0);
    CHECK(!sessions_get(rig.keeper.sessions, rig.front, rig.connection));
}

/* The same evidence, when the store works again: its challenge was not used up. */
static void
the_same_passes_now(void)
{
    struct answer answer;

    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST, body, NULL), COAP_CODE(2, 4));
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    CHECK(answer.cwt.len > 0);
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
}

static void
a_failed_write_costs_its_own_piece(void)
{
    static const char *const failures[] = {
        "CREATE TRIGGER broken BEFORE UPDATE ON verdict BEGIN SELECT RAISE(ABORT, 'disk'); END",
        "CREATE TRIGGER broken BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'disk'); END",
        "CREATE TRIGGER broken BEFORE UPDATE ON device BEGIN SELECT RAISE(ABORT, 'disk'); END",
    };

    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        start();
        sql(failures[i]);
        other_piece();
        keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ATTEST, body, NULL);
        keeper_rig_read(&rig);
        take_other();
        take_refusal(COAP_CODE(5, 0), REASON_INTERNAL, -1);
        sql("DROP TRIGGER broken");
        the_same_passes_now();
        keeper_rig_done(&rig);
    }
}

/* A verdict that waited for a reader is a piece as well: what it wrote before it failed goes. */
static void
a_failed_write_after_a_reading_costs_its_own_piece(void)
{
    start();
    logs_free(rig.keeper.logs); /* so that a reader has to read what the device sends */
    rig.keeper.logs = logs_new();
    sql("CREATE TRIGGER broken BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'disk'); END");
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ATTEST, body, NULL);
    CHECK(keeper_rig_read(&rig));
    CHECK(!rig.keeper.in_piece);
    take_refusal(COAP_CODE(5, 0), REASON_INTERNAL, -1);
    other_piece();
    keeper_settle(&rig.keeper);
    take_other();
    sql("DROP TRIGGER broken");
    the_same_passes_now();
}

/* The audit row comes last: what was written before it and the answer that was made go too. */
static void
a_verdict_without_its_audit_row_is_none(void)
{
    start();
    sql("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk'); END");
    rig.device.restart_count++; /* another boot: worth a row */
    {
        struct soft_evidence evidence = {.with_log = true, .with_values = true};
        struct wr wr = wr_init(body_room, BODY_ROOM);

        soft_evidence_plain(&rig.device, nonce, rig.exporter, &evidence);
        body = soft_evidence_write(&rig.device, &evidence, &wr);
    }
    other_piece();
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ATTEST, body, NULL);
    keeper_rig_read(&rig);
    take_other();
    take_refusal(COAP_CODE(5, 0), REASON_INTERNAL, -1);
    sql("DROP TRIGGER broken");
    the_same_passes_now();
}

static void
a_full_store_says_when_to_come_again(void)
{
    struct asked asked = {.front = rig.front};
    uint64_t request = 0;
    static const int errors[] = {-ENOSPC, -EBUSY};

    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        start();
        asked.front = rig.front;
        asked.id = ++rig.next_request;
        other_piece();
        keeper_begin(&rig.keeper);
        keeper_broke(&rig.keeper, &asked, "test", errors[i]);
        keeper_end(&rig.keeper);
        keeper_settle(&rig.keeper);
        take_other();
        take_refusal(COAP_CODE(5, 3), REASON_STORE_UNAVAILABLE, KEEPER_BUSY_RETRY_S);
        CHECK(!keeper_rig_take(&rig, &request));
        keeper_rig_done(&rig);
    }
}

/* Outside of a piece nobody can say what belongs to it. */
static void
a_failure_outside_of_a_piece_costs_the_turn(void)
{
    uint64_t request = 0;

    start();
    other_piece();
    keeper_broke(&rig.keeper, NULL, "test", -EIO);
    keeper_settle(&rig.keeper);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.reply.code, COAP_CODE(5, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_STORE_UNAVAILABLE);
    CHECK_EQ(store_challenge_use(rig.keeper.store, others, rig.now_ms + 1000), 0);
}

/* SQLite may give the whole transaction up: then every answer of the turn is a refusal. */
static void
a_batch_that_sqlite_dropped_answers_nobody_well(void)
{
    uint64_t request = 0;

    start();
    other_piece();
    sql("ROLLBACK");
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ATTEST, body, NULL);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(request, 777);
    CHECK_EQ(rig.reply.code, COAP_CODE(5, 3));
    take_refusal(COAP_CODE(5, 3), REASON_STORE_UNAVAILABLE, KEEPER_BUSY_RETRY_S);
    the_same_passes_now();
}

static void
a_command_that_fails_is_undone_and_says_so(void)
{
    static const char *const words[] = {"class", "add", "d"};
    struct store_class class_row;

    start();
    sql("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk'); END");
    CHECK_EQ(keeper_rig_command(&rig, words, 3, json, sizeof(json)), 1);
    CHECK(strstr(json, "\"code\":\"store\""));
    CHECK_EQ(store_class_get(rig.keeper.store, "d", &class_row), STORE_NONE);
    sql("DROP TRIGGER broken");
    CHECK_EQ(keeper_rig_command(&rig, words, 3, json, sizeof(json)), 0);
    CHECK_EQ(store_class_get(rig.keeper.store, "d", &class_row), 0);
}

CHECK_MAIN(CASE(a_failed_write_costs_its_own_piece),
           CASE(a_failed_write_after_a_reading_costs_its_own_piece),
           CASE(a_verdict_without_its_audit_row_is_none),
           CASE(a_full_store_says_when_to_come_again),
           CASE(a_failure_outside_of_a_piece_costs_the_turn),
           CASE(a_batch_that_sqlite_dropped_answers_nobody_well),
           CASE(a_command_that_fails_is_undone_and_says_so))
