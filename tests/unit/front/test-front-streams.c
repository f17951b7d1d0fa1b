/* The front over TCP when peers are slow, silent, many or greedy: what they hold, and for how long.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/frame.h"
#include "lib/check.h"
#include "lib/front-rig.h"

enum { WAIT_MS = 3000, SHORT_MS = 200, TURNS = 20, BIG = 60000 };

static struct rig rig;
static const struct dtls_ask get_keys = {.code = FRONT_GET, .path = "keys"};

static void
begin(const struct front_caps *caps)
{
    rig.stream = true;
    rig_start(&rig, "127.0.0.1", caps);
}

static void
turns(void)
{
    for (int i = 0; i < TURNS; i++) {
        rig_pump(&rig);
    }
}

static void
serves(struct dtls_client *client)
{
    struct dtls_answer answer;

    rig.code = FRONT_CODE(2, 5);
    rig.answer = bytes_str("keys here");
    dtls_client_ask(client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 5));
}

/* The beginning of a message of so many bytes. */
static void
message_begin(struct dtls_client *client, size_t length, size_t sent)
{
    uint8_t *raw = calloc(1, sent + FRAME_HEAD_MAX);
    struct frame frame = {.code = FRONT_POST, .rest = length};
    size_t n = frame_head_write(raw, &frame);

    raw[n] = 0xb6; /* Uri-Path, six bytes */
    memcpy(raw + n + 1, "attest\xff", 7);
    CHECK(dtls_client_write(client, bytes_of(raw, n + sent)));
    free(raw);
    turns();
}

static void
only_bytes_that_came_cost_memory(void)
{
    struct dtls_client client;

    begin(NULL);
    rig_connect(&rig, &client, "dev-1");
    message_begin(&client, 250000, 100);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0); /* within what a connection has */
    dtls_client_close(&client, false);
    turns();
    rig_connect(&rig, &client, "dev-1");
    message_begin(&client, 250000, 1000);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 4096);
    dtls_client_close(&client, false);
    turns();
    rig_connect(&rig, &client, "dev-1");
    message_begin(&client, 250000, 100000);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 131072);
    dtls_client_close(&client, false);
    turns();
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    rig_stop(&rig);
}

static void
a_message_without_end_ends_the_connection(void)
{
    struct dtls_client client;

    begin(NULL);
    rig_connect(&rig, &client, "dev-1");
    message_begin(&client, 250000, 5000);
    for (int i = 0; i < 11; i++) { /* a byte now and then keeps it alive no longer */
        rig.skew_ms += 10000;
        CHECK(dtls_client_write(&client, check_hex("00")));
        turns();
    }
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    rig.skew_ms += 10001;
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    CHECK_EQ(rig.n_closed, 1);
    dtls_client_close(&client, false);
    rig_stop(&rig);
}

/* The connection lives for so long and no longer, and leaves nothing. Ends client and rig. */
static void
ends_after(struct dtls_client *client, uint64_t ms)
{
    rig.skew_ms += ms - 1000;
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    rig.skew_ms += 1001;
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    dtls_client_close(client, false);
    rig_stop(&rig);
}

static void
half_a_head_is_a_message_that_began(void)
{
    struct dtls_client client;

    begin(NULL);
    rig_connect(&rig, &client, "dev-1");
    CHECK(dtls_client_write(&client, check_hex("f0")));
    turns();
    ends_after(&client, LIMIT_STREAM_MESSAGE_MS);
}

static void
idle_and_old_connections_end(void)
{
    struct dtls_client client;

    begin(NULL);
    rig_connect(&rig, &client, "dev-1");
    for (unsigned ms = 0; ms < LIMIT_FRONT_LIFE_MS - 60000; ms += 50000) {
        rig.skew_ms += 50000;
        serves(&client); /* used, and so not idle */
    }
    rig.skew_ms += 59000;
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 0); /* of age */
    dtls_client_close(&client, false);
    rig_connect(&rig, &client, "dev-1");
    rig.skew_ms += LIMIT_FRONT_IDLE_MS - 1000;
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 1);
    rig.skew_ms += 1001;
    CHECK(dtls_client_is_closed(&client, WAIT_MS));
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    dtls_client_close(&client, false);
    rig_stop(&rig);
}

