#include "link/link-ticket.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "link/link-tls.h"

/* Whose the SSL objects are that are made now. */
static struct link *watched;

static int owner_index = -1;

void
link_ticket_drop(struct link_ticket *ticket)
{
    secret_freep(&ticket->session);
    ticket->identity[0] = '\0';
}

bool
link_ticket_held(const struct link_ticket *ticket)
{
    return ticket->session != NULL;
}

/* Sets the kept session, once: a ticket that broke a handshake must not break the next. One of
 * another identity, of the epoch before this, would make us who we no longer are. */
static void
offer(struct link *link, SSL *ssl)
{
    struct link_ticket *ticket = link->target.ticket;
    struct bytes der;
    const unsigned char *p;
    SSL_SESSION *session;

    if (!ticket || !ticket->session) {
        return;
    }
    der = secret_bytes(ticket->session);
    p = der.p;
    session = strcmp(ticket->identity, link->identity) == 0
                  ? d2i_SSL_SESSION(NULL, &p, (long)der.len)
                  : NULL;
    link->offered = session && SSL_set_session(ssl, session) == 1;
    SSL_SESSION_free(session); /* wiped with its last reference */
    link_ticket_drop(ticket);
    ERR_clear_error();
}

/* The hello is not written yet. Over TCP this is the first that is seen of the object. */
static void
begin(struct link *link, SSL *ssl)
{
    if (link->stream) {
        link->ssl = ssl;
        link->prepared = link_tls_prepare(link);
    }
    if (link->kind == LINK_PSK) {
        ignore(SSL_set_cipher_list(ssl, LINK_PSK_SUITE) != 1, "checked when it is finished");
        offer(link, ssl);
    }
}

/* OpenSSL calls one function only; libcoap's has its own use of it. */
static void
on_info(const SSL *ssl, int where, int value)
{
    void (*libcoap)(const SSL *, int, int) = SSL_CTX_get_info_callback(SSL_get_SSL_CTX(ssl));
    struct link *link = link_ticket_owner(ssl);

    if (link && !link->began && (where & SSL_CB_HANDSHAKE_START)) {
        link->began = true;
        begin(link, (SSL *)(uintptr_t)ssl);
    }
    if (libcoap) {
        libcoap(ssl, where, value);
    }
}

/* Objects of a server in this process, as tests have one, are made meanwhile and are none of ours.
 */
static bool
serves(const SSL *ssl)
{
    const SSL_METHOD *method = SSL_get_ssl_method(ssl);

    return method == TLS_server_method() || method == DTLS_server_method();
}

static void
on_new(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number, void *context)
{
    (void)pointer;
    (void)number;
    (void)context;
    if (watched && parent && !serves(parent)) {
        ignore(CRYPTO_set_ex_data(data, index, watched) != 1, "then there is no resumption");
        SSL_set_info_callback(parent, on_info);
    }
}

/* libcoap may free an object of a connection that ended before its session. */
static void
on_free(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number, void *context)
{
    struct link *link = pointer;

    (void)data;
    (void)index;
    (void)number;
    (void)context;
    if (link && link->ssl == parent) {
        link->ssl = NULL;
    }
}

int
link_ticket_watch(struct link *link)
{
    if (owner_index < 0) {
        owner_index = SSL_get_ex_new_index(0, NULL, on_new, NULL, on_free);
    }
    watched = link;
    return owner_index >= 0 ? 0 : -EIO;
}

struct link *
link_ticket_owner(const SSL *ssl)
{
    return owner_index < 0 ? NULL : SSL_get_ex_data(ssl, owner_index);
}

/* OpenSSL keeps the session outside locked pages while the connection lives; what outlives it is
 * in locked memory only. */
void
link_ticket_keep(struct link *link)
{
    struct link_ticket *ticket = link->target.ticket;
    SSL_SESSION *session = SSL_get_session(link->ssl); /* borrowed */
    int len = session && SSL_SESSION_has_ticket(session) ? i2d_SSL_SESSION(session, NULL) : 0;
    unsigned char *p;

    if (!ticket || link->kind != LINK_PSK) {
        return;
    }
    link_ticket_drop(ticket);
    if (len <= 0 || secret_new((size_t)len, &ticket->session) != 0) {
        ERR_clear_error();
        return;
    }
    p = secret_room(ticket->session);
    ignore(i2d_SSL_SESSION(session, &p) != len, "of the length that it said");
    memcpy(ticket->identity, link->identity, sizeof(ticket->identity));
}
