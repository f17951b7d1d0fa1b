/* The front's CoAP on open connections: who may ask what, repeats, bodies in parts, late answers.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/cbor-rd.h"
#include "front/coap-problem.h"
#include "lib/check.h"
#include "lib/front-rig.h"
#include "wire/problem.h"

enum { BLOCK = 1024 };

static struct rig rig;
static struct dtls_client client;
static struct dtls_answer answer;
static uint8_t pattern[40000];

static void
begin(const char *identity, const struct front_caps *caps)
{
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)(i * 31 + i / 256);
    }
    rig_start(&rig, "127.0.0.1", caps);
    rig_connect(&rig, &client, identity);
}

static void
end(void)
{
    dtls_client_close(&client, true);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    rig_stop(&rig);
}

static uint8_t
ask_code(const struct dtls_ask *ask)
{
    dtls_client_ask(&client, ask, &answer);
    CHECK(answer.came);
    return answer.code;
}

static uint8_t
block_code(uint32_t num, bool more, uint32_t size1)
{
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest", .token = (uint8_t)num};

    ask.block1 = (struct coap_block){.num = num, .more = more, .szx = 6, .present = true};
    ask.payload = bytes_of(pattern + num % 30 * BLOCK, BLOCK);
    ask.size1 = size1;
    return ask_code(&ask);
}

struct cell {
    const char *path;
    uint8_t method;
    uint8_t cert_code; /* 0: handed on */
    uint8_t psk_code;
};

#define OF(class, detail) FRONT_CODE(class, detail)
static const struct cell cells[] = {
    {"enroll", FRONT_POST, 0, 0},
    {"enroll", FRONT_GET, OF(4, 5), OF(4, 5)},
    {"attest", FRONT_POST, OF(4, 3), 0},
    {"attest", FRONT_GET, OF(4, 5), OF(4, 5)},
    {"token", FRONT_GET, OF(4, 3), 0},
    {"token", FRONT_POST, OF(4, 5), OF(4, 5)},
    {"keys", FRONT_GET, 0, 0},
    {"keys", FRONT_POST, OF(4, 5), OF(4, 5)},
    {"keys", 3, OF(4, 5), OF(4, 5)},
    {"keys", 4, OF(4, 5), OF(4, 5)},
    {"events", FRONT_GET, OF(4, 3), 0},
    {"announce", FRONT_POST, OF(4, 3), 0},
    {"announce", FRONT_GET, OF(4, 5), OF(4, 5)},
    {".well-known/core", FRONT_GET, 0, 0},
    {"nothing", FRONT_GET, OF(4, 4), OF(4, 4)},
    {"keys/more", FRONT_GET, OF(4, 4), OF(4, 4)},
    {"", FRONT_GET, OF(4, 4), OF(4, 4)},
};

static void
each_cell(const char *identity)
{
    begin(identity, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        struct dtls_ask ask = {.code = cells[i].method, .path = cells[i].path};
        uint8_t want = identity ? cells[i].psk_code : cells[i].cert_code;
        size_t before = rig.n_requests;

        CHECK_EQ(ask_code(&ask), want ? want : OF(2, 4));
        CHECK_EQ(rig.n_requests, before + (want ? 0 : 1));
        CHECK_EQ(answer.content_format, want ? 257 : 60);
    }
    end();
}

static void
a_certificate_connection_may_enrol_and_read_keys(void)
{
    each_cell(NULL);
}

static void
a_psk_connection_may_do_all_that_exists(void)
{
    each_cell("dev-1");
}

static void
errors_are_problem_details_of_their_code(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "nothing"};
    struct cbor_rd c;
    struct cbor_map map;
    int64_t key;

    begin("dev-1", NULL);
    CHECK_EQ(ask_code(&ask), OF(4, 4));
    c = cbor_rd_init(answer.payload);
    map = cbor_rd_map(&c, 2);
    CHECK(cbor_map_next_int(&c, &map, &key) && key == -1);
    CHECK_BYTES(cbor_rd_tstr(&c, 64), bytes_str("no such resource"));
    CHECK(cbor_map_next_int(&c, &map, &key) && key == -4);
    CHECK_EQ(cbor_rd_uint(&c, 255), OF(4, 4));
    CHECK(cbor_rd_end(&c));
    end();
}

