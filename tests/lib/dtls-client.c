#include "lib/dtls-client.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/rd.h"
#include "front/addr.h"
#include "front/coap-signal.h"
#include "front/frame.h"
#include "lib/check.h"

enum { ANSWER_MS = 3000, MESSAGE_MOST = 32 << 20 };

static unsigned
psk_client(SSL *ssl, const char *hint, char *identity, unsigned identity_cap, unsigned char *psk,
           unsigned psk_cap)
{
    const struct dtls_client *client = SSL_get_app_data(ssl);

    (void)hint;
    if (psk_cap < sizeof(client->config.psk)) {
        return 0;
    }
    snprintf(identity, identity_cap, "%s", client->config.identity);
    memcpy(psk, client->config.psk, sizeof(client->config.psk));
    return sizeof(client->config.psk);
}

static int
socket_open(const struct dtls_client_config *config, struct sockaddr_storage *ret_to)
{
    bool v6 = strchr(config->ip, ':') != NULL;
    struct addr addr = {.ip = {127, 0, 0, 1}, .port = config->port, .v6 = v6};
    struct addr own = {.port = config->source_port, .v6 = v6};
    struct sockaddr_storage from;
    int fd = socket(
        v6 ? AF_INET6 : AF_INET,
        config->stream ? SOCK_STREAM | SOCK_CLOEXEC : SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (v6) {
        memset(addr.ip, 0, sizeof(addr.ip));
        addr.ip[15] = 1;
    }
    memcpy(own.ip, addr.ip, sizeof(own.ip));
    if (config->source_port) {
        int on = 1;
        socklen_t len = addr_sockaddr(&own, &from);

        CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
        CHECK_EQ(bind(fd, (struct sockaddr *)&from, len), 0);
    }
    socklen_t len = addr_sockaddr(&addr, ret_to);

    CHECK_EQ(connect(fd, (struct sockaddr *)ret_to, len), 0);
    CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    if (config->stream) { /* else what is small waits for an acknowledgement */
        int on = 1;

        CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    }
    return fd;
}

static SSL_CTX *
context_new(const char *suites, bool stream)
{
    SSL_CTX *ctx = SSL_CTX_new(stream ? TLS_client_method() : DTLS_client_method());

    CHECK(ctx != NULL);
    CHECK_EQ(SSL_CTX_set_cipher_list(ctx, suites), 1);
    CHECK_EQ(SSL_CTX_set_max_proto_version(ctx, stream ? TLS1_2_VERSION : DTLS1_2_VERSION), 1);
    if (!stream) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ctx;
}

SSL_CTX *
dtls_client_context(const char *suites)
{
    return context_new(suites, false);
}

static SSL_CTX *
context_own(const struct dtls_client_config *config)
{
    const char *suites =
        config->identity ? "ECDHE-PSK-CHACHA20-POLY1305" : "ECDHE-ECDSA-AES128-GCM-SHA256";
    SSL_CTX *ctx = context_new(config->suites ? config->suites : suites, config->stream);

    if (config->max_version) {
        CHECK_EQ(SSL_CTX_set_max_proto_version(ctx, config->max_version), 1);
    }
    CHECK_EQ(SSL_CTX_set_min_proto_version(ctx, config->min_version), 1);
    SSL_CTX_set_options(ctx, config->options);
    return ctx;
}

void
dtls_client_open(struct dtls_client *client, const struct dtls_client_config *config)
{
    struct sockaddr_storage to;
    BIO *bio;

    *client = (struct dtls_client){.config = *config, .mid = 100};
    client->fd = socket_open(config, &to);
    client->ctx = config->ctx ? config->ctx : context_own(config);
    if (config->ctx) {
        CHECK_EQ(SSL_CTX_up_ref(config->ctx), 1);
    }
    client->ssl = SSL_new(client->ctx);
    if (config->identity) {
        SSL_set_psk_client_callback(client->ssl, psk_client);
    }
    bio = config->stream ? BIO_new_socket(client->fd, BIO_NOCLOSE)
                         : BIO_new_dgram(client->fd, BIO_NOCLOSE);
    CHECK(client->ssl && bio);
    SSL_set_bio(client->ssl, bio, bio);
    if (!config->stream) {
        BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &to);
        SSL_set_mtu(client->ssl, 1200);
    }
    SSL_set_app_data(client->ssl, client);
    if (config->session) {
        CHECK_EQ(SSL_set_session(client->ssl, config->session), 1);
    }
    SSL_set_connect_state(client->ssl);
}

void
dtls_client_close(struct dtls_client *client, bool goodbye)
{
    if (goodbye) {
        ignore(SSL_shutdown(client->ssl) < 0, "a courtesy");
        client->config.pump(client->config.pump_ctx);
    }
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    close(client->fd);
    free(client->part);
    client->part = NULL;
}

