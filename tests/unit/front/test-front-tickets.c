/* Tickets: who takes whose, for how long, and what a resumed connection is worth. */
#include <openssl/x509.h>
#include <stdlib.h>

#include "crypto/x509-make.h"
#include "lib/check.h"
#include "lib/front-rig.h"

static struct rig rig;
static struct rig other;
static const struct dtls_ask get_keys = {.code = FRONT_GET, .path = "keys"};

/* A full handshake; its session. */
static SSL_SESSION *
ticket_of(struct rig *at, const char *identity)
{
    struct dtls_client client;
    SSL_SESSION *session;

    rig_connect(at, &client, identity);
    session = SSL_get1_session(client.ssl);
    dtls_client_close(&client, true);
    CHECK_EQ(SSL_SESSION_is_resumable(session), 1);
    return session;
}

/* Connects with a session and asks; whether it was resumed. *session (freed) becomes the one that
 * the connection had. */
static bool
resumes(struct rig *at, const char *identity, SSL_SESSION **session)
{
    struct dtls_client_config config = rig_client(at, identity);
    struct dtls_client client;
    struct dtls_answer answer;
    bool reused;

    config.session = *session;
    dtls_client_open(&client, &config);
    CHECK(dtls_client_connect(&client, 5000));
    dtls_client_ask(&client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    CHECK_STR(at->identity, identity);
    reused = SSL_session_reused(client.ssl) == 1;
    CHECK_EQ(at->last.resumed, reused);
    SSL_SESSION_free(*session);
    *session = SSL_get1_session(client.ssl);
    dtls_client_close(&client, true);
    return reused;
}

/* Keys after n changes: the current and the one before it. */
static void
change(struct rig *at, uint8_t n)
{
    struct front_keys keys = {.cookie = {{0xc0}, {0xc1}}};

    keys.ticket[0][0] = (uint8_t)(0x71 + n);
    keys.ticket[1][0] = (uint8_t)(0x70 + n);
    keys.ticket[0][1] = keys.ticket[1][1] = 0x6b;
    front_set_keys(at->front, &keys);
}

static bool
same_ticket(const SSL_SESSION *a, const SSL_SESSION *b)
{
    const unsigned char *p[2];
    size_t len[2];

    SSL_SESSION_get0_ticket(a, &p[0], &len[0]);
    SSL_SESSION_get0_ticket(b, &p[1], &len[1]);
    return len[0] == len[1] && memcmp(p[0], p[1], len[0]) == 0;
}

static void
a_ticket_survives_one_change_of_keys_and_is_renewed_by_it(void)
{
    SSL_SESSION *session;
    SSL_SESSION *before;

    rig_start(&rig, "127.0.0.1", NULL);
    session = ticket_of(&rig, "dev-1");
    change(&rig, 1);
    before = session;
    SSL_SESSION_up_ref(before);
    CHECK(resumes(&rig, "dev-1", &session));
    CHECK(!same_ticket(before, session));
    change(&rig, 2);
    CHECK(!resumes(&rig, "dev-1", &before)); /* of two changes ago */
    CHECK(resumes(&rig, "dev-1", &session)); /* the one that was renewed */
    CHECK_EQ(rig.n_psk, 2);
    SSL_SESSION_free(session);
    SSL_SESSION_free(before);
    rig_stop(&rig);
}

static void
a_ticket_of_the_current_key_is_not_made_anew(void)
{
    SSL_SESSION *session;
    SSL_SESSION *before;

    rig_start(&rig, "127.0.0.1", NULL);
    session = before = ticket_of(&rig, "dev-1");
    SSL_SESSION_up_ref(before);
    CHECK(resumes(&rig, "dev-1", &session));
    CHECK(same_ticket(before, session));
    SSL_SESSION_free(session);
    SSL_SESSION_free(before);
    rig_stop(&rig);
}

static void
a_ticket_says_that_it_lives_an_hour(void)
{
    SSL_SESSION *session;

    rig_start(&rig, "127.0.0.1", NULL);
    session = ticket_of(&rig, "dev-1");
    CHECK_EQ(SSL_SESSION_get_ticket_lifetime_hint(session), 3600);
    SSL_SESSION_free(session);
    rig_stop(&rig);
}

static void
other_keys_or_another_site_lead_to_a_full_handshake(void)
{
    SSL_SESSION *session;

    rig_start(&rig, "127.0.0.1", NULL);
    other.other_keys = 7;
    rig_start(&other, "127.0.0.1", NULL);
    session = ticket_of(&rig, "dev-1");
    CHECK(!resumes(&other, "dev-1", &session));
    CHECK_EQ(other.n_psk, 1);
    rig_stop(&other);
    other.other_keys = 0;
    other.other_site = 1; /* whose keys were copied from the first */
    other.port = 0;
    rig_start(&other, "127.0.0.1", NULL);
    SSL_SESSION_free(session);
    session = ticket_of(&rig, "dev-1");
    CHECK(!resumes(&other, "dev-1", &session));
    CHECK_EQ(other.n_psk, 2);
    SSL_SESSION_free(session);
    rig_stop(&rig);
    rig_stop(&other);
}

static void
a_key_of_zeros_makes_and_takes_no_ticket(void)
{
    static const struct front_keys none = {.cookie = {{0xc0}, {0xc1}}};
    struct dtls_client client;

    rig_start(&rig, "127.0.0.1", NULL);
    front_set_keys(rig.front, &none);
    rig_connect(&rig, &client, "dev-1");
    CHECK_EQ(SSL_SESSION_has_ticket(SSL_get_session(client.ssl)), 0);
    dtls_client_close(&client, true);
    rig_stop(&rig);
}

/* Every byte of it is under the MAC, or is its key's name. */
static void
a_changed_ticket_leads_to_a_full_handshake(void)
{
    static const size_t places[] = {0, 15, 16, 31, 32, 64, 100};
    uint8_t der[2048];

    rig_start(&rig, "127.0.0.1", NULL);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        SSL_SESSION *session = ticket_of(&rig, "dev-1");
        const unsigned char *ticket;
        const unsigned char *in = der;
        unsigned char *out = der;
        size_t len;
        int der_len;

        SSL_SESSION_get0_ticket(session, &ticket, &len);
        CHECK(len > places[i]);
        der_len = i2d_SSL_SESSION(session, NULL);
        CHECK(der_len > 0 && der_len < (int)sizeof(der));
        CHECK_EQ(i2d_SSL_SESSION(session, &out), der_len);
        for (int at = 0; at + (int)len <= der_len; at++) {
            if (memcmp(der + at, ticket, len) == 0) {
                der[at + (int)places[i]] ^= 1;
                break;
            }
        }
        SSL_SESSION_free(session);
        session = d2i_SSL_SESSION(NULL, &in, der_len);
        CHECK(session != NULL);
        CHECK(!resumes(&rig, "dev-1", &session));
        SSL_SESSION_free(session);
    }
    rig_stop(&rig);
}