static void
a_handshake_that_stops_ends(void)
{
    struct dtls_client_config config;
    struct dtls_client client;

    begin(NULL);
    config = rig_client(&rig, "dev-1");
    dtls_client_open(&client, &config);
    CHECK_EQ(SSL_connect(client.ssl), -1); /* the hello is sent */
    turns();
    CHECK_EQ(front_stats(rig.front).n_handshakes, 1);
    rig.skew_ms += LIMIT_FRONT_HANDSHAKE_MS - 1000;
    turns();
    CHECK_EQ(front_stats(rig.front).n_handshakes, 1);
    rig.skew_ms += 1001;
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_prefixes, 0);
    dtls_client_close(&client, false);
    rig_stop(&rig);
}

/* Asks for long answers and reads none, until the front's own queue holds some. */
static void
stuff(struct dtls_client *client)
{
    static uint8_t body[BIG];
    uint8_t room[2048];

    rig.code = FRONT_CODE(2, 5);
    rig.answer = BYTES_OF(body);
    for (int i = 0; i < 400 && front_stats(rig.front).assembly_bytes == 0; i++) {
        dtls_client_send(client, dtls_ask_write(client, &get_keys, room));
    }
    CHECK(front_stats(rig.front).assembly_bytes > 0);
}

static void
who_does_not_read_is_not_read_and_ends(void)
{
    struct dtls_client_config config;
    struct dtls_client client;
    size_t n;

    begin(NULL);
    config = rig_client(&rig, "dev-1");
    config.message_max = 1 << 20;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    stuff(&client);
    n = rig.n_requests;
    for (int i = 0; i < 10; i++) {
        uint8_t room[2048];

        dtls_client_send(&client, dtls_ask_write(&client, &get_keys, room));
    }
    turns();
    CHECK_EQ(rig.n_requests, n); /* what he asks meanwhile stays with him */
    CHECK(front_stats(rig.front).assembly_bytes <= 2 * 65536 + 4096);
    ends_after(&client, LIMIT_STREAM_OUT_MS);
}