static void
unknown_critical_options_are_refused_and_elective_ignored(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "keys", .extra_option = 2049};

    begin("dev-1", NULL);
    CHECK_EQ(ask_code(&ask), OF(4, 2));
    CHECK_EQ(rig.n_requests, 0);
    ask.extra_option = 2050;
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    end();
}

static void
the_audience_is_handed_on_and_other_queries_refused(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "token", .query = "aud=vpn.example"};

    begin("dev-1", NULL);
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    CHECK_STR(rig.aud, "vpn.example");
    ask.query = "sub=root";
    CHECK_EQ(ask_code(&ask), OF(4, 0));
    end();
}

static void
a_repeated_message_gets_its_old_answer_and_is_not_run(void)
{
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest", .mid = 7, .token = 1};
    uint8_t first[8];

    begin("dev-1", NULL);
    ask.payload = bytes_str("evidence");
    rig.answer = bytes_str("token 1");
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    memcpy(first, answer.payload.p, 7);
    rig.answer = bytes_str("token 2");
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    CHECK_BYTES(answer.payload, bytes_of(first, 7));
    CHECK_EQ(rig.n_requests, 1);
    CHECK_EQ(front_stats(rig.front).n_repeats, 1);
    ask.payload = bytes_str("other evidence"); /* same message id and token */
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    CHECK_BYTES(answer.payload, bytes_str("token 2"));
    CHECK_EQ(rig.n_requests, 2);
    end();
}

static void
an_old_answer_is_forgotten_after_247_seconds(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "keys", .mid = 7, .token = 1};

    begin("dev-1", NULL);
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    for (int i = 0; i < 5; i++) {
        struct dtls_ask other = {.code = FRONT_GET, .path = "keys"};

        rig.skew_ms += 50000;
        CHECK_EQ(ask_code(&other), OF(2, 4));
    }
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    CHECK_EQ(rig.n_requests, 7);
    end();
}

static void
a_slow_answer_is_acknowledged_and_sent_until_taken(void)
{
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest", .mid = 9, .token = 3};
    uint8_t room[2048];
    struct bytes message;

    begin("dev-1", NULL);
    rig.hold = true;
    message = dtls_ask_write(&client, &ask, room);
    dtls_client_send(&client, message);
    dtls_client_send(&client, message); /* repeated while in work */
    dtls_answer_receive(&client, &answer, 50);
    CHECK(!answer.came);
    CHECK_EQ(rig.n_requests, 1);
    rig.skew_ms += 1100;
    dtls_answer_receive(&client, &answer, 1000);
    CHECK(answer.came && answer.type == COAP_ACK && answer.code == 0 && answer.mid == 9);
    dtls_client_send(&client, message);
    dtls_answer_receive(&client, &answer, 1000);
    CHECK(answer.came && answer.type == COAP_ACK && answer.code == 0 && answer.mid == 9);
    CHECK_EQ(rig.n_requests, 1);
    rig.answer = bytes_str("late");
    rig_answer(&rig);
    for (int i = 0; i < 3; i++) {
        dtls_answer_receive(&client, &answer, 1000);
        CHECK(answer.came && answer.type == COAP_CON && answer.code == OF(2, 4));
        CHECK_BYTES(answer.payload, bytes_str("late"));
        rig.skew_ms += (uint64_t)2100 << i;
    }
    dtls_answer_receive(&client, &answer, 1000);
    dtls_client_send(&client, coap_out_empty(room, COAP_ACK, answer.mid));
    rig.skew_ms += 20000;
    dtls_answer_receive(&client, &answer, 100);
    CHECK(!answer.came);
    end();
}

static void
an_answer_that_nobody_takes_is_given_up(void)
{
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest"};
    uint8_t room[2048];
    size_t n = 0;

    begin("dev-1", NULL);
    rig.hold = true;
    dtls_client_send(&client, dtls_ask_write(&client, &ask, room));
    rig.skew_ms += 1100;
    dtls_answer_receive(&client, &answer, 1000);
    rig_answer(&rig);
    for (int i = 0; i < 8; i++) {
        dtls_answer_receive(&client, &answer, 100);
        n += answer.came ? 1 : 0;
        rig.skew_ms += i < 4 ? (uint64_t)2100 << i : 4000;
    }
    CHECK_EQ(n, 5); /* once and four times more */
    end();
}