static void
a_resumption_without_extended_master_secret_does_not_get_in(void)
{
    struct dtls_client_config config;
    struct dtls_client client;
    SSL_SESSION *session;

    rig_start(&rig, "127.0.0.1", NULL);
    session = ticket_of(&rig, "dev-1");
    config = rig_client(&rig, "dev-1");
    config.session = session;
    config.options = SSL_OP_NO_EXTENDED_MASTER_SECRET;
    dtls_client_open(&client, &config);
    CHECK(!dtls_client_connect(&client, 2000) || dtls_client_is_closed(&client, 2000));
    CHECK_EQ(front_stats(rig.front).n_opened, 1); /* the one before */
    CHECK_EQ(front_stats(rig.front).n_conns, 0);
    dtls_client_close(&client, false);
    SSL_SESSION_free(session);
    rig_stop(&rig);
}

static void
pump_both(void *unused)
{
    (void)unused;
    rig_pump(&rig);
    rig_pump(&other);
}

/* Connects from source ports until a handshake is the wanted worker's; false after too many. */
static bool
connect_to(struct rig *wanted, struct dtls_client *client, SSL_SESSION *session, uint16_t from)
{
    for (uint16_t port = from; port < from + 64; port++) {
        struct dtls_client_config config = rig_client(wanted, "dev-1");
        uint64_t before = front_stats(wanted->front).n_opened;

        config.source_port = port;
        config.session = session;
        config.pump = pump_both;
        dtls_client_open(client, &config);
        if (dtls_client_connect(client, 5000) && front_stats(wanted->front).n_opened > before) {
            return true;
        }
        dtls_client_close(client, true);
        pump_both(NULL);
    }
    return false;
}

