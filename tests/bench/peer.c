#include "bench/peer.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

#include "base/hex.h"
#include "crypto/cose.h"
#include "lib/check.h"
#include "wire/credential.h"
#include "wire/problem.h"

enum { CONNECT_MS = 5000, AGAIN_US = 2000000, BLOCK = 1024, SZX = 6, CLOCK_BEGIN_MS = 1000 };

static const char label[] = "EXPERIMENTAL-assay-quote-1";

int64_t
peer_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
pump(void *context)
{
    const struct timespec turn = {0, 500000};

    (void)context;
    nanosleep(&turn, NULL);
}

/* The device's EK as one that opens credentials. */
static struct softek
softek_of(const struct privkey *key)
{
    struct softek ek = {.name_alg = HASH_SHA256, .aes_bits = 128};
    unsigned char *der = NULL;
    char *pem = NULL;
    BIO *bio;
    int len;

    CHECK_EQ(privkey_to_pem(key, &pem), 0);
    bio = BIO_new_mem_buf(pem, -1);
    ek.pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    free(pem);
    CHECK(ek.pkey != NULL);
    len = i2d_PUBKEY(ek.pkey, &der);
    CHECK(len > 0);
    CHECK_EQ(pubkey_from_spki(bytes_of(der, (size_t)len), &ek.public), 0);
    OPENSSL_free(der);
    return ek;
}

void
peer_new(struct peer *peer, const struct peer_site *site)
{
    uint8_t spki[256];
    uint8_t digest[32];
    size_t len = 0;

    memset(peer, 0, sizeof(*peer));
    soft_device_new(&peer->device, site->hasher, site->site);
    peer->ek = softek_of(peer->device.ek);
    CHECK_EQ(pubkey_spki(peer->ek.public, spki, sizeof(spki), &len), 0);
    CHECK_EQ(hasher_bytes(site->hasher, HASH_SHA256, bytes_of(spki, len), digest), 0);
    hex_write(peer->fingerprint, BYTES_OF(digest));
}

void
peer_done(struct peer *peer)
{
    if (peer->open) {
        peer_close(peer);
    }
    SSL_SESSION_free(peer->session);
    softek_done(&peer->ek);
    soft_device_done(&peer->device);
}

/* One datagram a call: the connected socket has no other way. */
static long
on_bio(BIO *bio, int oper, const char *argp, size_t len, int argi, long argl, int ret,
       size_t *processed)
{
    struct peer_count *count = (void *)BIO_get_callback_arg(bio);

    (void)argp;
    (void)len;
    (void)argi;
    (void)argl;
    (void)processed;
    count->datagrams_up += oper == (BIO_CB_WRITE | BIO_CB_RETURN) && ret > 0;
    count->datagrams_down += oper == (BIO_CB_READ | BIO_CB_RETURN) && ret > 0;
    return ret;
}

static void
open_with(struct peer *peer, const struct peer_site *site, bool psk)
{
    struct dtls_client_config config = {
        .ip = "127.0.0.1",
        .port = site->port,
        .identity = psk ? peer->identity : NULL,
        .session = psk ? peer->session : NULL,
        .ctx = psk ? site->psk_ctx : site->cert_ctx,
        .pump = pump,
    };

    memcpy(config.psk, peer->psk, sizeof(config.psk));
    dtls_client_open(&peer->client, &config);
    peer->count = (struct peer_count){0};
    BIO_set_callback_ex(SSL_get_rbio(peer->client.ssl), on_bio);
    BIO_set_callback_arg(SSL_get_rbio(peer->client.ssl), (void *)&peer->count);
    peer->open = true;
}

void
peer_close(struct peer *peer)
{
    ignore(SSL_shutdown(peer->client.ssl) < 0, "a courtesy");
    dtls_client_close(&peer->client, false);
    peer->open = false;
    peer->state = PEER_IDLE;
}

/* What the finished handshake gives: exporter, and a session for the next one. */
static void
connected(struct peer *peer)
{
    uint8_t context[32];

    CHECK_EQ(hasher_bytes(peer->device.hasher, HASH_SHA256, bytes_str(peer->device.site), context),
             0);
    CHECK_EQ(SSL_export_keying_material(peer->client.ssl, peer->exporter, sizeof(peer->exporter),
                                        label, sizeof(label) - 1, context, sizeof(context), 1),
             1);
    if (!peer->session) {
        peer->session = SSL_get1_session(peer->client.ssl);
    } else {
        CHECK_EQ(SSL_session_reused(peer->client.ssl), 1);
    }
}

static void
enrol_ask(struct peer *peer)
{
    uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct dtls_ask ask = {.code = 2, .path = "enroll", .token = 1};

    ask.payload = soft_device_enroll(&peer->device, &wr);
    CHECK(ask.payload.p != NULL);
    dtls_client_ask(&peer->client, &ask, &peer->answer);
    CHECK(peer->answer.came);
    CHECK_EQ(peer->answer.code, 0x44);
}