static void
an_answer_counts_once_and_only_for_a_living_connection(void)
{
    const struct front_answer late = {.code = OF(2, 4), .content_format = -1, .max_age_s = -1};
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest"};
    uint8_t room[2048];

    begin("dev-1", NULL);
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    CHECK_EQ(front_reply(rig.front, rig.last.conn, rig.last.request, &late), 1);
    rig.hold = true;
    dtls_client_send(&client, dtls_ask_write(&client, &ask, room));
    CHECK_EQ(rig.n_requests, 2);
    front_close(rig.front, rig.last.conn);
    CHECK_EQ(rig.n_closed, 1);
    CHECK_EQ(front_reply(rig.front, rig.last.conn, rig.last.request, &late), 1);
    end();
}

static void
too_many_requests_at_once_are_told_to_wait(void)
{
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest"};
    struct problem problem;
    uint8_t room[2048];

    begin("dev-1", NULL);
    rig.hold = true;
    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        dtls_client_send(&client, dtls_ask_write(&client, &ask, room));
    }
    CHECK_EQ(ask_code(&ask), OF(4, 29));
    CHECK_EQ(rig.n_requests, LIMIT_FRONT_PENDING);
    CHECK_EQ(answer.max_age_s, 1);
    CHECK_EQ(answer.content_format, COAP_PROBLEM_FORMAT);
    CHECK_EQ(problem_read(answer.payload, &problem, NULL), 0);
    CHECK_EQ(problem.code, OF(4, 29));
    CHECK_EQ(problem.reason, REASON_RATE_LIMITED);
    CHECK_EQ(problem.retry_s, 1);
    end();
}

/* Evidence that cannot be read: 4.00 by the keeper, and then time to think. */
static void
who_broke_a_reader_waits_longer_each_time(void)
{
    struct dtls_ask post = {.code = FRONT_POST, .path = "attest", .payload = bytes_str("x")};
    struct dtls_ask get = {.code = FRONT_GET, .path = "keys"};

    begin("dev-1", NULL);
    for (int wait_s = 1; wait_s <= 8; wait_s *= 2) {
        size_t before = rig.n_requests;

        rig.code = OF(4, 0);
        CHECK_EQ(ask_code(&post), OF(4, 0));
        CHECK_EQ(rig.n_requests, before + 1);
        CHECK_EQ(ask_code(&post), OF(4, 29));
        CHECK_EQ(answer.max_age_s, wait_s);
        CHECK_EQ(block_code(0, true, 0), OF(4, 29)); /* and nothing is assembled */
        CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
        rig.code = OF(2, 5);
        CHECK_EQ(ask_code(&get), OF(2, 5)); /* what has no body breaks nothing */
        CHECK_EQ(rig.n_requests, before + 2);
        rig.skew_ms += (uint64_t)wait_s * 1000;
    }
    CHECK_EQ(front_stats(rig.front).n_waits, 8);
    rig.code = OF(2, 4);
    CHECK_EQ(ask_code(&post), OF(2, 4));
    rig.code = OF(4, 0);
    CHECK_EQ(ask_code(&post), OF(4, 0));
    CHECK_EQ(ask_code(&post), OF(4, 29));
    CHECK_EQ(answer.max_age_s, 1); /* what was read forgave the rest */
    end();
}

/* It follows the device to another connection, the stranger to another port, and nobody else. */
static void
a_wait_is_of_the_peer_and_not_of_the_connection(void)
{
    struct dtls_ask attest = {.code = FRONT_POST, .path = "attest", .payload = bytes_str("x")};
    struct dtls_ask enroll = {.code = FRONT_POST, .path = "enroll", .payload = bytes_str("x")};

    begin("dev-1", NULL);
    rig.code = OF(4, 0);
    CHECK_EQ(ask_code(&attest), OF(4, 0));
    dtls_client_close(&client, true);
    rig_connect(&rig, &client, "dev-1");
    CHECK_EQ(ask_code(&attest), OF(4, 29));
    dtls_client_close(&client, true);
    rig_connect(&rig, &client, "dev-2");
    rig.code = OF(2, 4);
    CHECK_EQ(ask_code(&attest), OF(2, 4));
    dtls_client_close(&client, true);
    rig_connect(&rig, &client, NULL);
    rig.code = OF(4, 0);
    CHECK_EQ(ask_code(&enroll), OF(4, 0));
    dtls_client_close(&client, true);
    rig_connect(&rig, &client, NULL);
    CHECK_EQ(ask_code(&enroll), OF(4, 29));
    dtls_client_close(&client, true);
    rig_connect(&rig, &client, "dev-2"); /* a device of the same address */
    rig.code = OF(2, 4);
    CHECK_EQ(ask_code(&attest), OF(2, 4));
    end();
}