/* Two workers of one port; the kernel chooses by the addresses and ports of both ends. */
static void
another_worker_of_the_port_resumes(void)
{
    struct dtls_client client;
    struct dtls_answer answer;
    SSL_SESSION *session;
    uint8_t first[32];
    uint8_t second[32];

    rig_start(&rig, "127.0.0.1", NULL);
    other.port = rig.port;
    rig_start(&other, "127.0.0.1", NULL);
    CHECK(connect_to(&rig, &client, NULL, 41000));
    CHECK_EQ(SSL_session_reused(client.ssl), 0);
    session = SSL_get1_session(client.ssl);
    rig_exporter(&client, first);
    dtls_client_close(&client, true);
    CHECK(connect_to(&other, &client, session, 42000));
    CHECK_EQ(SSL_session_reused(client.ssl), 1);
    dtls_client_ask(&client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
    CHECK_STR(other.identity, "dev-1");
    CHECK(other.last.resumed);
    rig_exporter(&client, second);
    CHECK(memcmp(first, second, sizeof(first)) != 0);
    CHECK_EQ(rig.n_requests, 0);
    dtls_client_close(&client, true);
    SSL_SESSION_free(session);
    rig_stop(&rig);
    rig_stop(&other);
}

/* A connection answers. */
static void
answers(struct dtls_client *client)
{
    struct dtls_answer answer;

    dtls_client_ask(client, &get_keys, &answer);
    CHECK_EQ(answer.code, FRONT_CODE(2, 4));
}

static void
an_identity_that_is_gone_ends_its_connections_and_no_others(void)
{
    struct dtls_client gone;
    struct dtls_client stays;
    struct dtls_client stranger;

    rig_start(&rig, "127.0.0.1", NULL);
    rig_connect(&rig, &gone, "dev-1");
    rig_connect(&rig, &stays, "dev-2");
    rig_connect(&rig, &stranger, NULL);
    front_prune(rig.front); /* all are known */
    CHECK_EQ(rig.n_closed, 0);
    CHECK_EQ(front_stats(rig.front).n_conns, 3);
    rig.gone = "dev-1";
    front_prune(rig.front);
    CHECK_EQ(rig.n_closed, 1);
    CHECK_EQ(front_stats(rig.front).n_conns, 2);
    answers(&stays);
    answers(&stranger);
    dtls_client_close(&gone, false);
    dtls_client_close(&stays, true);
    dtls_client_close(&stranger, true);
    rig.gone = NULL;
    rig_stop(&rig);
}

/* Between the end of a PSK master and the new ticket keys: what stands for a PSK is neither made
 * nor taken, be the identity gone or not. */
static void
from_a_prune_until_new_keys_no_ticket_is_made_or_taken(void)
{
    struct dtls_client_config config;
    struct dtls_client client;
    SSL_SESSION *gone;
    SSL_SESSION *stays;

    rig_start(&rig, "127.0.0.1", NULL);
    gone = ticket_of(&rig, "dev-1");
    stays = ticket_of(&rig, "dev-2");
    rig.gone = "dev-1";
    front_prune(rig.front);
    config = rig_client(&rig, "dev-1");
    config.session = gone;
    dtls_client_open(&client, &config);
    CHECK(!dtls_client_connect(&client, 500));
    CHECK_EQ(front_stats(rig.front).n_opened, 2); /* those of before */
    dtls_client_close(&client, false);
    CHECK(!resumes(&rig, "dev-2", &stays));
    CHECK_EQ(SSL_SESSION_has_ticket(stays), 0);
    change(&rig, 5);
    SSL_SESSION_free(stays);
    stays = ticket_of(&rig, "dev-2");
    CHECK(resumes(&rig, "dev-2", &stays));
    SSL_SESSION_free(gone);
    SSL_SESSION_free(stays);
    rig.gone = NULL;
    rig_stop(&rig);
}

/* A certificate and its key as PEM, both to free. */
static void
make_pair(char **ret_cert, char **ret_key)
{
    static const char *const names[] = {"127.0.0.1"};
    struct x509_make what = {X509_MAKE_CA, "CA", NULL, 0, 0, INT32_MAX};
    struct privkey *key = NULL;
    char *ca = NULL;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_to_pem(key, ret_key), 0);
    CHECK_EQ(x509_make(&what, key, NULL, BYTES_NULL, &ca), 0);
    what = (struct x509_make){X509_MAKE_SERVER, "renewed", names, 1, 0, INT32_MAX};
    CHECK_EQ(x509_make(&what, key, key, bytes_str(ca), ret_cert), 0);
    privkey_free(key);
    free(ca);
}

