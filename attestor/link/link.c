#include "link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "link/link-addr.h"
#include "link/link-ticket.h"
#include "link/link-tls.h"

enum {
    TURN_MS = 100,
    MTU = 1300,    /* so that 1,200-byte messages pass; libcoap says 1152 */
    AROUND = 1024, /* what a message has beside its body, as verifiers count it */
};

const char *
link_outcome_name(enum link_outcome outcome)
{
    static const char *const names[] = {
        [LINK_OK] = "ok",           [LINK_E_CONFIG] = "config",   [LINK_E_NETWORK] = "network",
        [LINK_E_SILENT] = "silent", [LINK_E_REFUSED] = "refused", [LINK_E_UNTRUSTED] = "untrusted",
        [LINK_E_LOST] = "lost",     [LINK_E_LARGE] = "large",     [LINK_E_STOPPED] = "stopped",
    };

    return (size_t)outcome < ARRAY_LEN(names) ? names[outcome] : "unknown";
}

const char *
link_peer(const struct link *link)
{
    return link->peer;
}

bool
link_is_stream(const struct link *link)
{
    return link->stream;
}

bool
link_names_stream(const char *servers)
{
    struct link_addr addr;

    while (link_addr_next(&servers, &addr) == 0) {
        if (addr.stream) {
            return true;
        }
    }
    return false;
}

uint32_t
link_body_max(const struct link *link)
{
    size_t most;

    if (!link->stream) {
        return UINT32_MAX;
    }
    most = link->session ? coap_session_max_pdu_size(link->session) : 0;
    most = most > AROUND ? most - AROUND : 0;
    return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

bool
link_resumed(const struct link *link)
{
    return link->resumed;
}

static bool
stopped(const struct link *link)
{
    return link->target.stopped && link->target.stopped(link->target.context);
}

/* After this libcoap frees the SSL object. */
static void
gone(struct link *link)
{
    link->ended = true;
    link->ssl = NULL;
}

static int
on_event(coap_session_t *session, const coap_event_t event)
{
    struct link *link = coap_session_get_app_data(session);

    if (!link) {
        return 0;
    }
    /* over TCP capabilities follow the handshake, and the longest message among them */
    if (event == (link->stream ? COAP_EVENT_SESSION_CONNECTED : COAP_EVENT_DTLS_CONNECTED)) {
        link->connected = true;
    } else if (event == COAP_EVENT_DTLS_CLOSED || event == COAP_EVENT_DTLS_ERROR ||
               event == COAP_EVENT_DTLS_RENEGOTIATE || event == COAP_EVENT_SESSION_FAILED ||
               event == COAP_EVENT_SESSION_CLOSED || event == COAP_EVENT_TCP_CLOSED ||
               event == COAP_EVENT_TCP_FAILED || event == COAP_EVENT_XMIT_BLOCK_FAIL) {
        gone(link);
    }
    return 0;
}

static void
on_nack(coap_session_t *session, const coap_pdu_t *sent, const coap_nack_reason_t reason,
        const coap_mid_t mid)
{
    struct link *link = coap_session_get_app_data(session);

    (void)sent;
    (void)mid;
    if (link && reason != COAP_NACK_ICMP_ISSUE) {
        gone(link); /* anyone can send an ICMP error; our own time limit ends those */
    }
}

static int64_t
option_number(const coap_pdu_t *pdu, coap_option_num_t number, int64_t otherwise)
{
    coap_opt_iterator_t iterator;
    coap_opt_t *option = coap_check_option(pdu, number, &iterator);

    return option ? (int64_t)coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option))
                  : otherwise;
}

static void
reply_fill(struct link *link, const coap_pdu_t *pdu)
{
    const uint8_t *data = NULL;
    size_t len = 0;
    size_t offset = 0;
    size_t total = 0;

    if (!coap_get_data_large(pdu, &len, &data, &offset, &total)) {
        len = 0;
    }
    if (offset != 0 || total > LINK_REPLY_MAX || len > LINK_REPLY_MAX) {
        link->too_large = true;
        return;
    }
    link->reply.body = malloc(len + 1);
    if (!link->reply.body) {
        link->broke = -ENOMEM;
        return;
    }
    if (len > 0) {
        memcpy(link->reply.body, data, len);
    }
    link->reply.len = len;
    link->reply.code = (uint8_t)coap_pdu_get_code(pdu);
    link->reply.content_format =
        (int)option_number(pdu, COAP_OPTION_CONTENT_FORMAT, LINK_NO_FORMAT);
    link->reply.max_age_s = option_number(pdu, COAP_OPTION_MAXAGE, -1);
    link->reply.size1 = (uint32_t)option_number(pdu, COAP_OPTION_SIZE1, 0);
    link->answered = true;
}

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
            const coap_mid_t mid)
{
    struct link *link = coap_session_get_app_data(session);

    (void)sent;
    (void)mid;
    /* 2.31 is told when a copy of it comes after the last block; it is never an answer */
    if (link && link->asked && !link->answered &&
        coap_pdu_get_code(received) != COAP_RESPONSE_CODE_CONTINUE) {
        reply_fill(link, received);
    }
    return COAP_RESPONSE_OK;
}