static void
a_body_in_blocks_arrives_whole(void)
{
    begin("dev-1", NULL);
    for (uint32_t num = 0; num < 29; num++) {
        CHECK_EQ(block_code(num, true, 30 * BLOCK), OF(2, 31));
        CHECK(answer.block1.present && answer.block1.num == num && answer.block1.more);
        CHECK_EQ(rig.n_requests, 0);
        rig.skew_ms += 10;
    }
    CHECK_EQ(block_code(29, false, 0), OF(2, 4));
    CHECK(answer.block1.present && answer.block1.num == 29 && !answer.block1.more);
    CHECK_EQ(rig.n_requests, 1);
    CHECK_BYTES(bytes_of(rig.body, rig.last.body.len), bytes_of(pattern, 30 * BLOCK));
    CHECK(rig.last.complete_ms - rig.last.first_block_ms >= 290);
    end();
}

static void
a_skipped_block_or_one_of_before_ends_the_upload(void)
{
    begin("dev-1", NULL);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK_EQ(block_code(2, true, 0), OF(4, 8));
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    CHECK_EQ(block_code(1, true, 0), OF(4, 8));
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, false, 0), OF(4, 8)); /* the same place, another end */
    CHECK_EQ(block_code(2, true, 0), OF(4, 8));
    CHECK_EQ(rig.n_requests, 0);
    end();
}

/* Each under two message ids; the last of them is acknowledged and not run. */
static void
a_block_that_is_said_twice_is_taken_once(void)
{
    begin("dev-1", NULL);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, true, 0), 0);
    CHECK_EQ(answer.type, COAP_ACK);
    CHECK_EQ(block_code(2, false, 0), OF(2, 4));
    CHECK_EQ(rig.n_requests, 1);
    CHECK_EQ(block_code(2, false, 0), 0);
    CHECK_EQ(answer.type, COAP_ACK);
    CHECK_EQ(rig.n_requests, 1);
    CHECK_EQ(front_stats(rig.front).n_repeats, 2);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    end();
}

static void
a_block_of_another_length_than_it_says_is_malformed(void)
{
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest"};

    begin("dev-1", NULL);
    ask.block1 = (struct coap_block){.more = true, .szx = 2, .present = true};
    ask.payload = bytes_of(pattern, 63);
    CHECK_EQ(ask_code(&ask), OF(4, 0));
    ask.payload = bytes_of(pattern, 65);
    CHECK_EQ(ask_code(&ask), OF(4, 0));
    ask.payload = bytes_of(pattern, 64);
    CHECK_EQ(ask_code(&ask), OF(2, 31));
    end();
}

static void
a_body_that_never_ends_is_given_up_after_a_minute(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "keys"};

    begin("dev-1", NULL);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK(front_stats(rig.front).assembly_bytes > 0);
    rig.skew_ms += 40000;
    CHECK_EQ(ask_code(&ask), OF(2, 4)); /* the connection is not idle */
    rig.skew_ms += 21000;
    rig_pump(&rig);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    CHECK_EQ(block_code(1, true, 0), OF(4, 8));
    end();
}

static void
a_promise_of_two_gigabytes_allocates_nothing(void)
{
    begin("dev-1", NULL);
    CHECK_EQ(block_code(0, true, 0x7fffffff), OF(4, 13));
    CHECK_EQ(answer.size1, LIMIT_EVIDENCE_BYTES);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    CHECK_EQ(block_code(0, true, LIMIT_EVIDENCE_BYTES), OF(2, 31));
    CHECK(front_stats(rig.front).assembly_bytes <= 4096);
    end();
}