static bool
shows(const struct dtls_client *client, const char *name)
{
    X509 *cert = SSL_get0_peer_certificate(client->ssl);
    char text[100] = "";

    CHECK(cert);
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, text, sizeof(text));
    return strcmp(text, name) == 0;
}

static void
another_certificate_is_shown_from_the_next_handshake_on(void)
{
    struct dtls_client before;
    struct dtls_client after;
    SSL_SESSION *session;
    char *cert = NULL;
    char *key = NULL;
    char *other_cert = NULL;
    char *other_key = NULL;

    rig_start(&rig, "127.0.0.1", NULL);
    make_pair(&cert, &key);
    make_pair(&other_cert, &other_key);
    session = ticket_of(&rig, "dev-1");
    rig_connect(&rig, &before, NULL);
    CHECK(!shows(&before, "renewed"));
    CHECK_EQ(front_set_certificate(rig.front, bytes_str(cert), bytes_str(other_key)), 1);
    CHECK_EQ(front_set_certificate(rig.front, bytes_str("none"), bytes_str(key)), 1);
    CHECK_EQ(front_set_certificate(rig.front, bytes_str(cert), bytes_str("none")), 1);
    answers(&before); /* nothing has changed */
    CHECK_EQ(front_set_certificate(rig.front, bytes_str(cert), bytes_str(key)), 0);
    answers(&before); /* connections go on */
    rig_connect(&rig, &after, NULL);
    CHECK(shows(&after, "renewed"));
    answers(&after);
    CHECK(resumes(&rig, "dev-1", &session)); /* and tickets hold */
    dtls_client_close(&before, true);
    dtls_client_close(&after, true);
    SSL_SESSION_free(session);
    free(cert);
    free(key);
    free(other_cert);
    free(other_key);
    rig_stop(&rig);
}

CHECK_MAIN(CASE(an_identity_that_is_gone_ends_its_connections_and_no_others),
           CASE(from_a_prune_until_new_keys_no_ticket_is_made_or_taken),
           CASE(another_certificate_is_shown_from_the_next_handshake_on),
           CASE(a_ticket_survives_one_change_of_keys_and_is_renewed_by_it),
           CASE(a_ticket_of_the_current_key_is_not_made_anew),
           CASE(a_ticket_says_that_it_lives_an_hour),
           CASE(other_keys_or_another_site_lead_to_a_full_handshake),
           CASE(a_key_of_zeros_makes_and_takes_no_ticket),
           CASE(a_changed_ticket_leads_to_a_full_handshake),
           CASE(a_resumption_without_extended_master_secret_does_not_get_in),
           CASE(another_worker_of_the_port_resumes))
