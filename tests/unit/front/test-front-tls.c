/* The front's DTLS: who gets in, how, and what the request then says of the connection. */
#include "lib/check.h"
#include "lib/front-rig.h"

static struct rig rig;
static struct rig other;

static const struct dtls_ask get_keys = {.code = FRONT_GET, .path = "keys"};

static void
serves(struct rig *at, struct dtls_client *client)
{
    struct dtls_answer answer;
    size_t before = at->n_requests;

    at->code = FRONT_CODE(2, 5);
    at->answer = bytes_str("keys here");
    dtls_client_ask(client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 5));
    CHECK_EQ(answer.type, COAP_ACK);
    CHECK_EQ(answer.content_format, 60);
    CHECK_BYTES(answer.payload, bytes_str("keys here"));
    CHECK_EQ(at->n_requests, before + 1);
}

static void
a_psk_connection_has_its_identity_and_exporter(void)
{
    struct dtls_client client;
    uint8_t exporter[32];

    rig_start(&rig, "127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-1");
    serves(&rig, &client);
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
    CHECK_EQ(rig.last_closed, rig.last.conn);
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    CHECK_EQ(front_stats(rig.front).n_prefixes, 0);
    rig_stop(&rig);
}

static void
a_certificate_connection_has_no_identity(void)
{
    struct dtls_client client;
    uint8_t exporter[32];

    rig_start(&rig, "::1", NULL);
    rig_connect(&rig, &client, NULL);
    serves(&rig, &client);
    CHECK_EQ(rig.last.kind, FRONT_CERT);
    CHECK_EQ(rig.last.identity.len, 0);
    rig_exporter(&client, exporter);
    CHECK_BYTES(BYTES_OF(rig.last.exporter), BYTES_OF(exporter));
    CHECK_EQ(rig.n_psk, 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

static void
refused(struct dtls_client_config config)
{
    struct dtls_client client;

    dtls_client_open(&client, &config);
    CHECK(!dtls_client_connect(&client, 2000) || dtls_client_is_closed(&client, 2000));
    CHECK_EQ(front_stats(rig.front).n_opened, 0);
    dtls_client_close(&client, false);
}

static void
without_extended_master_secret_is_closed(void)
{
    struct dtls_client_config config;

    rig_start(&rig, "127.0.0.1", NULL);
    config = rig_client(&rig, "dev-1");
    config.options = SSL_OP_NO_EXTENDED_MASTER_SECRET;
    refused(config);
    CHECK_EQ(front_stats(rig.front).n_weak, 1);
    config = rig_client(&rig, NULL);
    config.options = SSL_OP_NO_EXTENDED_MASTER_SECRET;
    refused(config);
    CHECK_EQ(front_stats(rig.front).n_weak, 2);
    rig_stop(&rig);
}

static void
dtls_1_0_is_refused(void)
{
    struct dtls_client_config config;

    rig_start(&rig, "127.0.0.1", NULL);
    config = rig_client(&rig, "dev-1");
    config.max_version = DTLS1_VERSION;
    config.suites = "ALL:PSK:@SECLEVEL=0";
    refused(config);
    CHECK_EQ(rig.n_psk, 0);
    rig_stop(&rig);
}

static void
plain_psk_suites_are_refused(void)
{
    struct dtls_client_config config;

    rig_start(&rig, "127.0.0.1", NULL);
    config = rig_client(&rig, "dev-1");
    config.suites = "PSK-AES128-GCM-SHA256:PSK-AES128-CCM8:PSK-CHACHA20-POLY1305";
    refused(config);
    CHECK_EQ(rig.n_psk, 0);
    rig_stop(&rig);
}

static void
unknown_identity_and_wrong_key_do_not_get_in(void)
{
    struct dtls_client_config config;

    rig_start(&rig, "127.0.0.1", NULL);
    refused(rig_client(&rig, "stranger"));
    CHECK_EQ(rig.n_psk, 1);
    config = rig_client(&rig, "dev-1");
    config.psk[0] ^= 1;
    refused(config);
    CHECK_EQ(rig.n_psk, 2);
    rig_stop(&rig);
}

static void
renegotiation_is_refused(void)
{
    rig_start(&rig, "127.0.0.1", NULL);
    rig_renegotiate(&rig);
    rig_stop(&rig);
}

static void
a_ticket_resumes_on_another_front_with_the_identity(void)
{
    struct dtls_client client;
    struct dtls_client_config config;
    SSL_SESSION *session;
    uint8_t exporter[32];

    rig_start(&rig, "127.0.0.1", NULL);
    rig_start(&other, "127.0.0.1", NULL);
    rig_connect(&rig, &client, "dev-7");
    serves(&rig, &client);
    session = SSL_get1_session(client.ssl);
    CHECK_EQ(SSL_SESSION_has_ticket(session), 1);
    dtls_client_close(&client, true);
    config = rig_client(&other, "dev-7");
    config.session = session;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, 5000));
    CHECK_EQ(SSL_session_reused(client.ssl), 1);
    serves(&other, &client);
    CHECK(other.last.resumed);
    CHECK_EQ(other.n_psk, 0);
    CHECK_STR(other.identity, "dev-7");
    rig_exporter(&client, exporter);
    CHECK_BYTES(BYTES_OF(other.last.exporter), BYTES_OF(exporter));
    dtls_client_close(&client, true);
    SSL_SESSION_free(session);
    rig_stop(&rig);
    rig_stop(&other);
}

static void
a_certificate_session_gets_no_ticket(void)
{
    struct dtls_client client;
    struct dtls_client_config config;
    SSL_SESSION *session;

    rig_start(&rig, "127.0.0.1", NULL);
    rig_connect(&rig, &client, NULL);
    serves(&rig, &client);
    session = SSL_get1_session(client.ssl);
    CHECK_EQ(SSL_SESSION_has_ticket(session), 0);
    dtls_client_close(&client, true);
    config = rig_client(&rig, NULL);
    config.session = session;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, 5000));
    CHECK_EQ(SSL_session_reused(client.ssl), 0);
    dtls_client_close(&client, true);
    SSL_SESSION_free(session);
    rig_stop(&rig);
}

CHECK_MAIN(CASE(a_psk_connection_has_its_identity_and_exporter),
           CASE(a_certificate_connection_has_no_identity),
           CASE(without_extended_master_secret_is_closed), CASE(dtls_1_0_is_refused),
           CASE(plain_psk_suites_are_refused), CASE(unknown_identity_and_wrong_key_do_not_get_in),
           CASE(renegotiation_is_refused),
           CASE(a_ticket_resumes_on_another_front_with_the_identity),
           CASE(a_certificate_session_gets_no_ticket))
