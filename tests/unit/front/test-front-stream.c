/* The front over TCP: who gets in, what is asked and answered, and a peer that breaks RFC 8323. */
#include <stdlib.h>

#include "front/coap-signal.h"
#include "front/frame.h"
#include "lib/check.h"
#include "lib/front-rig.h"

enum { WAIT_MS = 3000, LONG = 200000 };

static struct rig rig;
static const struct dtls_ask get_keys = {.code = FRONT_GET, .path = "keys"};
static const struct coap_token no_token = {.len = 0};

static void
begin(const char *ip, const struct front_caps *caps)
{
    rig.stream = true;
    rig_start(&rig, ip, caps);
}

static void
serves(struct dtls_client *client)
{
    struct dtls_answer answer;
    size_t before = rig.n_requests;

    rig.code = FRONT_CODE(2, 5);
    rig.answer = bytes_str("keys here");
    dtls_client_ask(client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 5));
    CHECK_EQ(answer.content_format, 60);
    CHECK_BYTES(answer.payload, bytes_str("keys here"));
    CHECK_EQ(rig.n_requests, before + 1);
}

static void
a_psk_connection_has_its_identity_and_exporter(void)
{
    struct dtls_client client;
    uint8_t exporter[32];

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    CHECK_EQ(client.server_max, LIMIT_EVIDENCE_BYTES + 1024); /* nobody vouched for more */
    serves(&client);
    CHECK_EQ(rig.last.kind, FRONT_PSK);
    CHECK_STR(rig.identity, "dev-1");
    rig_exporter(&client, exporter);
    CHECK_BYTES(BYTES_OF(rig.last.exporter), BYTES_OF(exporter));
    CHECK(rig.last.hello_ms <= rig.last.handshake_ms);
    CHECK(rig.last.handshake_ms <= rig.last.first_block_ms);
    CHECK(rig.last.first_block_ms <= rig.last.complete_ms);
    dtls_client_close(&client, true);
    rig_pump(&rig);
    CHECK_EQ(rig.n_closed, 1);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_prefixes, 0);
    rig_stop(&rig);
}

