/* A DTLS 1.2 client over real UDP, or TLS 1.2 over TCP, for tests, with CoAP made by hand. Messages
 * have the form of a datagram on both. It never blocks for long: while it waits it calls `pump`,
 * which lets the server under test take its turn in the same thread. */
#pragma once

#include <openssl/ssl.h>

#include "base/std.h"
#include "front/coap-out.h"

struct dtls_client_config {
    const char *ip;
    uint16_t port;
    const char *identity; /* NULL: a certificate connection */
    uint8_t psk[32];
    const char *suites; /* NULL: what the protocol wants */
    uint64_t options;   /* SSL_OP_… */
    int max_version;    /* 0: 1.2 */
    int min_version;    /* 0: any */
    SSL_SESSION *session;
    SSL_CTX *ctx;         /* borrowed, of dtls_client_context(); NULL: one of its own */
    uint16_t source_port; /* 0: any */
    bool stream;          /* TCP */
    bool silent;          /* no capabilities are sent, and none waited for */
    uint32_t message_max; /* what it takes, as its capabilities say; 0: it does not say */
    void (*pump)(void *ctx);
    void *pump_ctx;
};

struct dtls_client {
    struct dtls_client_config config;
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
    uint16_t mid;
    uint32_t server_max; /* what the server's capabilities said */
    uint8_t *part;       /* of a message that came */
    size_t part_len;
};

/* What connections with these suites share, for many of them; failures end the test case. */
SSL_CTX *dtls_client_context(const char *suites);

/* Opens the socket; failures end the test case. */
void dtls_client_open(struct dtls_client *client, const struct dtls_client_config *config);
void dtls_client_close(struct dtls_client *client, bool goodbye);

/* True when the handshake was finished within the time. */
bool dtls_client_connect(struct dtls_client *client, int wait_ms);

/* Raw bytes on a stream; false when it was closed. */
bool dtls_client_write(struct dtls_client *client, struct bytes bytes);

/* Sends one message; receives one within the time, or returns an empty view. */
void dtls_client_send(struct dtls_client *client, struct bytes message);
struct bytes dtls_client_receive(struct dtls_client *client, uint8_t room[2048], int wait_ms);

/* One of any length on a stream; the view lives until the next or the close. */
struct bytes dtls_client_receive_long(struct dtls_client *client, int wait_ms);

/* True when the server ended the connection within the time. */
bool dtls_client_is_closed(struct dtls_client *client, int wait_ms);

/* One request of the client as CoAP. Zero is a good default but for code and path. */
struct dtls_ask {
    enum coap_type type;
    uint8_t code;
    const char *path;
    const char *query;
    uint16_t mid; /* 0: the next */
    uint8_t token;
    struct coap_block block1;
    struct coap_block block2;
    uint32_t size1;
    uint16_t extra_option; /* above 60; 0: none */
    struct bytes payload;
};
struct bytes dtls_ask_write(struct dtls_client *client, const struct dtls_ask *ask,
                            uint8_t room[2048]);

/* What came back, of interest to tests. */
struct dtls_answer {
    bool came;
    enum coap_type type;
    uint8_t code;
    uint16_t mid;
    int content_format;
    int64_t max_age_s; /* -1 without one */
    uint32_t size1;
    struct coap_block block1;
    struct coap_block block2;
    struct bytes payload; /* view into room */
    uint8_t room[2048];
};
void dtls_client_ask(struct dtls_client *client, const struct dtls_ask *ask,
                     struct dtls_answer *ret_answer);
void dtls_answer_read(struct dtls_answer *answer, struct bytes message);
void dtls_answer_receive(struct dtls_client *client, struct dtls_answer *ret_answer, int wait_ms);
