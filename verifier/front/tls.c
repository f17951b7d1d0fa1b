#include "front/tls.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/digest.h"

/* The longest handshake message that a client may send us: it has no certificate to show. OpenSSL
 * keeps room for up to ten of what this allows (16 kB at least) for a peer that sends parts. */
enum { MAX_CERT_LIST = 1024, MTU = 1200, PSK_LEN = 32, TICKET_LIFE_S = 3600, TICKET_NAME = 16 };

static const char suites[] = "ECDHE-PSK-CHACHA20-POLY1305:"
                             "ECDHE-ECDSA-AES128-GCM-SHA256:"
                             "ECDHE-ECDSA-CHACHA20-POLY1305";
static const char exporter_label[] = "EXPERIMENTAL-assay-quote-1";

static unsigned
psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned cap)
{
    const struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct bytes name = bytes_str(identity);
    uint8_t key[PSK_LEN];

    if (name.len == 0 || name.len > LIMIT_FRONT_IDENTITY || cap < sizeof(key) ||
        tls->calls.psk(tls->calls.ctx, name, key) != 0) {
        return 0;
    }
    memcpy(psk, key, sizeof(key));
    wipe(key, sizeof(key));
    return sizeof(key);
}

static bool
is_psk(const SSL_CIPHER *cipher)
{
    return cipher && SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe_psk;
}

/* Called when the suite is chosen: only PSK sessions get tickets. */
static int
not_resumable(SSL *ssl, int forward_secure)
{
    (void)forward_secure;
    return !is_psk(SSL_get_pending_cipher(ssl));
}

/* Whether this is the ticket key of that name. A key of zeros stands for none: everybody has it. */
static bool
is_named(const uint8_t key[80], const uint8_t name[TICKET_NAME])
{
    static const uint8_t none[80];

    return memcmp(key, name, TICKET_NAME) == 0 && !ct_equal(bytes_of(key, 80), BYTES_OF(none));
}

static bool
ticket_mac(EVP_MAC_CTX *mac, uint8_t key[80])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key + 16, 32),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* RFC 5077 section 4, by the keys that all workers share. OpenSSL's own keys are one set without a
 * predecessor: each change would cost every device a full handshake. */
static int
ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
           EVP_MAC_CTX *mac, int making)
{
    struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    uint8_t(*keys)[80] = tls->ticket_keys;

    if (making) {
        memcpy(name, keys[0], TICKET_NAME);
        if (!is_named(keys[0], name) || random_bytes(iv, 16) != 0) {
            return 0; /* then the peer gets none */
        }
        return EVP_EncryptInit_ex(cipher, tls->ticket_cipher, NULL, keys[0] + 48, iv) == 1 &&
                       ticket_mac(mac, keys[0])
                   ? 1
                   : -1;
    }
    for (int i = 0; i < 2; i++) {
        if (is_named(keys[i], name)) {
            return EVP_DecryptInit_ex(cipher, tls->ticket_cipher, NULL, keys[i] + 48, iv) == 1 &&
                           ticket_mac(mac, keys[i])
                       ? 1 + i /* 2: taken, and a new one is made with the current key */
                       : -1;
        }
    }
    return 0;
}

/* The front verified the cookie before there was an SSL; OpenSSL insists on asking. */
static int
cookie_verify(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    (void)ssl;
    (void)cookie;
    (void)len;
    return 1;
}

/* Never called: the hello that we pass on has a cookie. */
static int
cookie_generate(SSL *ssl, unsigned char *cookie, unsigned *len)
{
    (void)ssl;
    (void)cookie;
    *len = 0;
    return 0;
}

static int
chain_use(SSL_CTX *ctx, struct bytes pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool ok = cert && SSL_CTX_use_certificate(ctx, cert) == 1;

    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        ok = SSL_CTX_add1_chain_cert(ctx, cert) == 1;
        X509_free(cert);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the PEM text is one */
    return ok ? 0 : 1;
}