static void
who_reads_again_gets_everything(void)
{
    struct dtls_client_config config;
    struct dtls_client client;
    size_t n = 0;

    begin(NULL);
    config = rig_client(&rig, "dev-1");
    config.message_max = 1 << 20;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    stuff(&client);
    for (int i = 0; i < 5; i++) {
        uint8_t room[2048];

        dtls_client_send(&client, dtls_ask_write(&client, &get_keys, room));
    }
    while (n < (size_t)client.mid - 100 && dtls_client_receive_long(&client, WAIT_MS).len > 0) {
        n++;
    }
    CHECK_EQ(n, rig.n_requests);
    CHECK_EQ(n, client.mid - 100); /* all that was asked */
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

/* Six at once, of which four may be in work: two wait, decrypted already, until one is answered. */
static void
what_came_at_once_is_served_in_turn(void)
{
    struct dtls_client client;
    uint8_t all[256];
    struct wr wr = wr_init(all, sizeof(all));
    struct front_request held[8];

    begin(NULL);
    rig.hold = true;
    rig_connect(&rig, &client, "dev-1");
    for (int i = 0; i < 6; i++) {
        wr_bytes(&wr, check_hex("5001b46b657973")); /* GET /keys */
    }
    CHECK(dtls_client_write(&client, wr_done(&wr)));
    turns();
    CHECK_EQ(rig.n_requests, 4);
    held[0] = rig.last;
    rig_answer(&rig); /* the fourth */
    turns();
    CHECK_EQ(rig.n_requests, 5);
    CHECK(rig.last.request != held[0].request);
    rig_answer(&rig);
    turns();
    CHECK_EQ(rig.n_requests, 6);
    rig_answer(&rig);
    for (int i = 0; i < 3; i++) {
        CHECK(dtls_client_receive_long(&client, WAIT_MS).len > 0);
    }
    CHECK_EQ(dtls_client_receive_long(&client, SHORT_MS).len, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
without_room_a_body_is_refused_and_the_connection_goes_on(void)
{
    const struct front_caps caps = {.assembly_prefix_bytes = 20000};
    struct dtls_client client;
    struct dtls_answer answer;
    static uint8_t body[100000];
    uint8_t *room = malloc(sizeof(body) + 64);
    const struct coap_token token = {.b = {0xab, 0xcd}, .len = 2};
    struct coap_out out = coap_out_begin(room, sizeof(body) + 64, COAP_NON, FRONT_POST, 0, &token);
    struct bytes refusal;

    coap_out_option(&out, 11, bytes_str("attest"));
    coap_out_payload(&out, BYTES_OF(body));
    begin(&caps);
    rig_connect(&rig, &client, "dev-1");
    dtls_client_send(&client, coap_out_done(&out));
    refusal = dtls_client_receive_long(&client, WAIT_MS);
    CHECK(refusal.len > 6);
    CHECK_BYTES(bytes_of(refusal.p + 4, 2), bytes_of(token.b, 2));
    dtls_answer_read(&answer, refusal);
    CHECK_EQ(answer.code, FRONT_CODE(5, 3));
    CHECK(answer.max_age_s > 0);
    CHECK_EQ(rig.n_requests, 0);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    serves(&client);
    dtls_client_close(&client, true);
    rig_stop(&rig);
    free(room);
}

enum { HALF = 3 * 1024 * 1024, HALVES = 8 };

/* Of a message of so many bytes so many, by a device of its own. */
static void
half_sent(struct dtls_client *client, const char *identity, size_t length, size_t sent)
{
    rig_connect(&rig, client, identity);
    rig.takes = LIMIT_EVIDENCE_STREAM_BYTES;
    serves(client);
    message_begin(client, length, sent);
    for (int i = 0; i < 50; i++) { /* a connection has 256 KiB a turn */
        rig_pump(&rig);
    }
}

/* Many large messages that do not end: what they hold has an end, of each kind, and who is small
 * is served. */
static void
half_sent_lists_hold_no_more_than_their_prefix_may(void)
{
    static struct dtls_client clients[HALVES];
    struct dtls_client other;
    char identity[16];

    begin(NULL);
    for (size_t i = 0; i < HALVES; i++) {
        snprintf(identity, sizeof(identity), "dev-%zu", i);
        half_sent(&clients[i], identity, LIMIT_EVIDENCE_STREAM_BYTES, HALF);
        CHECK(front_stats(rig.front).assembly_bytes <= LIMIT_STREAM_ASSEMBLY_PREFIX_BYTES / 4 * 3);
        CHECK_EQ(front_stats(rig.front).n_conns, i + 1);
    }
    CHECK(front_stats(rig.front).assembly_bytes >= 3 * HALF);
    rig_connect(&rig, &other, "dev-other");
    serves(&other);
    message_begin(&other, 200000, 150000); /* and has room for a log */
    CHECK_EQ(front_stats(rig.front).assembly_bytes,
             LIMIT_STREAM_ASSEMBLY_PREFIX_BYTES / 4 * 3 + 200004);
    dtls_client_close(&other, false);
    for (size_t i = 0; i < HALVES; i++) {
        dtls_client_close(&clients[i], false);
    }
    turns();
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    rig_stop(&rig);
}

static void
one_device_has_one_list_in_assembly(void)
{
    struct dtls_client first;
    struct dtls_client second;
    struct dtls_client other;

    begin(NULL);
    half_sent(&first, "dev-1", LIMIT_EVIDENCE_STREAM_BYTES, HALF);
    CHECK(front_stats(rig.front).assembly_bytes >= HALF);
    half_sent(&second, "dev-1", LIMIT_EVIDENCE_STREAM_BYTES, HALF);
    CHECK(front_stats(rig.front).assembly_bytes <= LIMIT_STREAM_ASSEMBLY_DEVICE_BYTES);
    half_sent(&other, "dev-2", LIMIT_EVIDENCE_STREAM_BYTES, HALF);
    CHECK(front_stats(rig.front).assembly_bytes >= 2 * HALF);
    dtls_client_close(&first, false);
    dtls_client_close(&second, false);
    dtls_client_close(&other, false);
    turns();
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    rig_stop(&rig);
}

/* As many prefixes as one likes: what all of them hold is bounded too. */
static void
all_together_hold_no_more_than_the_total(void)
{
    const struct front_caps caps = {.assembly_bytes = 8 * 1024 * 1024};
    static struct dtls_client clients[HALVES];
    char identity[16];

    begin(&caps);
    for (size_t i = 0; i < HALVES; i++) {
        snprintf(identity, sizeof(identity), "dev-%zu", i);
        half_sent(&clients[i], identity, LIMIT_EVIDENCE_STREAM_BYTES, HALF);
        CHECK(front_stats(rig.front).assembly_bytes <= 6 * 1024 * 1024);
    }
    CHECK(front_stats(rig.front).assembly_bytes >= HALF);
    for (size_t i = 0; i < HALVES; i++) {
        dtls_client_close(&clients[i], false);
    }
    turns();
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    rig_stop(&rig);
}

static void
an_answer_without_room_ends_the_connection(void)
{
    const struct front_caps caps = {.assembly_prefix_bytes = 300};
    struct dtls_client_config config;
    struct dtls_client client;

    begin(&caps);
    config = rig_client(&rig, "dev-1");
    config.silent = true; /* its own capabilities had no room either */
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    CHECK_EQ(dtls_client_receive_long(&client, SHORT_MS).len, 0);
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    dtls_client_close(&client, false);
    rig_stop(&rig);
}

static void
an_answer_is_sent_before_its_connection_is_closed(void)
{
    static uint8_t body[BIG];
    struct dtls_client_config config;
    struct dtls_client client;
    struct dtls_answer answer;
    const struct front_answer late = {.code = FRONT_CODE(2, 5)};
    uint8_t room[2048];

    begin(NULL);
    rig.hold = true;
    config = rig_client(&rig, "dev-1");
    config.message_max = 1 << 20;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    dtls_client_send(&client, dtls_ask_write(&client, &get_keys, room));
    turns();
    CHECK_EQ(rig.n_requests, 1);
    rig.answer = BYTES_OF(body);
    rig_answer(&rig);
    front_close(rig.front, rig.last.conn);
    front_close(rig.front, rig.last.conn); /* unknown ones are fine */
    dtls_answer_read(&answer, dtls_client_receive_long(&client, WAIT_MS));
    CHECK_EQ(answer.payload.len, BIG);
    CHECK(dtls_client_is_closed(&client, WAIT_MS));
    CHECK_EQ(front_reply(rig.front, rig.last.conn, rig.last.request, &late), 1);
    dtls_client_close(&client, false);
    rig_stop(&rig);
}

/* Hellos and no more, from many ports: what they hold is bounded, and a device gets in. */
static void
a_flood_of_handshakes_meets_itself(void)
{
    const struct front_caps caps = {.handshakes_prefix = 8, .conns = 64};
    struct dtls_client_config config;
    static struct dtls_client flood[200];
    struct dtls_client device;

    begin(&caps);
    config = rig_client(&rig, "dev-0");
    config.ctx = SSL_CTX_new(TLS_client_method());
    CHECK_EQ(SSL_CTX_set_cipher_list(config.ctx, "ECDHE-PSK-CHACHA20-POLY1305"), 1);
    for (size_t i = 0; i < ARRAY_LEN(flood); i++) {
        dtls_client_open(&flood[i], &config);
        CHECK_EQ(SSL_connect(flood[i].ssl), -1);
        rig_pump(&rig);
        CHECK(front_stats(rig.front).n_handshakes <= 8);
    }
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 8);
    CHECK_EQ(front_stats(rig.front).n_evicted, ARRAY_LEN(flood) - 8);
    rig_connect(&rig, &device, "dev-1");
    serves(&device);
    dtls_client_close(&device, true);
    for (size_t i = 0; i < ARRAY_LEN(flood); i++) {
        dtls_client_close(&flood[i], false);
    }
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    SSL_CTX_free(config.ctx);
    rig_stop(&rig);
}

static void
a_full_table_lets_strangers_go_first(void)
{
    const struct front_caps caps = {.conns = 4};
    struct dtls_client device;
    struct dtls_client strangers[5];

    begin(&caps);
    rig_connect(&rig, &device, "dev-1");
    for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
        rig_connect(&rig, &strangers[i], NULL);
        CHECK(front_stats(rig.front).n_conns <= 4);
    }
    CHECK_EQ(front_stats(rig.front).n_evicted, 2);
    serves(&device); /* the oldest of all, and still there */
    CHECK(dtls_client_is_closed(&strangers[0], WAIT_MS));
    CHECK(dtls_client_is_closed(&strangers[1], WAIT_MS));
    serves(&strangers[4]);
    for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
        dtls_client_close(&strangers[i], false);
    }
    dtls_client_close(&device, true);
    rig_stop(&rig);
}