static void
a_certificate_connection_may_enrol_and_no_more(void)
{
    static uint8_t body[LIMIT_FRONT_ENROLL_BYTES];
    const struct dtls_ask attest = {.code = FRONT_POST, .path = "attest", .payload = {body, 9}};
    const struct dtls_ask enrol = {.code = FRONT_POST, .path = "enroll"};
    struct dtls_client client;
    struct dtls_answer answer;

    begin("::1", NULL);
    rig_connect(&rig, &client, NULL);
    CHECK_EQ(client.server_max, LIMIT_FRONT_ENROLL_BYTES + 1024);
    serves(&client);
    CHECK_EQ(rig.last.kind, FRONT_CERT);
    CHECK_EQ(rig.last.identity.len, 0);
    dtls_client_ask(&client, &attest, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(4, 3));
    dtls_client_ask(&client, &enrol, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 5));
    CHECK_EQ(rig.n_psk, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
refused(struct dtls_client_config config)
{
    struct dtls_client client;

    config.silent = true;
    dtls_client_open(&client, &config);
    CHECK(!dtls_client_connect(&client, 2000) || dtls_client_is_closed(&client, 2000));
    CHECK_EQ(front_stats(rig.front).n_opened, 0);
    dtls_client_close(&client, false);
    rig_pump(&rig);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
}

static void
other_versions_of_tls_are_refused(void)
{
    struct dtls_client_config config;

    begin("127.0.0.1", NULL);
    config = rig_client(&rig, NULL);
    config.max_version = config.min_version = TLS1_3_VERSION;
    refused(config);
    config = rig_client(&rig, "dev-1");
    config.max_version = config.min_version = TLS1_3_VERSION;
    refused(config);
    config.max_version = config.min_version = TLS1_1_VERSION;
    config.suites = "ALL:PSK:@SECLEVEL=0";
    refused(config);
    CHECK_EQ(rig.n_psk, 0);
    config = rig_client(&rig, "dev-1");
    config.max_version = TLS1_3_VERSION; /* one that could do more gets 1.2 */
    struct dtls_client client;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    CHECK_EQ(SSL_version(client.ssl), TLS1_2_VERSION);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
weak_and_unknown_peers_are_refused(void)
{
    struct dtls_client_config config;

    begin("127.0.0.1", NULL);
    config = rig_client(&rig, "dev-1");
    config.options = SSL_OP_NO_EXTENDED_MASTER_SECRET;
    refused(config);
    CHECK_EQ(front_stats(rig.front).n_weak, 1);
    config = rig_client(&rig, NULL);
    config.options = SSL_OP_NO_EXTENDED_MASTER_SECRET;
    refused(config);
    CHECK_EQ(front_stats(rig.front).n_weak, 2);
    rig.n_psk = 0;
    config = rig_client(&rig, "dev-1");
    config.suites = "PSK-AES128-GCM-SHA256:PSK-AES128-CCM8:PSK-CHACHA20-POLY1305";
    refused(config);
    CHECK_EQ(rig.n_psk, 0);
    refused(rig_client(&rig, "stranger"));
    config = rig_client(&rig, "dev-1");
    config.psk[0] ^= 1;
    refused(config);
    CHECK_EQ(rig.n_psk, 2);
    rig_stop(&rig);
}

static void
renegotiation_is_refused(void)
{
    begin("127.0.0.1", NULL);
    rig_renegotiate(&rig);
    rig_stop(&rig);
}

/* Connects with the session of another connection; says whether it was taken. */
static bool
resumes(struct rig *at, SSL_SESSION *session, const char *identity)
{
    struct dtls_client_config config = rig_client(at, identity);
    struct dtls_client client;
    bool reused;

    config.session = session;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    reused = SSL_session_reused(client.ssl) == 1;
    rig.code = FRONT_CODE(2, 5);
    struct dtls_answer answer;
    dtls_client_ask(&client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 5));
    CHECK_EQ(at->last.resumed, reused);
    dtls_client_close(&client, true);
    return reused;
}

static void
a_ticket_holds_on_streams_of_its_site(void)
{
    struct dtls_client client;
    SSL_SESSION *session;

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-7");
    session = SSL_get1_session(client.ssl);
    CHECK_EQ(SSL_SESSION_has_ticket(session), 1);
    dtls_client_close(&client, true);
    rig.n_psk = 0;
    CHECK(resumes(&rig, session, "dev-7"));
    CHECK_STR(rig.identity, "dev-7");
    CHECK_EQ(rig.n_psk, 0);
    CHECK_EQ(front_stats(rig.front).n_resumed, 1);
    rig_stop(&rig);
    rig.other_site = 1;
    begin("127.0.0.1", NULL);
    CHECK(!resumes(&rig, session, "dev-7"));
    CHECK_EQ(rig.n_psk, 1);
    SSL_SESSION_free(session);
    rig_stop(&rig);
}

static void
a_certificate_session_gets_no_ticket(void)
{
    struct dtls_client client;
    SSL_SESSION *session;

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, NULL);
    serves(&client);
    session = SSL_get1_session(client.ssl);
    CHECK_EQ(SSL_SESSION_has_ticket(session), 0);
    dtls_client_close(&client, true);
    CHECK(!resumes(&rig, session, NULL));
    SSL_SESSION_free(session);
    rig_stop(&rig);
}

static struct bytes
ask_long(uint8_t *room, struct bytes body)
{
    const struct coap_token token = {.b = {9}, .len = 1};
    struct coap_out out = coap_out_begin(room, body.len + 64, COAP_NON, FRONT_POST, 0, &token);

    coap_out_option(&out, 11, bytes_str("attest"));
    coap_out_payload(&out, body);
    return coap_out_done(&out);
}

static void
a_long_body_goes_whole_and_a_long_answer_comes_whole(void)
{
    uint8_t *body = malloc(LONG);
    uint8_t *room = malloc(LONG + 64);
    struct dtls_client_config config;
    struct dtls_client client;
    struct dtls_answer answer;

    for (size_t i = 0; i < LONG; i++) {
        body[i] = (uint8_t)(i * 7 + i / 256);
    }
    begin("127.0.0.1", NULL);
    config = rig_client(&rig, "dev-1");
    config.message_max = 1 << 20;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    rig.answer = bytes_of(body, 60000);
    dtls_client_send(&client, ask_long(room, bytes_of(body, LONG)));
    dtls_answer_read(&answer, dtls_client_receive_long(&client, WAIT_MS));
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    CHECK_BYTES(answer.payload, bytes_of(body, 60000));
    CHECK(!answer.block2.present);
    CHECK_EQ(rig.last.body.len, LONG);
    CHECK_BYTES(bytes_of(rig.body, LONG), bytes_of(body, LONG));
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
    free(body);
    free(room);
}

