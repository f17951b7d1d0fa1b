#include "lib/front-rig.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "front/addr.h"
#include "lib/check.h"

enum { CONNECT_MS = 5000 };

static const uint8_t site_hash[32] = {0x51, 0x7e};

static uint64_t
clock_ms(clockid_t id, const struct rig *rig)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + rig->skew_ms;
}

static uint64_t
mono_ms(void *ctx)
{
    return clock_ms(CLOCK_MONOTONIC, ctx);
}

static uint64_t
wall_ms(void *ctx)
{
    return clock_ms(CLOCK_REALTIME, ctx);
}

void
rig_psk(const char *identity, uint8_t out[32])
{
    memset(out, 0x42, 32);
    memcpy(out, identity, strnlen(identity, 32));
}

static int
on_psk(void *ctx, struct bytes identity, uint8_t out[32])
{
    struct rig *rig = ctx;
    char name[LIMIT_FRONT_IDENTITY + 1] = {0};

    rig->n_psk++;
    memcpy(name, identity.p, identity.len);
    if (strncmp(name, "dev", 3) != 0 || (rig->gone && strcmp(name, rig->gone) == 0)) {
        return 1;
    }
    rig_psk(name, out);
    return 0;
}

static void
view_keep(struct bytes view, char *out, size_t cap)
{
    memset(out, 0, cap);
    if (view.p && view.len < cap) {
        memcpy(out, view.p, view.len);
    }
}

void
rig_answer(struct rig *rig)
{
    const struct front_answer answer = {
        .code = rig->code ? rig->code : FRONT_CODE(2, 4),
        .content_format = 60,
        .max_age_s = FRONT_NO_MAX_AGE,
        .size1 = rig->size1,
        .takes = rig->takes,
        .body = rig->answer,
    };

    CHECK_EQ(front_reply(rig->front, rig->last.conn, rig->last.request, &answer), 0);
}

static void
on_request(void *ctx, const struct front_request *request)
{
    struct rig *rig = ctx;

    rig->n_requests++;
    rig->last = *request;
    view_keep(request->identity, rig->identity, sizeof(rig->identity));
    view_keep(request->aud, rig->aud, sizeof(rig->aud));
    if (request->body.len > 0) {
        memcpy(rig->body, request->body.p, request->body.len);
    }
    if (!rig->hold) {
        rig_answer(rig);
    }
}

static void
on_closed(void *ctx, uint64_t conn)
{
    struct rig *rig = ctx;

    rig->n_closed++;
    rig->last_closed = conn;
}

static struct bytes
pem_of(BIO *bio)
{
    char *p = NULL;
    long len = BIO_get_mem_data(bio, &p);
    uint8_t *copy = malloc((size_t)len);

    CHECK(copy != NULL);
    memcpy(copy, p, (size_t)len);
    BIO_free(bio);
    return bytes_of(copy, (size_t)len);
}

static void
certificate_make(struct bytes *ret_cert, struct bytes *ret_key)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    BIO *cert_bio = BIO_new(BIO_s_mem());
    BIO *key_bio = BIO_new(BIO_s_mem());

    CHECK(key && cert && cert_bio && key_bio);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    CHECK_EQ(PEM_write_bio_X509(cert_bio, cert), 1);
    CHECK_EQ(PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    *ret_cert = pem_of(cert_bio);
    *ret_key = pem_of(key_bio);
}

static uint16_t
port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);
    struct addr addr;

    CHECK_EQ(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    CHECK_EQ(addr_read(&at, &addr), 0);
    return addr.port;
}

void
rig_start(struct rig *rig, const char *ip, const struct front_caps *caps)
{
    int fd = -1;
    struct front_config config = {
        .fds = &fd,
        .n_fds = 1,
        .stream = rig->stream,
        .keys = {.ticket = {{(uint8_t)(0x71 + rig->other_keys), 0x6b}, {0x70, 0x6b}},
                 .cookie = {{0xc0}, {0xc1}}},
        .clock = {.mono_ms = mono_ms, .wall_ms = wall_ms, .ctx = rig},
        .calls = {.psk = on_psk, .on_request = on_request, .on_closed = on_closed, .ctx = rig},
    };

    memcpy(config.site_hash, site_hash, sizeof(site_hash));
    config.site_hash[31] = rig->other_site;
    if (caps) {
        config.caps = *caps;
    }
    certificate_make(&config.cert_pem, &config.key_pem);
    signal(SIGPIPE, SIG_IGN); /* as in the role */
    if ((rig->stream ? front_listen_stream(ip, rig->port, &fd)
                     : front_listen(ip, rig->port, &fd)) != 0) {
        check_skip("no such address here");
    }
    rig->ip = ip;
    rig->port = port_of(fd);
    CHECK_EQ(front_new(&config, &rig->front), 0);
    free((void *)(uintptr_t)config.cert_pem.p);
    free((void *)(uintptr_t)config.key_pem.p);
}

void
rig_stop(struct rig *rig)
{
    front_freep(&rig->front);
}

void
rig_pump(void *ctx)
{
    struct rig *rig = ctx;

    CHECK_EQ(front_turn(rig->front, 1), 0);
}

struct dtls_client_config
rig_client(struct rig *rig, const char *identity)
{
    struct dtls_client_config config = {.ip = rig->ip,
                                        .port = rig->port,
                                        .identity = identity,
                                        .stream = rig->stream,
                                        .pump = rig_pump,
                                        .pump_ctx = rig};

    if (identity) {
        rig_psk(identity, config.psk);
    }
    return config;
}

void
rig_connect(struct rig *rig, struct dtls_client *client, const char *identity)
{
    struct dtls_client_config config = rig_client(rig, identity);

    dtls_client_open(client, &config);
    CHECK(dtls_client_connect(client, CONNECT_MS));
}

static void
is_served(struct rig *rig, struct dtls_client *client)
{
    const struct dtls_ask ask = {.code = FRONT_GET, .path = "keys"};
    size_t before = rig->n_requests;
    struct dtls_answer answer;

    dtls_client_ask(client, &ask, &answer);
    CHECK_EQ(answer.code, rig->code ? rig->code : FRONT_CODE(2, 4));
    CHECK_EQ(rig->n_requests, before + 1);
}

void
rig_renegotiate(struct rig *rig)
{
    struct dtls_client client;

    rig_connect(rig, &client, "dev-1");
    is_served(rig, &client);
    CHECK_EQ(SSL_renegotiate(client.ssl), 1);
    CHECK(!dtls_client_connect(&client, 500));
    CHECK_EQ(rig->n_psk, 1);
    CHECK_EQ(front_stats(rig->front).n_opened, 1);
    dtls_client_close(&client, false);
    rig_connect(rig, &client, "dev-1");
    is_served(rig, &client);
    dtls_client_close(&client, true);
}

void
rig_exporter(struct dtls_client *client, uint8_t out[32])
{
    static const char label[] = "EXPERIMENTAL-assay-quote-1";

    CHECK_EQ(SSL_export_keying_material(client->ssl, out, 32, label, sizeof(label) - 1, site_hash,
                                        sizeof(site_hash), 1),
             1);
}