static int64_t
real_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1: again after the pump's turn; 0: over. */
static int
wait_more(struct dtls_client *client, int r, int64_t until)
{
    int error = SSL_get_error(client->ssl, r);

    ERR_clear_error();
    if ((error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) || real_ms() >= until) {
        return 0;
    }
    client->config.pump(client->config.pump_ctx);
    ignore(client->config.stream || DTLSv1_handle_timeout(client->ssl) < 0, "the next call tells");
    return 1;
}

bool
dtls_client_write(struct dtls_client *client, struct bytes bytes)
{
    int64_t until = real_ms() + ANSWER_MS;
    struct rd rd = rd_init(bytes);

    while (rd_left(&rd) > 0) {
        struct bytes rest = bytes_of(rd.p + rd_offset(&rd), rd_left(&rd));
        int r = SSL_write(client->ssl, rest.p, (int)rest.len);

        if (r > 0) {
            (void)rd_bytes(&rd, (size_t)r);
        } else if (!wait_more(client, r, until)) {
            return false;
        }
    }
    client->config.pump(client->config.pump_ctx);
    return true;
}

/* A message of the form of a datagram, in front of which goes its length. */
static bool
stream_send(struct dtls_client *client, struct bytes message)
{
    struct frame frame = {.token_len = message.p[0] & 15, .code = message.p[1]};
    uint8_t head[FRAME_HEAD_MAX];
    uint8_t *room = malloc(message.len + sizeof(head));
    struct wr wr = wr_init(room, message.len + sizeof(head));
    bool sent;

    frame.rest = message.len - 4;
    wr_bytes(&wr, bytes_of(head, frame_head_write(head, &frame)));
    wr_bytes(&wr, bytes_of(message.p + 4, message.len - 4));
    sent = dtls_client_write(client, wr_done(&wr));
    free(room);
    return sent;
}

/* Exactly so many bytes, or false. */
static bool
stream_fill(struct dtls_client *client, uint8_t *room, size_t want, int64_t until)
{
    size_t len = 0;

    while (len < want) {
        int r = SSL_read(client->ssl, room + len, (int)(want - len));

        if (r > 0) {
            len += (size_t)r;
        } else if (!wait_more(client, r, until)) {
            return false;
        }
    }
    return true;
}

static struct bytes
receive_any(struct dtls_client *client, int64_t until)
{
    uint8_t head[FRAME_HEAD_MAX];
    struct frame frame;
    size_t head_len;

    if (!stream_fill(client, head, 1, until)) {
        return BYTES_NULL;
    }
    head_len = frame_head_len(head[0]);
    CHECK(stream_fill(client, head + 1, head_len - 1, until));
    CHECK_EQ(frame_head_read(bytes_of(head, head_len), &frame), 0);
    CHECK(frame.rest < MESSAGE_MOST);
    free(client->part);
    client->part_len = (size_t)frame.rest + 4;
    client->part = malloc(client->part_len);
    CHECK(client->part != NULL);
    memcpy(client->part, (uint8_t[]){(uint8_t)(0x50 | frame.token_len), frame.code, 0, 0}, 4);
    CHECK(stream_fill(client, client->part + 4, (size_t)frame.rest, until));
    return bytes_of(client->part, client->part_len);
}

struct bytes
dtls_client_receive_long(struct dtls_client *client, int wait_ms)
{
    int64_t until = real_ms() + wait_ms;
    struct coap_signal signal;
    struct bytes message;

    do { /* capabilities may change, before anything */
        message = receive_any(client, until);
        if (message.len == 0 || message.p[1] != SIGNAL_CSM || client->server_max == 0) {
            return message;
        }
        CHECK_EQ(coap_signal_read(message, &signal), 0);
        client->server_max = signal.max_message;
    } while (true);
}

/* Both say what they take. */
static bool
capabilities(struct dtls_client *client, int wait_ms)
{
    static const struct coap_token none = {.len = 0};
    uint8_t room[SIGNAL_ROOM];
    struct coap_signal signal;
    struct bytes message;

    message = client->config.message_max ? coap_signal_csm(room, client->config.message_max)
                                         : coap_signal_plain(room, SIGNAL_CSM, &none);
    if (!stream_send(client, message)) {
        return false;
    }
    message = dtls_client_receive_long(client, wait_ms);
    if (message.len == 0) {
        return false;
    }
    CHECK_EQ(coap_signal_read(message, &signal), 0);
    CHECK_EQ(signal.code, SIGNAL_CSM);
    client->server_max = signal.max_message;
    return true;
}

bool
dtls_client_connect(struct dtls_client *client, int wait_ms)
{
    int64_t until = real_ms() + wait_ms;
    int r;

    while ((r = SSL_connect(client->ssl)) != 1) {
        if (!wait_more(client, r, until)) {
            return false;
        }
    }
    client->config.pump(client->config.pump_ctx); /* the last flight may be ours */
    if (client->config.stream && !client->config.silent && client->server_max == 0) {
        return capabilities(client, wait_ms);
    }
    return true;
}