static int
key_use(SSL_CTX *ctx, struct bytes pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;

    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return ok ? 0 : 1;
}

static int
rules_set(SSL_CTX *ctx, int version, const uint8_t session_context[32])
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1};

    if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_cipher_list(ctx, suites) != 1 ||
        SSL_CTX_set1_groups(ctx, groups, ARRAY_LEN(groups)) != 1 ||
        SSL_CTX_set_session_id_context(ctx, session_context, 32) != 1) {
        return -EIO;
    }
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets only */
    SSL_CTX_set_timeout(ctx, TICKET_LIFE_S);
    SSL_CTX_set_max_cert_list(ctx, MAX_CERT_LIST);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL); /* clients are not asked for certificates */
    SSL_CTX_set_psk_server_callback(ctx, psk_server);
    SSL_CTX_set_not_resumable_session_callback(ctx, not_resumable);
    return SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_key) == 1 ? 0 : -EIO;
}

/* What only one of the two knows. */
static void
kind_set(SSL_CTX *ctx, bool stream)
{
    if (stream) {
        /* an idle connection holds no record's room; an answer may be sent in parts */
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        return;
    }
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_cookie_generate_cb(ctx, cookie_generate);
    SSL_CTX_set_cookie_verify_cb(ctx, cookie_verify);
}

/* Returns 0 with a context, 1 when certificate and key do not parse or fit, or -errno. */
static int
context_new(struct tls *tls, struct bytes cert_pem, struct bytes key_pem, SSL_CTX **ret)
{
    bool stream = tls->version == TLS1_2_VERSION;
    SSL_CTX *ctx = SSL_CTX_new(stream ? TLS_server_method() : DTLS_server_method());
    int r = ctx ? rules_set(ctx, tls->version, tls->session_context) : -ENOMEM;

    if (r == 0 && (cert_pem.len > INT32_MAX || key_pem.len > INT32_MAX ||
                   chain_use(ctx, cert_pem) != 0 || key_use(ctx, key_pem) != 0)) {
        r = 1;
    }
    if (r != 0) {
        SSL_CTX_free(ctx);
        return r;
    }
    kind_set(ctx, stream);
    SSL_CTX_set_app_data(ctx, tls);
    *ret = ctx;
    return 0;
}

int
tls_init(struct tls *tls, const struct front_config *config, const uint8_t session_context[32])
{
    tls->calls = config->calls;
    memcpy(tls->site_hash, config->site_hash, sizeof(tls->site_hash));
    tls->version = config->stream ? TLS1_2_VERSION : DTLS1_2_VERSION;
    memcpy(tls->session_context, session_context, sizeof(tls->session_context));
    tls->method = dgram_method_new();
    tls->ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (!tls->method || !tls->ticket_cipher) {
        return -ENOMEM;
    }
    return context_new(tls, config->cert_pem, config->key_pem, &tls->ctx);
}

/* Connections hold the context that they began with. */
int
tls_renew(struct tls *tls, struct bytes cert_pem, struct bytes key_pem)
{
    SSL_CTX *fresh = NULL;
    int r = context_new(tls, cert_pem, key_pem, &fresh);

    if (r == 0) {
        SSL_CTX_free(tls->ctx);
        tls->ctx = fresh;
    }
    return r;
}

void
tls_done(struct tls *tls)
{
    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->method);
    EVP_CIPHER_free(tls->ticket_cipher);
    tls->ticket_cipher = NULL;
    tls->ctx = NULL;
    tls->method = NULL;
}

SSL *
tls_new(const struct tls *tls, struct dgram *dgram)
{
    SSL *ssl = SSL_new(tls->ctx);
    BIO *bio = BIO_new(tls->method);

    if (!ssl || !bio) {
        SSL_free(ssl);
        BIO_free(bio);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, dgram);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, MTU);
    SSL_set_accept_state(ssl);
    return ssl;
}