/* Datagrams that came, of whatever kind: an empty acknowledgement is told to nobody, and is all
 * that a server says while it thinks. */
static uint64_t
heard(const struct link *link)
{
    return link->ssl ? BIO_number_read(SSL_get_rbio(link->ssl)) : 0;
}

/* Lets libcoap work until `done`, the end of the connection, or the time; LINK_E_LOST when not a
 * word was heard for quiet_ms from the start. */
static int
work(struct link *link, const bool *done, uint32_t timeout_ms, uint32_t quiet_ms)
{
    int64_t begun = clock_mono_ms();
    uint64_t before = heard(link);

    while (!*done && !link->ended && !link->too_large && link->broke == 0) {
        if (stopped(link)) {
            return LINK_E_STOPPED;
        }
        if (clock_mono_ms() >= begun + timeout_ms) {
            return LINK_E_SILENT;
        }
        if (clock_mono_ms() >= begun + quiet_ms && heard(link) == before) {
            return LINK_E_LOST;
        }
        if (coap_io_process(link->coap, TURN_MS) < 0) {
            return -EIO;
        }
    }
    return *done ? 0 : link->broke < 0 ? link->broke : link->too_large ? LINK_E_LARGE : LINK_E_LOST;
}

static coap_session_t *
session_new(struct link *link, const coap_address_t *at)
{
    static const uint8_t dummy = 'x'; /* the secret comes by our own callback */
    coap_dtls_cpsk_t psk = {.version = COAP_DTLS_CPSK_SETUP_VERSION};
    coap_dtls_pki_t pki = {.version = COAP_DTLS_PKI_SETUP_VERSION, .verify_peer_cert = 1};

    coap_proto_t proto = link->stream ? COAP_PROTO_TLS : COAP_PROTO_DTLS;

    if (link->kind == LINK_PSK) {
        psk.psk_info.identity =
            (coap_bin_const_t){strlen(link->identity), (const uint8_t *)link->identity};
        psk.psk_info.key = (coap_bin_const_t){1, &dummy};
        return coap_new_client_session_psk2(link->coap, NULL, at, proto, &psk);
    }
    pki.pki_key.key_type = COAP_PKI_KEY_PEM;
    return coap_new_client_session_pki(link->coap, NULL, at, proto, &pki);
}

static int
begin(struct link *link, const coap_address_t *at)
{
    int r = link_ticket_watch(link);

    link->began = link->offered = link->resumed = false;
    link->untrusted = 0;
    link->prepared = 0;
    link->session = r == 0 ? session_new(link, at) : NULL;
    if (r == 0 && !link->stream) {
        r = link_ticket_watch(NULL);
    }
    if (!link->session) {
        return r < 0 ? r : LINK_E_NETWORK;
    }
    coap_session_set_app_data(link->session, link);
    if (link->stream) { /* its SSL object comes with the connection */
        return r;
    }
    coap_session_set_mtu(link->session, MTU);
    link->ssl = coap_session_get_tls(link->session, NULL);
    return link->ssl ? link_tls_prepare(link) : LINK_E_NETWORK;
}

static void
session_end(struct link *link)
{
    if (link->session) {
        coap_session_set_app_data(link->session, NULL);
        coap_session_release(link->session);
    }
    link->session = NULL;
    link->ssl = NULL;
    link->connected = false;
    link->ended = false;
}