void
peer_credential(struct peer *peer, const struct peer_site *site)
{
    struct cose_sign1 message;
    struct credential credential;
    struct makecred_blob blob = {0};
    uint8_t out[64];

    open_with(peer, site, false);
    CHECK(dtls_client_connect(&peer->client, CONNECT_MS));
    enrol_ask(peer);
    CHECK_EQ(cose_sign1_read(peer->answer.payload, &message), 0);
    CHECK_EQ(credential_read(message.payload, &credential, NULL), 0);
    CHECK(credential.identity.len <= LIMIT_IDENTITY);
    memcpy(peer->identity, credential.identity.p, credential.identity.len);
    CHECK(credential.id_object.len <= sizeof(blob.id));
    CHECK(credential.secret.len <= sizeof(blob.enc));
    memcpy(blob.id, credential.id_object.p, credential.id_object.len);
    memcpy(blob.enc, credential.secret.p, credential.secret.len);
    blob.id_len = credential.id_object.len;
    blob.enc_len = credential.secret.len;
    CHECK_EQ(softek_activate(&peer->ek, peer->device.hasher,
                             bytes_of(peer->device.ak_name, peer->device.ak_name_len), &blob, out),
             32);
    memcpy(peer->psk, out, sizeof(peer->psk));
    peer_close(peer);
}

void
peer_enrol(struct peer *peer, const struct peer_site *site)
{
    struct enrolled enrolled;

    open_with(peer, site, true);
    CHECK(dtls_client_connect(&peer->client, CONNECT_MS));
    connected(peer);
    enrol_ask(peer);
    CHECK_EQ(enrolled_read(peer->answer.payload, &enrolled, NULL), 0);
    CHECK_EQ(enrolled.state, DEVICE_PROVISIONAL);
    memcpy(peer->nonce, enrolled.nonce, sizeof(peer->nonce));
}

static struct bytes
evidence_make(struct peer *peer, bool with_log, struct wr *wr)
{
    static struct soft_evidence evidence;
    static int64_t begun_us;
    uint64_t clock_ms;

    begun_us = begun_us ? begun_us : peer_now_us();
    clock_ms = CLOCK_BEGIN_MS + (uint64_t)(peer_now_us() - begun_us) / 1000;
    if (clock_ms > peer->device.clock_ms) {
        peer->device.clock_ms = clock_ms;
    }
    evidence = (struct soft_evidence){.with_log = with_log, .with_values = with_log};
    soft_evidence_plain(&peer->device, peer->nonce, peer->exporter, &evidence);
    return soft_evidence_write(&peer->device, &evidence, wr);
}

/* The evidence was accepted, or kept by a class that knows no reference yet. */
static void
accepted(struct peer *peer)
{
    struct answer answer;

    CHECK_EQ(peer->answer.code, 0x44);
    CHECK_EQ(answer_read(peer->answer.payload, &answer, NULL), 0);
    memcpy(peer->nonce, answer.nonce, sizeof(peer->nonce));
    peer->cwt_len = answer.cwt.len;
    peer->payload_down = peer->answer.payload.len;
}

void
peer_first(struct peer *peer, struct bytes log)
{
    size_t cap = log.len + 16384;
    uint8_t *room = malloc(cap);
    struct wr wr = wr_init(room, cap);
    struct bytes body = evidence_make(peer, log.len > 0, &wr);

    for (uint32_t num = 0; (size_t)num * BLOCK < body.len; num++) {
        size_t at = (size_t)num * BLOCK;
        bool more = body.len - at > BLOCK;
        struct dtls_ask ask = {.code = 2, .path = "attest", .token = 2};

        ask.payload = bytes_of(body.p + at, more ? BLOCK : body.len - at);
        if (body.len > BLOCK) {
            ask.block1 = (struct coap_block){.num = num, .more = more, .szx = SZX, .present = true};
        }
        dtls_client_ask(&peer->client, &ask, &peer->answer);
        CHECK(peer->answer.came);
    }
    accepted(peer);
    free(room);
}

void
peer_open(struct peer *peer, const struct peer_site *site)
{
    open_with(peer, site, true);
    peer->state = PEER_CONNECTING;
}

static void
post(struct peer *peer)
{
    size_t n = 0;

    CHECK_EQ(SSL_write_ex(peer->client.ssl, peer->request.p, peer->request.len, &n), 1);
    peer->sent_us = peer_now_us();
}

void
peer_attest(struct peer *peer)
{
    uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct dtls_ask ask = {.code = 2, .path = "attest", .token = 3};

    ask.payload = evidence_make(peer, false, &wr);
    peer->payload_up = ask.payload.len;
    peer->request = dtls_ask_write(&peer->client, &ask, peer->message);
    CHECK(peer->request.p != NULL);
    peer->asked_us = peer_now_us();
    post(peer);
    peer->state = PEER_ASKING;
}

static bool
step_connect(struct peer *peer)
{
    int r = SSL_connect(peer->client.ssl);

    if (r == 1) {
        connected(peer);
        peer->state = PEER_IDLE;
        return true;
    }
    CHECK_EQ(SSL_get_error(peer->client.ssl, r), SSL_ERROR_WANT_READ);
    ignore(DTLSv1_handle_timeout(peer->client.ssl) < 0, "the next call tells");
    ERR_clear_error();
    return false;
}

static bool
step_ask(struct peer *peer)
{
    dtls_answer_receive(&peer->client, &peer->answer, 0);
    if (!peer->answer.came || peer->answer.code == 0) {
        if (peer_now_us() - peer->sent_us > AGAIN_US) {
            post(peer); /* the same message: answered once */
        }
        return false;
    }
    accepted(peer);
    CHECK(peer->cwt_len > 0);
    peer->state = PEER_IDLE;
    return true;
}

bool
peer_step(struct peer *peer)
{
    switch (peer->state) {
    case PEER_CONNECTING:
        return step_connect(peer);
    case PEER_ASKING:
        return step_ask(peer);
    case PEER_IDLE:
        break;
    }
    return false;
}