/* What is no TLS at all, and who hangs up at once. */
static void
noise_is_closed_and_forgotten(void)
{
    static const char *const noises[] = {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff",
                                         "\x80\x2e", ""};

    begin(NULL);
    for (size_t i = 0; i < ARRAY_LEN(noises); i++) {
        struct dtls_client_config config = rig_client(&rig, NULL);
        struct dtls_client client;

        dtls_client_open(&client, &config);
        CHECK_EQ(write(client.fd, noises[i], strlen(noises[i])), strlen(noises[i]));
        turns();
        ignore(shutdown(client.fd, SHUT_RDWR) < 0, "it may be closed already");
        turns();
        dtls_client_close(&client, false);
    }
    turns();
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_prefixes, 0);
    rig_stop(&rig);
}

static void
an_address_must_be_one(void)
{
    int fd = -1;

    CHECK_EQ(front_listen_stream("localhost", 0, &fd), 1);
    CHECK_EQ(front_listen_stream("", 0, &fd), 1);
    CHECK_EQ(front_listen_stream("192.0.2.1", 0, &fd), -EADDRNOTAVAIL);
    CHECK_EQ(fd, -1);
}

CHECK_MAIN(CASE(only_bytes_that_came_cost_memory), CASE(a_message_without_end_ends_the_connection),
           CASE(half_a_head_is_a_message_that_began), CASE(idle_and_old_connections_end),
           CASE(a_handshake_that_stops_ends), CASE(who_does_not_read_is_not_read_and_ends),
           CASE(who_reads_again_gets_everything), CASE(what_came_at_once_is_served_in_turn),
           CASE(without_room_a_body_is_refused_and_the_connection_goes_on),
           CASE(half_sent_lists_hold_no_more_than_their_prefix_may),
           CASE(one_device_has_one_list_in_assembly),
           CASE(all_together_hold_no_more_than_the_total),
           CASE(an_answer_without_room_ends_the_connection),
           CASE(an_answer_is_sent_before_its_connection_is_closed),
           CASE(a_flood_of_handshakes_meets_itself), CASE(a_full_table_lets_strangers_go_first),
           CASE(noise_is_closed_and_forgotten), CASE(an_address_must_be_one))