static void
a_body_above_its_cap_is_too_large(void)
{
    struct front_caps caps = {.attest_bytes = 3 * BLOCK};

    begin("dev-1", &caps);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, true, 0), OF(2, 31));
    CHECK_EQ(block_code(2, true, 0), OF(4, 13));
    CHECK_EQ(answer.size1, 3 * BLOCK);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, true, 0), OF(2, 31));
    CHECK_EQ(block_code(2, false, 0), OF(2, 4));
    CHECK_EQ(rig.last.body.len, 3 * BLOCK);
    end();
}

static void
another_cap_holds_for_the_next_block(void)
{
    begin("dev-1", NULL);
    front_set_limits(rig.front, 0, 3 * BLOCK);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, true, 0), OF(2, 31));
    CHECK_EQ(block_code(2, true, 0), OF(4, 13));
    front_set_limits(rig.front, 0, 0);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    CHECK_EQ(block_code(1, true, 0), OF(2, 31));
    CHECK_EQ(block_code(2, true, 0), OF(2, 31));
    CHECK_EQ(block_code(3, false, 0), OF(2, 4));
    CHECK_EQ(rig.last.body.len, 4 * BLOCK);
    end();
}

static void
one_prefix_has_one_share_of_the_room(void)
{
    struct front_caps caps = {.assembly_prefix_bytes = 6000};
    struct dtls_client first;

    begin("dev-1", &caps);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    first = client;
    rig_connect(&rig, &client, "dev-2");
    CHECK_EQ(block_code(0, true, 0), OF(5, 3));
    dtls_client_close(&first, true);
    CHECK_EQ(block_code(0, true, 0), OF(2, 31));
    end();
}

static uint8_t
fetch_code(uint32_t num, uint8_t szx, const char *path)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = path};

    ask.block2 = (struct coap_block){.num = num, .szx = szx, .present = true};
    return ask_code(&ask);
}

static void
a_long_answer_is_fetched_in_parts(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "keys"};

    begin("dev-1", NULL);
    rig.code = OF(2, 5);
    rig.answer = bytes_of(pattern, 2500);
    CHECK_EQ(ask_code(&ask), OF(2, 5));
    CHECK(answer.block2.present && answer.block2.num == 0 && answer.block2.more);
    CHECK_BYTES(answer.payload, bytes_of(pattern, BLOCK));
    CHECK_EQ(fetch_code(1, 6, "keys"), OF(2, 5));
    CHECK(answer.block2.more);
    CHECK_BYTES(answer.payload, bytes_of(pattern + BLOCK, BLOCK));
    CHECK_EQ(fetch_code(1, 6, "token"), OF(4, 8));
    CHECK_EQ(fetch_code(9, 6, "keys"), OF(4, 0));
    CHECK_EQ(fetch_code(2, 6, "keys"), OF(2, 5));
    CHECK(!answer.block2.more);
    CHECK_BYTES(answer.payload, bytes_of(pattern + 2 * BLOCK, 452));
    CHECK_EQ(fetch_code(2, 6, "keys"), OF(4, 8)); /* fetched: gone */
    CHECK_EQ(rig.n_requests, 1);
    end();
}

static void
smaller_parts_are_given_when_asked_for(void)
{
    begin("dev-1", NULL);
    rig.code = OF(2, 5);
    rig.answer = bytes_of(pattern, 100);
    CHECK_EQ(fetch_code(0, 2, "keys"), OF(2, 5));
    CHECK(answer.block2.present && answer.block2.more && answer.block2.szx == 2);
    CHECK_EQ(answer.payload.len, 64);
    CHECK_EQ(fetch_code(1, 2, "keys"), OF(2, 5));
    CHECK_BYTES(answer.payload, bytes_of(pattern + 64, 36));
    end();
}

static void
a_long_answer_that_nobody_fetches_goes_after_a_minute(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "keys"};
    struct dtls_ask bad = {.code = FRONT_GET, .path = "nothing"};

    begin("dev-1", NULL);
    rig.answer = bytes_of(pattern, 2500);
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 2500);
    rig.skew_ms += 40000;
    CHECK_EQ(ask_code(&bad), OF(4, 4));
    rig.skew_ms += 21000;
    rig_pump(&rig);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    end();
}

static void
an_idle_connection_is_closed_after_a_minute(void)
{
    begin("dev-1", NULL);
    rig.skew_ms += 59000;
    rig_pump(&rig);
    CHECK_EQ(rig.n_closed, 0);
    rig.skew_ms += 1100;
    rig_pump(&rig);
    CHECK_EQ(rig.n_closed, 1);
    CHECK(dtls_client_is_closed(&client, 1000));
    end();
}