SSL *
tls_new_stream(const struct tls *tls, int fd)
{
    SSL *ssl = SSL_new(tls->ctx);

    if (!ssl || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

/* What a failed call means; the error queue is the thread's and must not leak into the next. */
static enum tls_step
step_of(SSL *ssl, int r)
{
    int error = SSL_get_error(ssl, r);

    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? TLS_WAIT : TLS_ENDED;
}

enum tls_step
tls_begin(SSL *ssl)
{
    BIO_ADDR *peer = BIO_ADDR_new();
    int r;

    ERR_clear_error();
    /* moves the message numbers past the HelloVerifyRequest that we sent without an SSL */
    r = peer ? DTLSv1_listen(ssl, peer) : 0;
    BIO_ADDR_free(peer);
    ERR_clear_error();
    return r == 1 ? tls_handshake(ssl) : TLS_ENDED;
}

enum tls_step
tls_handshake(SSL *ssl)
{
    int r;

    ERR_clear_error();
    r = SSL_accept(ssl);
    return r == 1 ? TLS_DONE : step_of(ssl, r);
}

enum tls_step
tls_read(SSL *ssl, uint8_t *out, size_t cap, size_t *ret_len)
{
    int r;

    ERR_clear_error();
    r = SSL_read_ex(ssl, out, cap, ret_len);
    return r == 1 ? TLS_DONE : step_of(ssl, r);
}

void
tls_write(SSL *ssl, struct bytes message)
{
    size_t n = 0;

    ERR_clear_error();
    ignore(SSL_write_ex(ssl, message.p, message.len, &n) != 1, "a dead connection ends by timer");
    ERR_clear_error();
}

enum tls_step
tls_write_some(SSL *ssl, struct bytes bytes, size_t *ret_n)
{
    int r;

    ERR_clear_error();
    *ret_n = 0;
    r = SSL_write_ex(ssl, bytes.p, bytes.len, ret_n);
    return r == 1 ? TLS_DONE : step_of(ssl, r);
}

void
tls_close(SSL *ssl)
{
    ERR_clear_error();
    ignore(SSL_shutdown(ssl) < 0, "goodbye is a courtesy");
    ERR_clear_error();
}

int64_t
tls_timeout_ms(SSL *ssl)
{
    struct timeval left;

    if (DTLSv1_get_timeout(ssl, &left) != 1) {
        return -1;
    }
    return (int64_t)left.tv_sec * 1000 + left.tv_usec / 1000 + 1;
}

enum tls_step
tls_retransmit(SSL *ssl)
{
    long r;

    ERR_clear_error();
    r = DTLSv1_handle_timeout(ssl);
    ERR_clear_error();
    return r < 0 ? TLS_ENDED : TLS_WAIT;
}

int
tls_peer_read(const struct tls *tls, SSL *ssl, struct tls_peer *ret_peer)
{
    struct tls_peer peer = {.kind = FRONT_CERT};
    const char *identity = SSL_get_psk_identity(ssl);

    /* before the end the exporter gives a wrong value and says success */
    if (!SSL_is_init_finished(ssl) || SSL_version(ssl) != tls->version ||
        SSL_get_extms_support(ssl) != 1) {
        return 1;
    }
    peer.resumed = SSL_session_reused(ssl) == 1;
    if (is_psk(SSL_get_current_cipher(ssl))) {
        peer.kind = FRONT_PSK;
        peer.identity_len = identity ? strlen(identity) : 0;
        if (peer.identity_len == 0 || peer.identity_len > sizeof(peer.identity)) {
            return 1;
        }
        memcpy(peer.identity, identity, peer.identity_len);
    } else if (peer.resumed) {
        return 1;
    }
    if (SSL_export_keying_material(ssl, peer.exporter, sizeof(peer.exporter), exporter_label,
                                   strlen(exporter_label), tls->site_hash, sizeof(tls->site_hash),
                                   1) != 1) {
        return 1;
    }
    *ret_peer = peer;
    return 0;
}
