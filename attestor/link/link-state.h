/* Inside attestor/link/ only. */
#pragma once

#include <coap3/coap.h>
#include <openssl/ssl.h>

#include "link/link.h"

struct link {
    struct link_target target;
    enum link_kind kind;
    char peer[80];
    const char *name;             /* what its certificate must name */
    char identity[LINK_IDENTITY]; /* NUL-ended for OpenSSL */
    coap_context_t *coap;
    coap_session_t *session;
    SSL *ssl;    /* the session's; NULL before there is one, and once it ended: libcoap frees it */
    bool stream; /* over TCP */
    X509_STORE *store;
    bool began;     /* the handshake, which OpenSSL tells */
    int prepared;   /* over TCP: what link_tls_prepare() said when it began */
    bool offered;   /* a ticket went with the hello */
    bool resumed;   /* and the server took it */
    bool connected; /* the handshake was finished */
    int untrusted;  /* X509_V_ERR_*: why we took no certificate; 0: none was refused */
    bool ended;
    /* of the request under way */
    bool asked;
    bool answered;
    bool too_large;
    int broke; /* negative errno */
    struct link_reply reply;
};
