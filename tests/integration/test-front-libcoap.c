/* The front and libcoap's client, which is what the attestor uses: they must understand each
 * other. */
#include <coap3/coap.h>
#include <netinet/in.h>
#include <openssl/ssl.h>

#include "lib/check.h"
#include "lib/front-rig.h"

enum { TURNS = 2000, BODY = 30000, ANSWER = 5000 };

static struct rig rig;
static coap_context_t *context;
static uint8_t key[32];
static uint8_t pattern[BODY];

/* The last response. */
static coap_pdu_code_t got_code;
static uint8_t got_body[BODY];
static size_t got_len;

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
            const coap_mid_t mid)
{
    const uint8_t *data = NULL;
    size_t len = 0;
    size_t offset = 0;
    size_t total = 0;

    (void)session;
    (void)sent;
    (void)mid;
    got_code = coap_pdu_get_code(received);
    got_len = 0;
    if (coap_get_data_large(received, &len, &data, &offset, &total) && len <= sizeof(got_body)) {
        memcpy(got_body, data, len);
        got_len = len;
    }
    return COAP_RESPONSE_OK;
}

static void
begin(void)
{
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)(i * 31 + i / 256);
    }
    rig_psk("dev-1", key);
    rig_start(&rig, "127.0.0.1", NULL);
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    context = coap_new_context(NULL);
    CHECK(context != NULL);
    coap_context_set_block_mode(context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    coap_register_response_handler(context, on_response);
}

static void
end(void)
{
    coap_free_context(context);
    coap_cleanup();
    rig_stop(&rig);
}

static coap_address_t
server(void)
{
    coap_address_t at;

    coap_address_init(&at);
    at.addr.sin.sin_family = AF_INET;
    at.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.addr.sin.sin_port = htons(rig.port);
    at.size = sizeof(at.addr.sin);
    return at;
}

static coap_session_t *
psk_session(void)
{
    static char identity[] = "dev-1";
    coap_address_t at = server();
    coap_dtls_cpsk_t psk = {.version = COAP_DTLS_CPSK_SETUP_VERSION};
    coap_session_t *session;

    psk.psk_info.identity.s = (const uint8_t *)identity;
    psk.psk_info.identity.length = strlen(identity);
    psk.psk_info.key.s = key;
    psk.psk_info.key.length = sizeof(key);
    session = coap_new_client_session_psk2(context, NULL, &at, COAP_PROTO_DTLS, &psk);
    CHECK(session != NULL);
    return session;
}

static coap_session_t *
certificate_session(void)
{
    coap_address_t at = server();
    coap_dtls_pki_t pki = {.version = COAP_DTLS_PKI_SETUP_VERSION};
    coap_session_t *session;

    pki.pki_key.key_type = COAP_PKI_KEY_PEM;
    session = coap_new_client_session_pki(context, NULL, &at, COAP_PROTO_DTLS, &pki);
    CHECK(session != NULL);
    return session;
}

/* Sends one request and lets both sides work until its response has come. */
static void
ask(coap_session_t *session, coap_pdu_code_t code, const char *path, size_t body_len)
{
    coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, code, session);
    uint8_t token[8];
    size_t token_len = 0;

    CHECK(pdu != NULL);
    coap_session_new_token(session, &token_len, token);
    CHECK_EQ(coap_add_token(pdu, token_len, token), 1);
    CHECK(coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path), (const uint8_t *)path) > 0);
    if (body_len > 0) {
        CHECK_EQ(coap_add_data_large_request(session, pdu, body_len, pattern, NULL, NULL), 1);
    }
    got_code = 0;
    CHECK(coap_send(session, pdu) != COAP_INVALID_MID);
    for (int i = 0; i < TURNS && got_code == 0; i++) {
        CHECK_EQ(front_turn(rig.front, 0), 0);
        CHECK(coap_io_process(context, 1) >= 0);
    }
    CHECK(got_code != 0);
}

static void
a_psk_client_is_served(void)
{
    coap_session_t *session;

    begin();
    session = psk_session();
    rig.code = FRONT_CODE(2, 5);
    rig.answer = bytes_str("keys");
    ask(session, COAP_REQUEST_CODE_GET, "keys", 0);
    CHECK_EQ(got_code, FRONT_CODE(2, 5));
    CHECK_BYTES(bytes_of(got_body, got_len), bytes_str("keys"));
    CHECK_EQ(rig.last.kind, FRONT_PSK);
    CHECK_STR(rig.identity, "dev-1");
    ask(session, COAP_REQUEST_CODE_GET, "nothing", 0);
    CHECK_EQ(got_code, FRONT_CODE(4, 4));
    coap_session_release(session);
    end();
}

static void
a_certificate_client_is_served(void)
{
    coap_session_t *session;

    begin();
    session = certificate_session();
    ask(session, COAP_REQUEST_CODE_POST, "enroll", 600);
    CHECK_EQ(got_code, FRONT_CODE(2, 4));
    CHECK_EQ(rig.last.kind, FRONT_CERT);
    CHECK_EQ(rig.last.body.len, 600);
    ask(session, COAP_REQUEST_CODE_POST, "attest", 600);
    CHECK_EQ(got_code, FRONT_CODE(4, 3));
    coap_session_release(session);
    end();
}