/* One address. Returns 0, an outcome or a negative errno; *ret_why is set for LINK_E_UNTRUSTED. */
static int
try_address(struct link *link, const coap_address_t *at, const char **ret_why)
{
    uint32_t limit = link->target.handshake_ms ? link->target.handshake_ms : LINK_HANDSHAKE_MS;
    int r = begin(link, at);

    if (r == 0) {
        r = work(link, &link->connected, limit, limit);
        /* what ended before any handshake began was no server's word */
        r = r != LINK_E_LOST && (r != 0 || !link->ended) ? r
            : link->stream && !link->began               ? LINK_E_NETWORK
                                                         : LINK_E_REFUSED;
        r = link->prepared != 0 ? link->prepared : r;
    }
    if (link->stream) {
        ignore(link_ticket_watch(NULL) < 0, "nothing of it is made any more");
    }
    if (r == 0) {
        *ret_why = link_tls_weakness(link);
        r = *ret_why ? LINK_E_UNTRUSTED : 0;
    } else if (r == LINK_E_REFUSED) {
        *ret_why = link_tls_refusal(link);
        r = *ret_why ? LINK_E_UNTRUSTED : r; /* it was us who ended it */
    }
    if (r != 0) {
        session_end(link);
        return r;
    }
    link->resumed = SSL_session_reused(link->ssl) == 1;
    link_ticket_keep(link);
    return 0;
}

/* A server that a ticket brought to end the handshake is asked without one. */
static int
try_twice(struct link *link, const coap_address_t *at, const char **ret_why)
{
    int r = try_address(link, at, ret_why);

    if (link->offered && (r == LINK_E_REFUSED || r == LINK_E_UNTRUSTED)) {
        *ret_why = NULL;
        r = try_address(link, at, ret_why);
    }
    return r;
}

/* The worse news is the one of the attempt that came further; enum link_outcome is in this order.
 */
static int
further(int before, int now)
{
    return now < 0 || now > before ? now : before;
}

static int
try_server(struct link *link, const struct link_addr *addr, char text[LINK_TEXT])
{
    struct addrinfo *list = NULL;
    int outcome = LINK_E_NETWORK;

    snprintf(link->peer, sizeof(link->peer), "%.60s:%.8s", addr->host, addr->port);
    if (link_addr_resolve(addr, &list) != 0) {
        snprintf(text, LINK_TEXT, "%s: the name has no address", link->peer);
        return LINK_E_NETWORK;
    }
    for (const struct addrinfo *at = list; at && outcome > 0; at = at->ai_next) {
        coap_address_t address;
        const char *why = NULL;
        int r = LINK_E_NETWORK;

        coap_address_init(&address);
        if (at->ai_addrlen <= sizeof(address.addr) && link_addr_reachable(at)) {
            memcpy(&address.addr, at->ai_addr, at->ai_addrlen);
            address.size = at->ai_addrlen;
            r = try_twice(link, &address, &why);
        }
        snprintf(text, LINK_TEXT, "%.70s: %.80s", link->peer,
                 why ? why : link_outcome_name((enum link_outcome)(r > 0 ? r : 0)));
        outcome = r == 0 || r == LINK_E_STOPPED ? r : further(outcome, r);
        if (r == LINK_E_STOPPED) {
            break;
        }
    }
    freeaddrinfo(list);
    return outcome;
}

static int
try_all(struct link *link, char text[LINK_TEXT])
{
    const char *list = link->target.servers;
    struct link_addr addr;
    int outcome = LINK_E_CONFIG;
    int r = 0;

    snprintf(text, LINK_TEXT, "no server is configured");
    for (unsigned i = 0; i < LINK_SERVERS_MAX && r != LINK_ADDR_END; i++) {
        r = link_addr_next(&list, &addr);
        if (r == LINK_ADDR_E_FORM) {
            snprintf(text, LINK_TEXT, "a server is not of the form host:port");
            return LINK_E_CONFIG;
        }
        if (r == 0 && (addr.stream || !link->target.stream_only)) {
            int now;

            link->stream = addr.stream;

            link->name = link->target.name && link->target.name[0] ? link->target.name : addr.host;
            now = try_server(link, &addr, text);

            if (now <= 0 || now == LINK_E_STOPPED) {
                return now;
            }
            outcome = further(outcome, now);
        }
    }
    return outcome;
}