static void
a_peer_that_takes_less_gets_an_answer_in_blocks(void)
{
    static uint8_t body[3000];
    struct dtls_ask more = {.code = FRONT_GET, .path = "keys", .block2 = {1, 6, false, true}};
    struct dtls_client client;
    struct dtls_answer answer;

    memset(body, 0x5a, sizeof(body));
    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1"); /* says nothing of what it takes */
    rig.code = FRONT_CODE(2, 5);
    rig.answer = BYTES_OF(body);
    dtls_client_ask(&client, &get_keys, &answer);
    CHECK_EQ(answer.payload.len, 1024);
    CHECK(answer.block2.present && answer.block2.more);
    dtls_client_ask(&client, &more, &answer);
    CHECK_EQ(answer.payload.len, 1024);
    more.block2.num = 2;
    dtls_client_ask(&client, &more, &answer);
    CHECK_EQ(answer.payload.len, sizeof(body) - 2048);
    CHECK(!answer.block2.more);
    CHECK_EQ(rig.n_requests, 1);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
a_body_in_blocks_is_taken_and_a_block_twice_is_not(void)
{
    static uint8_t part[1024];
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest", .payload = BYTES_OF(part)};
    struct dtls_client client;
    struct dtls_answer answer;

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    ask.block1 = (struct coap_block){0, 6, true, true};
    dtls_client_ask(&client, &ask, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 31));
    dtls_client_ask(&client, &ask, &answer); /* the first begins anew */
    CHECK_EQ(answer.code, FRONT_CODE(2, 31));
    ask.block1.num = 1;
    dtls_client_ask(&client, &ask, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 31));
    dtls_client_ask(&client, &ask, &answer); /* no network repeats it: the peer is confused */
    CHECK_EQ(answer.code, FRONT_CODE(4, 8));
    ask.block1 = (struct coap_block){2, 6, false, true};
    dtls_client_ask(&client, &ask, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    CHECK_EQ(rig.last.body.len, 3072);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
bad_requests_are_answered_and_the_connection_goes_on(void)
{
    struct dtls_client client;
    struct dtls_answer answer;

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    dtls_client_ask(&client, &(struct dtls_ask){.code = FRONT_GET, .path = "nothing"}, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(4, 4));
    dtls_client_ask(&client,
                    &(struct dtls_ask){.code = FRONT_GET, .path = "keys", .extra_option = 65},
                    &answer);
    CHECK_EQ(answer.code, FRONT_CODE(4, 2));
    dtls_client_ask(&client, &(struct dtls_ask){.code = FRONT_GET, .path = "keys", .query = "x=1"},
                    &answer);
    CHECK_EQ(answer.code, FRONT_CODE(4, 0));
    serves(&client);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

/* Sends raw bytes on a fresh connection of a device; it must be told and closed, and hold nothing.
 */
static void
aborts(struct bytes raw, bool silent)
{
    struct dtls_client_config config = rig_client(&rig, "dev-1");
    struct dtls_client client;
    uint64_t before = front_stats(rig.front).n_dropped;
    struct bytes told;

    config.silent = silent;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, WAIT_MS));
    if (silent) { /* its capabilities come first all the same */
        CHECK_EQ(dtls_client_receive_long(&client, WAIT_MS).p[1], SIGNAL_CSM);
    }
    ignore(!dtls_client_write(&client, raw), "it may be closed before all is sent");
    told = dtls_client_receive_long(&client, WAIT_MS);
    CHECK(told.len >= 4 && told.p[1] == SIGNAL_ABORT);
    CHECK(dtls_client_is_closed(&client, WAIT_MS));
    dtls_client_close(&client, false);
    CHECK_EQ(front_stats(rig.front).n_dropped, before + 1);
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
}

static void
what_breaks_the_framing_ends_the_connection(void)
{
    begin("127.0.0.1", NULL);
    aborts(check_hex("f0ffffffff02"), false);     /* 4 GiB are said to come */
    aborts(check_hex("f0fffffffe02"), false);     /* and a little less */
    aborts(check_hex("f0000302f002"), false);     /* 262,145 bytes and what is around: one more */
    aborts(check_hex("0901"), false);             /* a token of nine bytes */
    aborts(check_hex("0f01"), false);             /* and of fifteen */
    aborts(check_hex("1002b5"), false);           /* an option that is longer than the message */
    aborts(check_hex("1002ff"), false);           /* a marker and no payload */
    aborts(check_hex("0001"), true);              /* a request before capabilities */
    aborts(check_hex("00e2"), true);              /* a ping before them */
    aborts(check_hex("10e170"), false);           /* a capability that is critical and not known */
    aborts(check_hex("60e1250000000001"), false); /* a size of five bytes */
    rig_stop(&rig);
}