static void
a_body_of_30_kb_and_an_answer_of_5_kb_arrive_whole(void)
{
    coap_session_t *session;

    begin();
    session = psk_session();
    rig.answer = bytes_of(pattern, ANSWER);
    ask(session, COAP_REQUEST_CODE_POST, "attest", BODY);
    CHECK_EQ(got_code, FRONT_CODE(2, 4));
    CHECK_EQ(rig.n_requests, 1);
    CHECK_BYTES(bytes_of(rig.body, rig.last.body.len), bytes_of(pattern, BODY));
    CHECK_BYTES(bytes_of(got_body, got_len), bytes_of(pattern, ANSWER));
    rig.code = FRONT_CODE(2, 5);
    ask(session, COAP_REQUEST_CODE_GET, "keys", 0);
    CHECK_EQ(got_code, FRONT_CODE(2, 5));
    CHECK_EQ(rig.n_requests, 2);
    CHECK_BYTES(bytes_of(got_body, got_len), bytes_of(pattern, ANSWER));
    coap_session_release(session);
    end();
}

static void
a_body_above_the_cap_is_refused(void)
{
    coap_session_t *session;

    begin();
    session = certificate_session();
    ask(session, COAP_REQUEST_CODE_POST, "enroll", BODY);
    CHECK_EQ(got_code, FRONT_CODE(2, 4));
    coap_session_release(session);
    rig_stop(&rig);
    struct front_caps caps = {.attest_bytes = 8000};

    rig_start(&rig, "127.0.0.1", &caps);
    session = psk_session();
    ask(session, COAP_REQUEST_CODE_POST, "attest", BODY);
    CHECK_EQ(got_code, FRONT_CODE(4, 13));
    coap_session_release(session);
    end();
}

static void
a_late_answer_is_taken(void)
{
    coap_session_t *session;
    coap_pdu_t *pdu;

    begin();
    session = psk_session();
    ask(session, COAP_REQUEST_CODE_GET, "keys", 0);
    rig.hold = true;
    pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
    CHECK(coap_add_option(pdu, COAP_OPTION_URI_PATH, 4, (const uint8_t *)"keys") > 0);
    got_code = 0;
    CHECK(coap_send(session, pdu) != COAP_INVALID_MID);
    for (int i = 0; i < 1200; i++) { /* beyond the empty ACK */
        CHECK_EQ(front_turn(rig.front, 0), 0);
        CHECK(coap_io_process(context, 1) >= 0);
    }
    CHECK_EQ(got_code, 0);
    rig_answer(&rig);
    for (int i = 0; i < TURNS && got_code == 0; i++) {
        CHECK_EQ(front_turn(rig.front, 0), 0);
        CHECK(coap_io_process(context, 1) >= 0);
    }
    CHECK_EQ(got_code, FRONT_CODE(2, 4));
    CHECK_EQ(rig.n_requests, 2);
    coap_session_release(session);
    end();
}

static SSL_SESSION *kept;
static void (*libcoap_info)(const SSL *ssl, int where, int what);

/* libcoap has no hook for resumption; its SSL_CTX has. */
static void
offer_session(const SSL *ssl, int where, int what)
{
    if (where & SSL_CB_HANDSHAKE_START && kept) {
        CHECK_EQ(SSL_set_session((SSL *)(uintptr_t)ssl, kept), 1);
    }
    if (libcoap_info) {
        libcoap_info(ssl, where, what);
    }
}

static void
a_client_resumes_and_keeps_its_identity(void)
{
    coap_session_t *session;
    SSL *ssl;

    begin();
    session = psk_session();
    ask(session, COAP_REQUEST_CODE_GET, "keys", 0);
    CHECK(!rig.last.resumed);
    ssl = coap_session_get_tls(session, NULL);
    kept = SSL_get1_session(ssl);
    libcoap_info = SSL_CTX_get_info_callback(SSL_get_SSL_CTX(ssl));
    SSL_CTX_set_info_callback(SSL_get_SSL_CTX(ssl), offer_session);
    coap_session_release(session);
    session = psk_session();
    ask(session, COAP_REQUEST_CODE_GET, "keys", 0);
    CHECK(rig.last.resumed);
    CHECK_STR(rig.identity, "dev-1");
    CHECK_EQ(rig.n_psk, 1);
    coap_session_release(session);
    SSL_SESSION_free(kept);
    kept = NULL;
    end();
}

CHECK_MAIN(CASE(a_psk_client_is_served), CASE(a_certificate_client_is_served),
           CASE(a_body_of_30_kb_and_an_answer_of_5_kb_arrive_whole),
           CASE(a_body_above_the_cap_is_refused), CASE(a_late_answer_is_taken),
           CASE(a_client_resumes_and_keeps_its_identity))
