#include "lib/soft-client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/cose.h"
#include "lib/check.h"
#include "wire/answer.h"
#include "wire/credential.h"

enum { ANSWER_MS = 1500, CONNECT_MS = 2000, BLOCK = 1024, SZX = 6, BODY_ROOM = 256 * 1024 };
enum { GET = 1, POST = 2, CONTINUE = COAP_CODE(2, 31) };

static void
pump(void *context)
{
    const struct timespec turn = {0, 500000};

    (void)context;
    nanosleep(&turn, NULL);
}

static struct softek
ek_of(const struct soft_device *device)
{
    struct softek ek = {.name_alg = HASH_SHA256, .aes_bits = 128};
    char *pem = NULL;
    uint8_t x[32];
    uint8_t y[32];
    BIO *bio;

    CHECK_EQ(privkey_to_pem(device->ek, &pem), 0);
    bio = BIO_new_mem_buf(pem, -1);
    ek.pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    CHECK(ek.pkey);
    BIO_free(bio);
    free(pem);
    CHECK_EQ(privkey_point(device->ek, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &ek.public), 0);
    return ek;
}

void
soft_client_new(struct soft_client *client, uint16_t port, struct bytes log)
{
    memset(client, 0, sizeof(*client));
    client->port = port;
    client->rig.hasher = hasher_new();
    CHECK(client->rig.hasher);
    soft_device_new(&client->rig.device, client->rig.hasher, RIG_SITE);
    CHECK(keeper_rig_boot(&client->rig, log));
    client->ek = ek_of(&client->rig.device);
    client->with_log = true;
}

void
soft_client_done(struct soft_client *client)
{
    soft_client_close(client);
    softek_done(&client->ek);
    soft_device_done(&client->rig.device);
    hasher_free(client->rig.hasher);
}

void
soft_client_fingerprint(struct soft_client *client, char ret[65])
{
    uint8_t spki[256];
    uint8_t digest[32];
    size_t len = 0;

    CHECK_EQ(pubkey_spki(client->ek.public, spki, sizeof(spki), &len), 0);
    CHECK_EQ(hasher_bytes(client->rig.hasher, HASH_SHA256, bytes_of(spki, len), digest), 0);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    }
}

void
soft_client_close(struct soft_client *client)
{
    if (client->connected) {
        dtls_client_close(&client->dtls, true);
        client->connected = false;
    }
}

enum soft_outcome
soft_client_connect(struct soft_client *client)
{
    struct dtls_client_config config = {.ip = "127.0.0.1", .port = client->port, .pump = pump};
    uint8_t site[32];

    soft_client_close(client);
    if (client->identity[0]) {
        config.identity = client->identity;
        memcpy(config.psk, client->psk, sizeof(config.psk));
    }
    CHECK_EQ(hasher_bytes(client->rig.hasher, HASH_SHA256, bytes_str(RIG_SITE), site), 0);
    dtls_client_open(&client->dtls, &config);
    client->connected = true;
    if (!dtls_client_connect(&client->dtls, CONNECT_MS) ||
        SSL_export_keying_material(client->dtls.ssl, client->exporter, sizeof(client->exporter),
                                   "EXPERIMENTAL-assay-quote-1", 26, site, sizeof(site), 1) != 1) {
        ERR_clear_error();
        dtls_client_close(&client->dtls, false);
        client->connected = false;
        return SOFT_SILENCE;
    }
    return SOFT_OK;
}

static bool
send_message(struct soft_client *client, struct bytes message)
{
    size_t n = 0;
    bool sent = SSL_write_ex(client->dtls.ssl, message.p, message.len, &n) == 1;

    ERR_clear_error();
    return sent;
}

/* An answer that comes by itself wants an acknowledgement. */
static void
acknowledge(struct soft_client *client, const struct dtls_answer *answer)
{
    const struct coap_token none = {.len = 0};
    uint8_t room[16];
    struct coap_out out;

    if (answer->type == COAP_CON) {
        out = coap_out_begin(room, sizeof(room), COAP_ACK, 0, answer->mid, &none);
        ignore(send_message(client, coap_out_done(&out)), "then it is sent again");
    }
}

/* One message there, one back. */
static bool
exchange(struct soft_client *client, struct dtls_ask *ask, struct dtls_answer *answer)
{
    uint8_t room[2048];

    ask->token = ++client->token;
    if (!send_message(client, dtls_ask_write(&client->dtls, ask, room))) {
        return false;
    }
    do {
        dtls_answer_receive(&client->dtls, answer, ANSWER_MS);
        acknowledge(client, answer);
    } while (answer->came && answer->code == 0); /* an empty ACK: the answer follows */
    return answer->came;
}

/* Sends a body, in blocks where it is long. */
static bool
send_body(struct soft_client *client, struct dtls_ask *ask, struct bytes body,
          struct dtls_answer *answer)
{
    size_t at = 0;

    ask->payload = body;
    if (body.len <= BLOCK) {
        return exchange(client, ask, answer);
    }
    ask->size1 = (uint32_t)body.len;
    do {
        size_t n = body.len - at < BLOCK ? body.len - at : BLOCK;

        ask->block1 = (struct coap_block){
            .num = (uint32_t)(at / BLOCK), .more = at + n < body.len, .szx = SZX, .present = true};
        ask->payload = bytes_of(body.p + at, n);
        at += n;
        if (!exchange(client, ask, answer)) {
            return false;
        }
    } while (at < body.len && answer->code == CONTINUE);
    return true;
}