/* The options of a message lie in its first 2,048 bytes, or it is none. */
static void
options_without_end_are_no_message(void)
{
    static uint8_t raw[4000];
    struct frame frame = {.code = FRONT_POST, .rest = 3000};
    size_t n = frame_head_write(raw, &frame);

    memset(raw + n, 0, 3000); /* options of number 0 and length 0 */
    begin("127.0.0.1", NULL);
    aborts(bytes_of(raw, n + 3000), false);
    CHECK_EQ(rig.n_requests, 0);
    rig_stop(&rig);
}

/* A connection whose owner says how much it may send. */
static void
vouched(struct dtls_client *client, uint32_t takes)
{
    rig_connect(&rig, client, "dev-1");
    rig.takes = takes;
    serves(client);
    rig.takes = 0;
    rig.code = 0;
    rig.answer = BYTES_NULL;
}

static void
the_longest_message_is_taken(void)
{
    const size_t most = LIMIT_EVIDENCE_STREAM_BYTES;
    uint8_t *body = calloc(1, most + 1);
    uint8_t *room = malloc(most + 64);
    struct dtls_client client;
    struct dtls_answer answer;

    begin("127.0.0.1", NULL);
    vouched(&client, LIMIT_EVIDENCE_STREAM_BYTES);
    dtls_client_send(&client, ask_long(room, bytes_of(body, most)));
    dtls_answer_receive(&client, &answer, WAIT_MS);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    CHECK_EQ(rig.last.body.len, most);
    dtls_client_send(&client, ask_long(room, bytes_of(body, most + 1)));
    dtls_answer_receive(&client, &answer, WAIT_MS); /* within what is around: told, not ended */
    CHECK_EQ(answer.code, FRONT_CODE(4, 13));
    CHECK_EQ(answer.size1, most);
    serves(&client);
    dtls_client_close(&client, true);
    rig_stop(&rig);
    free(body);
    free(room);
}

/* A site may take less, and say so while connections stand; zero is the limit of this way. */
static void
a_site_may_take_less(void)
{
    const struct front_caps caps = {.attest_bytes = 300000};
    uint8_t *body = calloc(1, 300001);
    uint8_t *room = malloc(300001 + 64);
    struct dtls_client client;
    struct dtls_answer answer;

    begin("127.0.0.1", &caps);
    vouched(&client, LIMIT_EVIDENCE_STREAM_BYTES);
    CHECK_EQ(client.server_max, 300000 + 1024);
    for (size_t over = 0; over < 2; over++) {
        dtls_client_send(&client, ask_long(room, bytes_of(body, 300000 + over)));
        dtls_answer_receive(&client, &answer, WAIT_MS);
        CHECK_EQ(answer.code, over ? FRONT_CODE(4, 13) : FRONT_CODE(2, 4));
        CHECK_EQ(answer.size1, over ? 300000 : 0);
    }
    front_set_limits(rig.front, 0, 0);
    dtls_client_send(&client, ask_long(room, bytes_of(body, 300001)));
    dtls_answer_receive(&client, &answer, WAIT_MS);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    dtls_client_close(&client, true);
    rig_stop(&rig);
    free(body);
    free(room);
}