static void
no_connection_lives_longer_than_a_quarter_of_an_hour(void)
{
    struct dtls_ask ask = {.code = FRONT_GET, .path = "keys"};

    begin("dev-1", NULL);
    for (int i = 0; i < 17; i++) {
        rig.skew_ms += 52000;
        CHECK_EQ(ask_code(&ask), OF(2, 4));
    }
    rig.skew_ms += 17000;
    rig_pump(&rig);
    CHECK_EQ(rig.n_closed, 1);
    end();
}

static void
a_ping_is_answered_and_noise_is_not(void)
{
    uint8_t room[4];

    begin("dev-1", NULL);
    dtls_client_send(&client, coap_out_empty(room, COAP_CON, 77));
    dtls_answer_receive(&client, &answer, 1000);
    CHECK(answer.came && answer.type == COAP_RST && answer.mid == 77);
    dtls_client_send(&client, bytes_str("x"));
    dtls_client_send(&client, bytes_str("\xff\xff\xff\xff\xff\xff"));
    dtls_client_send(&client, bytes_str("\x49\x01\x01\x01")); /* a token of nine bytes */
    dtls_answer_receive(&client, &answer, 50);
    CHECK(!answer.came);
    CHECK_EQ(front_stats(rig.front).n_dropped, 3);
    end();
}

static void
a_request_without_confirmation_gets_an_answer_without(void)
{
    struct dtls_ask ask = {.type = COAP_NON, .code = FRONT_GET, .path = "keys"};

    begin("dev-1", NULL);
    CHECK_EQ(ask_code(&ask), OF(2, 4));
    CHECK_EQ(answer.type, COAP_NON);
    end();
}

static void
stop_from_watch(void *ctx)
{
    int *fds = ctx;

    front_unwatch(rig.front, fds[0]);
    front_stop(rig.front);
}

static void
others_descriptors_are_watched_until_the_stop(void)
{
    int fds[2];

    rig_start(&rig, "127.0.0.1", NULL);
    CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
    CHECK_EQ(front_watch(rig.front, fds[0], stop_from_watch, fds), 0);
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(front_run(rig.front), 0);
    rig_stop(&rig);
}

CHECK_MAIN(CASE(a_certificate_connection_may_enrol_and_read_keys),
           CASE(a_psk_connection_may_do_all_that_exists),
           CASE(errors_are_problem_details_of_their_code),
           CASE(unknown_critical_options_are_refused_and_elective_ignored),
           CASE(the_audience_is_handed_on_and_other_queries_refused),
           CASE(a_repeated_message_gets_its_old_answer_and_is_not_run),
           CASE(an_old_answer_is_forgotten_after_247_seconds),
           CASE(a_slow_answer_is_acknowledged_and_sent_until_taken),
           CASE(an_answer_that_nobody_takes_is_given_up),
           CASE(an_answer_counts_once_and_only_for_a_living_connection),
           CASE(too_many_requests_at_once_are_told_to_wait), CASE(a_body_in_blocks_arrives_whole),
           CASE(who_broke_a_reader_waits_longer_each_time),
           CASE(a_wait_is_of_the_peer_and_not_of_the_connection),
           CASE(a_skipped_block_or_one_of_before_ends_the_upload),
           CASE(a_block_that_is_said_twice_is_taken_once),
           CASE(a_block_of_another_length_than_it_says_is_malformed),
           CASE(a_body_that_never_ends_is_given_up_after_a_minute),
           CASE(a_promise_of_two_gigabytes_allocates_nothing),
           CASE(a_body_above_its_cap_is_too_large), CASE(another_cap_holds_for_the_next_block),
           CASE(one_prefix_has_one_share_of_the_room), CASE(a_long_answer_is_fetched_in_parts),
           CASE(smaller_parts_are_given_when_asked_for),
           CASE(a_long_answer_that_nobody_fetches_goes_after_a_minute),
           CASE(an_idle_connection_is_closed_after_a_minute),
           CASE(no_connection_lives_longer_than_a_quarter_of_an_hour),
           CASE(a_ping_is_answered_and_noise_is_not),
           CASE(a_request_without_confirmation_gets_an_answer_without),
           CASE(others_descriptors_are_watched_until_the_stop))