static bool
take_part(struct soft_client *client, const struct dtls_answer *answer)
{
    if (answer->payload.len > sizeof(client->body) - client->len) {
        return false;
    }
    if (answer->payload.len > 0) {
        memcpy(client->body + client->len, answer->payload.p, answer->payload.len);
    }
    client->len += answer->payload.len;
    return true;
}

/* A whole request; its answer's code, reason, Max-Age and body are in client. */
static enum soft_outcome
ask_for(struct soft_client *client, struct dtls_ask ask, struct bytes body)
{
    static struct dtls_answer answer;
    struct problem problem;

    client->code = 0;
    client->reason = 0;
    client->len = 0;
    if (!client->connected || !send_body(client, &ask, body, &answer)) {
        return SOFT_SILENCE;
    }
    client->code = answer.code;
    client->max_age_s = answer.max_age_s;
    ask.block1 = (struct coap_block){.present = false};
    ask.payload = BYTES_NULL;
    ask.size1 = 0;
    while (take_part(client, &answer) && answer.block2.present && answer.block2.more) {
        ask.block2 = (struct coap_block){
            .num = answer.block2.num + 1, .szx = answer.block2.szx, .present = true};
        if (!exchange(client, &ask, &answer)) {
            return SOFT_SILENCE;
        }
    }
    if (client->code >> 5 == 2) {
        return SOFT_OK;
    }
    if (problem_read(bytes_of(client->body, client->len), &problem, NULL) == 0) {
        client->reason = problem.reason;
        if (problem.has_nonce) {
            client->has_nonce = true;
            memcpy(client->nonce, problem.nonce, sizeof(client->nonce));
        }
    }
    return client->code == COAP_CODE(4, 1) || client->code == COAP_CODE(4, 9) ? SOFT_AGAIN
                                                                              : SOFT_WAIT;
}

static struct bytes
enrolment(struct soft_client *client)
{
    static uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));

    return soft_device_enroll(&client->rig.device, &wr);
}

enum soft_outcome
soft_client_enrol(struct soft_client *client)
{
    const struct soft_device *device = &client->rig.device;
    struct makecred_blob blob = {0};
    struct credential got;
    struct cose_sign1 message;
    uint8_t psk[64];
    enum soft_outcome outcome =
        ask_for(client, (struct dtls_ask){.code = POST, .path = "enroll"}, enrolment(client));

    if (outcome != SOFT_OK) {
        return outcome;
    }
    CHECK_EQ(cose_sign1_read(bytes_of(client->body, client->len), &message), 0);
    CHECK_EQ(credential_read(message.payload, &got, NULL), 0);
    CHECK(got.id_object.len <= sizeof(blob.id) && got.secret.len <= sizeof(blob.enc));
    memcpy(blob.id, got.id_object.p, got.id_object.len);
    blob.id_len = got.id_object.len;
    memcpy(blob.enc, got.secret.p, got.secret.len);
    blob.enc_len = got.secret.len;
    CHECK_EQ(softek_activate(&client->ek, client->rig.hasher,
                             bytes_of(device->ak_name, device->ak_name_len), &blob, psk),
             32);
    memcpy(client->psk, psk, sizeof(client->psk));
    snprintf(client->identity, sizeof(client->identity), "%.*s", (int)got.identity.len,
             (const char *)got.identity.p);
    return SOFT_OK;
}

enum soft_outcome
soft_client_join(struct soft_client *client)
{
    struct enrolled enrolled;
    enum soft_outcome outcome =
        ask_for(client, (struct dtls_ask){.code = POST, .path = "enroll"}, enrolment(client));

    if (outcome == SOFT_OK) {
        CHECK_EQ(enrolled_read(bytes_of(client->body, client->len), &enrolled, NULL), 0);
        client->state = enrolled.state;
        client->has_nonce = true;
        memcpy(client->nonce, enrolled.nonce, sizeof(client->nonce));
        memcpy(client->ueid, enrolled.ueid, sizeof(client->ueid));
    }
    return outcome;
}

/* As a TPM's: it goes on whatever the service does. */
static uint64_t
tpm_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct bytes
evidence(struct soft_client *client)
{
    static uint8_t room[BODY_ROOM];
    static struct soft_evidence made;
    struct wr wr = wr_init(room, sizeof(room));
    struct soft_device *device = &client->rig.device;
    uint64_t now_ms = tpm_clock_ms();

    made.with_log = made.with_values = client->with_log;
    device->clock_ms = now_ms > device->clock_ms ? now_ms : device->clock_ms;
    soft_evidence_plain(device, client->has_nonce ? client->nonce : NULL, client->exporter, &made);
    return soft_evidence_write(device, &made, &wr);
}

enum soft_outcome
soft_client_attest(struct soft_client *client, struct bytes *ret_cwt)
{
    struct answer answer;
    enum soft_outcome outcome =
        ask_for(client, (struct dtls_ask){.code = POST, .path = "attest"}, evidence(client));

    if (client->code == COAP_CODE(4, 9)) {
        client->with_log = true; /* of what may be wanted we have the log and the values */
    }
    if (outcome != SOFT_OK) {
        return outcome;
    }
    CHECK_EQ(answer_read(bytes_of(client->body, client->len), &answer, NULL), 0);
    memcpy(client->nonce, answer.nonce, sizeof(client->nonce));
    client->has_nonce = true;
    client->with_log = false;
    client->reason = answer.n_reasons ? answer.reasons[0] : 0;
    *ret_cwt = answer.cwt;
    return SOFT_OK;
}

enum soft_outcome
soft_client_jwt(struct soft_client *client)
{
    return ask_for(client, (struct dtls_ask){.code = GET, .path = "token", .query = "aud=assay"},
                   BYTES_NULL);
}
