/* DTLS 1.2, and on streams TLS 1.2, as the protocol page's Transport section has it, on OpenSSL:
 * what is offered, what is demanded of a finished handshake, and what is read from it. */
#pragma once

#include <openssl/ssl.h>

#include "front/dgram.h"
#include "front/front.h"

struct tls {
    SSL_CTX *ctx;
    int version;               /* the only one */
    BIO_METHOD *method;        /* of datagrams */
    EVP_CIPHER *ticket_cipher; /* fetched once: a look-up costs more than a ticket */
    struct front_calls calls;
    uint8_t site_hash[32];
    uint8_t session_context[32]; /* of resumption: the site's, and of its kind */
    uint8_t ticket_keys[2][80];  /* front_keys: current, previous */
};

/* Certificate and key are parsed here, once. A session of another session_context is not resumed:
 * 32 bytes that name the site and the kind of connection. Returns 0, 1 when they do not parse or do
 * not fit, or -errno. tls_done() is fine afterwards in any case. */
MUST_CHECK int tls_init(struct tls *tls, const struct front_config *config,
                        const uint8_t session_context[32]);
void tls_done(struct tls *tls);

/* The same with another certificate and key, for handshakes that begin from now. Returns as
 * tls_init(); unless 0 all is as it was. */
MUST_CHECK int tls_renew(struct tls *tls, struct bytes cert_pem, struct bytes key_pem);

/* A server side over the datagrams; NULL without memory. dgram must outlive it. */
SSL *tls_new(const struct tls *tls, struct dgram *dgram);

/* A server side over a connected socket, which stays the caller's; NULL without memory. SIGPIPE
 * must be ignored. */
SSL *tls_new_stream(const struct tls *tls, int fd);

enum tls_step {
    TLS_WAIT, /* for more datagrams */
    TLS_DONE, /* handshake finished */
    TLS_ENDED /* failed, or closed by the peer */
};

/* Gives OpenSSL the hello whose cookie was verified (in dgram->in) and goes on. */
enum tls_step tls_begin(SSL *ssl);
enum tls_step tls_handshake(SSL *ssl);

/* The next plaintext that came in, up to cap bytes: TLS_DONE with *ret_len, else as above. */
enum tls_step tls_read(SSL *ssl, uint8_t *out, size_t cap, size_t *ret_len);
void tls_write(SSL *ssl, struct bytes message);

/* On a stream: writes what it takes of the bytes, which may move until the rest is tried. */
enum tls_step tls_write_some(SSL *ssl, struct bytes bytes, size_t *ret_n);

/* Says goodbye to the peer. */
void tls_close(SSL *ssl);

/* Milliseconds until tls_retransmit() wants to be called; -1: never. */
int64_t tls_timeout_ms(SSL *ssl);
MUST_CHECK enum tls_step tls_retransmit(SSL *ssl);

struct tls_peer {
    enum front_kind kind;
    bool resumed;
    uint8_t identity[LIMIT_FRONT_IDENTITY];
    size_t identity_len;
    uint8_t exporter[32];
};

/* Looks at a finished handshake: version 1.2 exactly, extended master secret (RFC 7627), one of our
 * two kinds, no resumption but for PSK. The identity comes from the session, as no callback runs
 * when it is resumed. Returns 0, or 1 when the connection must be closed. */
MUST_CHECK int tls_peer_read(const struct tls *tls, SSL *ssl, struct tls_peer *ret_peer);
