#include "bench/bare.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/digest.h"
#include "crypto/privkey.h"
#include "crypto/pubkey.h"
#include "lib/check.h"

enum { FLIGHTS_MAX = 16, MTU = 1200 };

struct bare {
    SSL_CTX *server;
    SSL_CTX *client;
    SSL_SESSION *session;
    struct privkey *key;
    struct pubkey *public;
    uint8_t digest[32];
    uint8_t signature[ES256_SIG_SIZE];
};

static const uint8_t psk[32] = {1, 2, 3};

static unsigned
psk_client(SSL *ssl, const char *hint, char *identity, unsigned cap, unsigned char *key,
           unsigned key_cap)
{
    (void)ssl;
    (void)hint;
    snprintf(identity, cap, "bare");
    memcpy(key, psk, key_cap < sizeof(psk) ? 0 : sizeof(psk));
    return sizeof(psk);
}

static unsigned
psk_server(SSL *ssl, const char *identity, unsigned char *key, unsigned key_cap)
{
    (void)ssl;
    (void)identity;
    memcpy(key, psk, key_cap < sizeof(psk) ? 0 : sizeof(psk));
    return sizeof(psk);
}

static SSL_CTX *
context(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    int groups[] = {NID_X25519, NID_X9_62_prime256v1};

    CHECK(ctx != NULL);
    CHECK_EQ(SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION), 1);
    CHECK_EQ(SSL_CTX_set_cipher_list(ctx, "ECDHE-PSK-CHACHA20-POLY1305"), 1);
    CHECK_EQ(SSL_CTX_set1_groups(ctx, groups, ARRAY_LEN(groups)), 1);
    CHECK_EQ(SSL_CTX_set_session_id_context(ctx, psk, sizeof(psk)), 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_psk_client_callback(ctx, psk_client);
    SSL_CTX_set_psk_server_callback(ctx, psk_server);
    return ctx;
}

static uint64_t
cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static SSL *
end_new(SSL_CTX *ctx, BIO *in, BIO *out)
{
    SSL *ssl = SSL_new(ctx);

    CHECK(ssl && in && out);
    CHECK_EQ(BIO_up_ref(in), 1);
    CHECK_EQ(BIO_up_ref(out), 1);
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_mtu(ssl, MTU);
    return ssl;
}

/* One handshake; adds to *cost and returns the client's session. */
static SSL_SESSION *
handshake(struct bare *bare, struct bare_cost *cost)
{
    uint64_t begun = cpu_ns();
    uint64_t accepting = 0;
    BIO *up = BIO_new(BIO_s_mem());
    BIO *down = BIO_new(BIO_s_mem());
    SSL *client = end_new(bare->client, down, up);
    SSL *server;
    SSL_SESSION *session;
    bool done = false;
    uint64_t since;

    if (bare->session) {
        CHECK_EQ(SSL_set_session(client, bare->session), 1);
    }
    since = cpu_ns();
    server = end_new(bare->server, up, down);
    accepting += cpu_ns() - since;
    for (int i = 0; !done && i < FLIGHTS_MAX; i++) {
        done = SSL_connect(client) == 1;
        since = cpu_ns();
        done = SSL_accept(server) == 1 && done;
        accepting += cpu_ns() - since;
    }
    CHECK(done);
    CHECK_EQ(SSL_session_reused(server), bare->session != NULL);
    session = SSL_get1_session(client);
    /* OpenSSL takes a session for bad whose connection ends without a goodbye */
    SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    since = cpu_ns();
    SSL_free(server);
    accepting += cpu_ns() - since;
    SSL_free(client);
    BIO_free(up);
    BIO_free(down);
    cost->accepting_ns += accepting;
    cost->resumption_ns += cpu_ns() - begun;
    return session;
}

struct bare *
bare_new(void)
{
    struct bare *bare = calloc(1, sizeof(*bare));
    struct bare_cost unused = {0};
    uint8_t x[32];
    uint8_t y[32];

    CHECK(bare != NULL);
    bare->server = context(DTLS_server_method());
    bare->client = context(DTLS_client_method());
    bare->session = handshake(bare, &unused);
    CHECK_EQ(privkey_generate(&bare->key), 0);
    CHECK_EQ(privkey_point(bare->key, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &bare->public), 0);
    CHECK_EQ(privkey_sign(bare->key, bare->digest, bare->signature), 0);
    return bare;
}

void
bare_free(struct bare *bare)
{
    SSL_SESSION_free(bare->session);
    SSL_CTX_free(bare->server);
    SSL_CTX_free(bare->client);
    pubkey_free(bare->public);
    privkey_free(bare->key);
    free(bare);
}

void
bare_turn(struct bare *bare, struct bare_cost *cost)
{
    struct bytes digest = BYTES_OF(bare->digest);
    uint64_t at[3];

    SSL_SESSION_free(handshake(bare, cost));
    at[0] = cpu_ns();
    CHECK_EQ(pubkey_verify_ecdsa(bare->public, digest, bytes_of(bare->signature, 32),
                                 bytes_of(bare->signature + 32, 32)),
             0);
    at[1] = cpu_ns();
    CHECK_EQ(privkey_sign(bare->key, bare->digest, bare->signature), 0);
    at[2] = cpu_ns();
    cost->verify_ns += at[1] - at[0];
    cost->sign_ns += at[2] - at[1];
    cost->n++;
}
