#include "link/link-tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/x509v3.h>

#include "link/link-ticket.h"
#include "wire/binding.h"

int
link_tls_store(struct link *link)
{
    link->store = X509_STORE_new();
    if (!link->store) {
        return -ENOMEM;
    }
    return X509_STORE_load_file(link->store, link->target.ca_file) == 1 ? 0 : LINK_E_CONFIG;
}

/* The secret goes from its locked page to OpenSSL, which wipes it after use. */
static unsigned
on_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_cap, unsigned char *psk,
       unsigned psk_cap)
{
    const struct link *link = link_ticket_owner(ssl);
    struct bytes secret = link ? secret_bytes(link->target.psk) : BYTES_NULL;
    size_t len = link ? strlen(link->identity) : 0;

    (void)hint;
    if (len == 0 || len >= identity_cap || secret.len == 0 || secret.len > psk_cap) {
        return 0;
    }
    memcpy(identity, link->identity, len + 1);
    memcpy(psk, secret.p, secret.len);
    return (unsigned)secret.len;
}

static bool
is_address(const char *name)
{
    struct in6_addr address;

    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

/* When a certificate begins is nothing that a clock could know which is behind. The error is kept
 * here, as the SSL object is gone by the time that somebody asks. */
static int
on_verify(int ok, X509_STORE_CTX *chain)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct link *link = ssl ? link_ticket_owner(ssl) : NULL;
    int error = X509_STORE_CTX_get_error(chain);

    if (ok || !link) {
        return ok;
    }
    if (link->target.behind && error == X509_V_ERR_CERT_NOT_YET_VALID) {
        X509_STORE_CTX_set_error(chain, X509_V_OK);
        return 1;
    }
    link->untrusted = error;
    return 0;
}

static int
prepare_certificate(struct link *link)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(link->ssl);
    const char *name = link->name;
    int ok;

    SSL_set_verify(link->ssl, SSL_VERIFY_PEER, on_verify);
    X509_VERIFY_PARAM_set_time(param, (time_t)link->target.now_s);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    ok = is_address(name) ? X509_VERIFY_PARAM_set1_ip_asc(param, name)
                          : X509_VERIFY_PARAM_set1_host(param, name, 0);
    if (ok != 1 || name[0] == '\0') {
        return LINK_E_CONFIG; /* an empty name would mean: any */
    }
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    return SSL_set1_verify_cert_store(link->ssl, link->store) == 1 ? 0 : -EIO;
}

int
link_tls_prepare(struct link *link)
{
    if (link_ticket_owner(link->ssl) != link) {
        return -EIO;
    }
    SSL_set_options(link->ssl, SSL_OP_NO_RENEGOTIATION);
    if (link->stream && (SSL_set_min_proto_version(link->ssl, TLS1_2_VERSION) != 1 ||
                         SSL_set_max_proto_version(link->ssl, TLS1_2_VERSION) != 1)) {
        return -EIO;
    }
    if (link->kind == LINK_CERT) {
        return prepare_certificate(link);
    }
    SSL_set_psk_client_callback(link->ssl, on_psk);
    return 0;
}

/* A certificate without extended key usage passes OpenSSL's purpose check; ours must name it. */
static bool
is_server(const SSL *ssl)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);

    return cert && X509_get_extension_flags(cert) & EXFLAG_XKUSAGE &&
           X509_get_extended_key_usage(cert) & XKU_SSL_SERVER;
}

const char *
link_tls_refusal(const struct link *link)
{
    switch (link->untrusted) {
    case X509_V_OK:
        return NULL;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "a certificate has ended by this machine's clock; set the clock if it is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "a certificate begins later by this machine's clock; set the clock";
    default:
        return X509_verify_cert_error_string(link->untrusted);
    }
}

const char *
link_tls_weakness(const struct link *link)
{
    const SSL *ssl = link->ssl;

    if (!ssl || !SSL_is_init_finished(ssl)) {
        return "the handshake is not finished";
    }
    if (SSL_version(ssl) != (link->stream ? TLS1_2_VERSION : DTLS1_2_VERSION)) {
        return "not version 1.2";
    }
    if (SSL_get_extms_support(link->ssl) != 1) {
        return "no extended master secret";
    }
    if (link->kind == LINK_PSK) {
        return strcmp(SSL_get_cipher_name(ssl), LINK_PSK_SUITE) == 0 ? NULL
                                                                     : "another cipher suite";
    }
    if (!SSL_get0_peer_certificate(ssl) || SSL_get_verify_result(ssl) != X509_V_OK) {
        return "the certificate does not chain to the CA, or is of another name";
    }
    return is_server(ssl) ? NULL : "the certificate is not for servers";
}

int
link_exporter(struct link *link, uint8_t ret[LINK_EXPORTER_SIZE])
{
    /* before it is finished, OpenSSL returns a wrong value with success */
    if (link->ended || !link->ssl || !SSL_is_init_finished(link->ssl) ||
        SSL_export_keying_material(link->ssl, ret, LINK_EXPORTER_SIZE, EXPORTER_LABEL,
                                   sizeof(EXPORTER_LABEL) - 1, link->target.exporter_context, 32,
                                   1) != 1) {
        return -EIO;
    }
    return 0;
}