/* What a peer that sends by blocks may send is as much. */
static void
blocks_make_a_body_that_udp_does_not_take(void)
{
    static uint8_t part[1024];
    struct dtls_ask ask = {.code = FRONT_POST, .path = "attest", .payload = BYTES_OF(part)};
    struct dtls_client client;
    struct dtls_answer answer;
    uint32_t n = LIMIT_EVIDENCE_BYTES / sizeof(part) + 1;

    begin("127.0.0.1", NULL);
    vouched(&client, LIMIT_EVIDENCE_STREAM_BYTES);
    for (uint32_t i = 0; i < n; i++) {
        ask.block1 = (struct coap_block){i, 6, i + 1 < n, true};
        dtls_client_ask(&client, &ask, &answer);
        CHECK_EQ(answer.code, i + 1 < n ? FRONT_CODE(2, 31) : FRONT_CODE(2, 4));
    }
    CHECK_EQ(rig.last.body.len, LIMIT_EVIDENCE_BYTES + sizeof(part));
    CHECK_EQ(front_stats(rig.front).assembly_bytes, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

/* What it may send follows what is said of it, up and down, and the peer is told each time. */
static void
a_connection_may_send_what_its_owner_says(void)
{
    static const uint32_t bounds[] = {300000, 300000,    LIMIT_EVIDENCE_STREAM_BYTES,
                                      100000, 0, /* as before */
                                      4096,   UINT32_MAX};
    static const uint32_t told[] = {300000,
                                    300000,
                                    LIMIT_EVIDENCE_STREAM_BYTES,
                                    100000,
                                    100000,
                                    LIMIT_FRONT_ENROLL_BYTES, /* which is no evidence */
                                    LIMIT_EVIDENCE_STREAM_BYTES};
    struct dtls_client client;

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        rig.takes = bounds[i];
        serves(&client);
        CHECK_EQ(client.server_max, told[i] + 1024);
    }
    dtls_client_close(&client, true);
    rig_connect(&rig, &client, "dev-1"); /* another connection, of the same device */
    CHECK_EQ(client.server_max, LIMIT_EVIDENCE_BYTES + 1024);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

/* Below what is told of messages there is a bound of evidence, too. */
static void
little_is_as_much_as_its_owner_says(void)
{
    uint8_t body[4097] = {0};
    uint8_t room[8192];
    struct dtls_client client;
    struct dtls_answer answer;

    begin("127.0.0.1", NULL);
    vouched(&client, 4096);
    for (size_t len = 4096; len <= 4097; len++) {
        dtls_client_send(&client, ask_long(room, bytes_of(body, len)));
        dtls_answer_receive(&client, &answer, WAIT_MS);
        CHECK_EQ(answer.code, len > 4096 ? FRONT_CODE(4, 13) : FRONT_CODE(2, 4));
        CHECK_EQ(answer.size1, len > 4096 ? 4096 : 0);
    }
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

/* The owner says what its class takes. */
static void
an_answer_tells_how_much_would_be_taken(void)
{
    const struct dtls_ask ask = {.code = FRONT_POST, .path = "attest", .size1 = 80000};
    struct dtls_client client;
    struct dtls_answer answer;

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    rig.code = FRONT_CODE(4, 13);
    rig.size1 = 70000;
    dtls_client_ask(&client, &ask, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(4, 13));
    CHECK_EQ(answer.size1, 70000);
    CHECK_EQ(rig.last.size1, 80000); /* and hears how much there would be */
    rig.size1 = 0;
    dtls_client_ask(&client, &ask, &answer);
    CHECK_EQ(answer.size1, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
a_ping_is_answered_and_a_release_ends(void)
{
    static const struct coap_token token = {.b = {0xa1, 0xa2}, .len = 2};
    uint8_t room[SIGNAL_ROOM];
    struct dtls_client client;
    struct bytes pong;

    begin("127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    dtls_client_send(&client, coap_signal_plain(room, SIGNAL_PING, &token));
    pong = dtls_client_receive_long(&client, WAIT_MS);
    CHECK_EQ(pong.len, 6);
    CHECK_EQ(pong.p[1], SIGNAL_PONG);
    CHECK_BYTES(bytes_of(pong.p + 4, 2), bytes_of(token.b, 2));
    dtls_client_send(&client, coap_signal_plain(room, SIGNAL_PONG, &token)); /* nobody asked */
    dtls_client_send(&client, check_hex("50000000"));       /* empty: ignored, section 3.4 */
    dtls_client_send(&client, check_hex("50450000"));       /* a response that nobody asked for */
    dtls_client_send(&client, coap_signal_csm(room, 5000)); /* capabilities may change */
    serves(&client);
    dtls_client_send(&client, coap_signal_plain(room, SIGNAL_RELEASE, &no_token));
    CHECK(dtls_client_is_closed(&client, WAIT_MS));
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_dropped, 0);
    dtls_client_close(&client, false);
    rig_stop(&rig);
}

CHECK_MAIN(CASE(a_psk_connection_has_its_identity_and_exporter),
           CASE(a_certificate_connection_may_enrol_and_no_more),
           CASE(other_versions_of_tls_are_refused), CASE(weak_and_unknown_peers_are_refused),
           CASE(renegotiation_is_refused), CASE(a_ticket_holds_on_streams_of_its_site),
           CASE(a_certificate_session_gets_no_ticket),
           CASE(a_long_body_goes_whole_and_a_long_answer_comes_whole),
           CASE(a_peer_that_takes_less_gets_an_answer_in_blocks),
           CASE(a_body_in_blocks_is_taken_and_a_block_twice_is_not),
           CASE(bad_requests_are_answered_and_the_connection_goes_on),
           CASE(what_breaks_the_framing_ends_the_connection),
           CASE(options_without_end_are_no_message), CASE(the_longest_message_is_taken),
           CASE(a_site_may_take_less), CASE(a_connection_may_send_what_its_owner_says),
           CASE(little_is_as_much_as_its_owner_says),
           CASE(blocks_make_a_body_that_udp_does_not_take),
           CASE(an_answer_tells_how_much_would_be_taken),
           CASE(a_ping_is_answered_and_a_release_ends))