void
dtls_client_send(struct dtls_client *client, struct bytes message)
{
    size_t n = 0;

    if (client->config.stream) {
        ignore(!stream_send(client, message), "who waits for an answer finds out");
        return;
    }
    CHECK_EQ(SSL_write_ex(client->ssl, message.p, message.len, &n), 1);
    client->config.pump(client->config.pump_ctx);
}

struct bytes
dtls_client_receive(struct dtls_client *client, uint8_t room[2048], int wait_ms)
{
    int64_t until = real_ms() + wait_ms;
    int r;

    if (client->config.stream) {
        struct bytes message = dtls_client_receive_long(client, wait_ms);

        CHECK(message.len <= 2048);
        if (message.len > 0) {
            memcpy(room, message.p, message.len);
        }
        return bytes_of(room, message.len);
    }
    while ((r = SSL_read(client->ssl, room, 2048)) <= 0) {
        if (!wait_more(client, r, until)) {
            return BYTES_NULL;
        }
    }
    return bytes_of(room, (size_t)r);
}

bool
dtls_client_is_closed(struct dtls_client *client, int wait_ms)
{
    uint8_t room[2048];

    while (dtls_client_receive(client, room, wait_ms).len > 0) {
    }
    return (SSL_get_shutdown(client->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

struct bytes
dtls_ask_write(struct dtls_client *client, const struct dtls_ask *ask, uint8_t room[2048])
{
    struct coap_token token = {.b = {ask->token, 7}, .len = 2};
    uint16_t mid = ask->mid ? ask->mid : ++client->mid;
    struct coap_out out = coap_out_begin(room, 2048, ask->type, ask->code, mid, &token);

    for (const char *at = ask->path; at && *at;) {
        size_t n = strcspn(at, "/");

        coap_out_option(&out, 11, bytes_of(at, n));
        at += n + (at[n] == '/');
    }
    if (ask->query) {
        coap_out_option(&out, 15, bytes_str(ask->query));
    }
    if (ask->block2.present) {
        coap_out_block(&out, 23, &ask->block2);
    }
    if (ask->block1.present) {
        coap_out_block(&out, 27, &ask->block1);
    }
    if (ask->size1) {
        coap_out_uint(&out, 60, ask->size1);
    }
    if (ask->extra_option) {
        coap_out_option(&out, ask->extra_option, BYTES_NULL);
    }
    coap_out_payload(&out, ask->payload);
    return coap_out_done(&out);
}

static uint32_t
number(struct bytes value)
{
    uint32_t out = 0;

    for (size_t i = 0; i < value.len; i++) {
        out = out << 8 | value.p[i];
    }
    return out;
}

static struct coap_block
block_of(struct bytes value)
{
    uint32_t n = number(value);

    return (struct coap_block){.num = n >> 4, .more = (n & 8) != 0, .szx = n & 7, .present = true};
}

static void
option_take(struct dtls_answer *answer, unsigned option, struct bytes value)
{
    switch (option) {
    case 12:
        answer->content_format = (int)number(value);
        break;
    case 14:
        answer->max_age_s = number(value);
        break;
    case 23:
        answer->block2 = block_of(value);
        break;
    case 27:
        answer->block1 = block_of(value);
        break;
    case 60:
        answer->size1 = number(value);
        break;
    default:
        break;
    }
}

static unsigned
extended(struct rd *rd, unsigned nibble)
{
    if (nibble == 13) {
        return 13u + rd_u8(rd);
    }
    return nibble == 14 ? 269u + rd_be16(rd) : nibble;
}

void
dtls_answer_read(struct dtls_answer *answer, struct bytes message)
{
    struct rd rd = rd_init(message);
    uint8_t first = rd_u8(&rd);
    unsigned option = 0;

    answer->came = message.len >= 4;
    answer->type = (enum coap_type)(first >> 4 & 3);
    answer->code = rd_u8(&rd);
    answer->mid = rd_be16(&rd);
    answer->content_format = -1;
    answer->block1.present = answer->block2.present = false;
    answer->payload = BYTES_NULL;
    answer->size1 = 0;
    answer->max_age_s = -1;
    (void)rd_bytes(&rd, first & 15);
    while (rd_left(&rd) > 0) {
        uint8_t head = rd_u8(&rd);
        unsigned len;

        if (head == 0xff) {
            answer->payload = rd_rest(&rd);
            return;
        }
        option += extended(&rd, head >> 4);
        len = extended(&rd, head & 15);
        option_take(answer, option, rd_bytes(&rd, len));
    }
}

void
dtls_answer_receive(struct dtls_client *client, struct dtls_answer *ret_answer, int wait_ms)
{
    *ret_answer = (struct dtls_answer){.came = false};
    dtls_answer_read(ret_answer, dtls_client_receive(client, ret_answer->room, wait_ms));
}

void
dtls_client_ask(struct dtls_client *client, const struct dtls_ask *ask,
                struct dtls_answer *ret_answer)
{
    uint8_t room[2048];

    dtls_client_send(client, dtls_ask_write(client, ask, room));
    dtls_answer_receive(client, ret_answer, ANSWER_MS);
}