static int
set_up(struct link *link)
{
    static bool started;

    if (!started) {
        coap_startup();
        coap_set_log_level(LOG_EMERG);
        coap_dtls_set_log_level(LOG_EMERG);
        started = true;
    }
    if (link->kind == LINK_PSK) {
        struct bytes identity = link->target.identity;

        if (identity.len == 0 || identity.len >= sizeof(link->identity)) {
            return LINK_E_CONFIG;
        }
        memcpy(link->identity, identity.p, identity.len);
    }
    link->coap = coap_new_context(NULL);
    if (!link->coap) {
        return -ENOMEM;
    }
    coap_context_set_block_mode(link->coap, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    coap_register_response_handler(link->coap, on_response);
    coap_register_event_handler(link->coap, on_event);
    coap_register_nack_handler(link->coap, on_nack);
    return link->kind == LINK_CERT ? link_tls_store(link) : 0;
}

int
link_open(const struct link_target *target, enum link_kind kind, struct link **ret,
          char ret_text[LINK_TEXT])
{
    CLEANUP(link_closep) struct link *link = calloc(1, sizeof(*link));
    int r;

    if (!link) {
        return -ENOMEM;
    }
    link->target = *target;
    link->kind = kind;
    snprintf(ret_text, LINK_TEXT, "CA file or identity cannot be used");
    r = set_up(link);
    if (r == 0) {
        r = try_all(link, ret_text);
    }
    if (r != 0) {
        return r;
    }
    *ret = link;
    link = NULL;
    return 0;
}

void
link_close(struct link *link)
{
    if (!link) {
        return;
    }
    session_end(link);
    if (link->coap) {
        coap_free_context(link->coap);
    }
    X509_STORE_free(link->store);
    link_reply_done(&link->reply);
    free(link);
}

void
link_closep(struct link **link)
{
    link_close(*link);
    *link = NULL;
}

void
link_reply_done(struct link_reply *reply)
{
    free(reply->body);
    *reply = (struct link_reply){0};
}

static void
on_release(coap_session_t *session, void *body)
{
    (void)session;
    free(body);
}

static bool
add_options(coap_pdu_t *pdu, const struct link_ask *ask)
{
    uint8_t room[4];
    bool ok = coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(ask->path),
                              (const uint8_t *)ask->path) > 0;

    if (ask->body.len > 0) {
        unsigned n = coap_encode_var_safe(room, sizeof(room), (unsigned)ask->content_format);

        ok = ok && coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, n, room) > 0;
    }
    if (ask->query) {
        ok = ok && coap_add_option(pdu, COAP_OPTION_URI_QUERY, strlen(ask->query),
                                   (const uint8_t *)ask->query) > 0;
    }
    if (ask->size1 > 0) {
        unsigned n = coap_encode_var_safe(room, sizeof(room), ask->size1);

        ok = ok && coap_add_option(pdu, COAP_OPTION_SIZE1, n, room) > 0;
    }
    return ok;
}

/* libcoap may hold the body longer than we do, so it gets a copy of its own. */
static bool
add_body(struct link *link, coap_pdu_t *pdu, struct bytes body)
{
    uint8_t *copy;

    if (body.len == 0) {
        return true;
    }
    copy = malloc(body.len);
    if (!copy) {
        return false;
    }
    memcpy(copy, body.p, body.len);
    return coap_add_data_large_request(link->session, pdu, body.len, copy, on_release, copy) == 1;
}

static int
send_ask(struct link *link, const struct link_ask *ask)
{
    uint8_t token[8];
    size_t token_len = 0;
    coap_pdu_t *pdu = coap_new_pdu(
        COAP_MESSAGE_CON, ask->method == LINK_GET ? COAP_REQUEST_CODE_GET : COAP_REQUEST_CODE_POST,
        link->session);

    if (!pdu) {
        return -ENOMEM;
    }
    coap_session_new_token(link->session, &token_len, token);
    if (!coap_add_token(pdu, token_len, token) || !add_options(pdu, ask) ||
        !add_body(link, pdu, ask->body)) {
        coap_delete_pdu(pdu);
        return -ENOMEM;
    }
    return coap_send(link->session, pdu) == COAP_INVALID_MID ? LINK_E_LOST : 0;
}

/* How long a server may say nothing. Over TCP it hears a body as a whole, so its way counts too. */
static uint32_t
quiet_ms(const struct link *link, size_t body_len)
{
    uint32_t quiet = link->target.quiet_ms ? link->target.quiet_ms : LINK_QUIET_MS;

    return link->stream ? quiet + (uint32_t)(body_len / 1024) * LINK_STREAM_KIB_MS : quiet;
}

int
link_request(struct link *link, const struct link_ask *ask, struct link_reply *ret)
{
    int r = link->ended || !link->session ? LINK_E_LOST : 0;

    link_reply_done(&link->reply);
    link->answered = false;
    link->too_large = false;
    link->broke = 0;
    link->asked = true;
    if (r == 0) {
        r = send_ask(link, ask);
    }
    if (r == 0) {
        r = work(link, &link->answered, ask->timeout_ms, quiet_ms(link, ask->body.len));
    }
    link->asked = false;
    if (r != 0) {
        session_end(link);
        link->ended = true;
        return r;
    }
    *ret = link->reply;
    link->reply = (struct link_reply){0};
    return 0;
}
