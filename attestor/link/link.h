/* The way to a verifier: CoAP over DTLS 1.2 on UDP, or over TLS 1.2 on TCP (RFC 8323) for a server
 * that is named "coaps+tcp://host:port". The only place with libcoap.
 *
 * Two kinds of connection: LINK_CERT, where only the server proves who it is, for enrolment; and
 * LINK_PSK, where both do. After each handshake version, cipher, extended master secret and (for
 * LINK_CERT) chain, name and serverAuth are checked here, and nothing was sent before that. Each
 * connection has a source port of its own: a server that still knows an old one would not answer.
 * A ticket that the server does not take leads to a full handshake, within the same attempt.
 * Protocol page, Transport; transport page, sections 1 and 6. */
#pragma once

#include "base/std.h"
#include "crypto/secret.h"

#define LINK_EXPORTER_SIZE 32u
#define LINK_HANDSHAKE_MS 15000u /* a wrong PSK over DTLS is silent, so the limit is ours */
#define LINK_QUIET_MS 15000u     /* three transmissions; a living server acknowledges in one s */
#define LINK_STREAM_KIB_MS \
    32u /* over TCP nothing acknowledges a part: 32 kB/s, as slow as may be */
#define LINK_REPLY_MAX (64u * 1024u) /* longest answer: a status list is a few kB */
#define LINK_SERVERS_MAX 8u

enum link_kind { LINK_CERT, LINK_PSK };

enum link_outcome {
    LINK_OK,
    LINK_E_CONFIG,  /* no server, a name that is none, or a CA file that cannot be used */
    LINK_E_NETWORK, /* no name was resolved, or no route to any address */
    LINK_E_SILENT,  /* nobody answered in time; for LINK_PSK perhaps the secret is not theirs */
    LINK_E_REFUSED, /* the server ended the handshake: for LINK_PSK it does not know the identity */
    LINK_E_UNTRUSTED, /* its certificate or the connection's strength is not what we demand */
    LINK_E_LOST,      /* the connection ended, or nobody is there, while a request was under way */
    LINK_E_LARGE,     /* an answer above LINK_REPLY_MAX */
    LINK_E_STOPPED,   /* stopped() said so */
};

/* What a LINK_PSK connection leaves for the next, which is then one round trip and two key
 * agreements shorter, and a fresh challenge all the same. It is a secret that stands for the TPM:
 * locked memory only, never on disk. Empty when zero; only for the identity that it was made with,
 * and for one attempt. */
#define LINK_IDENTITY 128u
struct link_ticket {
    struct secret *session; /* NULL: none */
    char identity[LINK_IDENTITY];
};
void link_ticket_drop(struct link_ticket *ticket);
bool link_ticket_held(const struct link_ticket *ticket);

/* All is borrowed until link_close(). */
struct link_target {
    const char *servers;      /* "host:port, coaps+tcp://[2001:db8::1]:port": tried in this order */
    bool stream_only;         /* leave out those of UDP */
    const char *ca_file;      /* LINK_CERT: PEM */
    const char *name;         /* LINK_CERT: name or address in its certificate; "": its host */
    int64_t now_s;            /* LINK_CERT: when its certificates must be valid, since 1970 */
    bool behind;              /* LINK_CERT: it is later than now_s, so they may begin later too */
    struct bytes identity;    /* LINK_PSK: text without NUL */
    const struct secret *psk; /* LINK_PSK */
    const uint8_t *exporter_context; /* 32 bytes */
    struct link_ticket *ticket;      /* LINK_PSK: used and filled; NULL: no resumption */
    uint32_t handshake_ms;           /* 0: LINK_HANDSHAKE_MS */
    uint32_t quiet_ms;               /* 0: LINK_QUIET_MS */
    bool (*stopped)(void *context);  /* asked a few times a second; may be NULL */
    void *context;
};

struct link;

/* Opens to the first server that takes us. Returns 0 (link_close() it), an outcome (of the attempt
 * that came furthest), or a negative errno; ret_text receives one line for the log. */
#define LINK_TEXT 160u
MUST_CHECK int link_open(const struct link_target *target, enum link_kind kind, struct link **ret,
                         char ret_text[LINK_TEXT]);
void link_close(struct link *link);
void link_closep(struct link **link);

/* Whether it is over TCP, and whether a list names such a server. */
bool link_is_stream(const struct link *link);
bool link_names_stream(const char *servers);

/* Longest body that surely goes: over TCP a message is as long as the server says in its
 * capabilities, options among it; over UDP, by blocks, there is no such end (UINT32_MAX). */
uint32_t link_body_max(const struct link *link);

/* Which server it is, for the log, and whether it took the ticket. */
const char *link_peer(const struct link *link);
bool link_resumed(const struct link *link);

enum link_method { LINK_GET = 1, LINK_POST = 2 };

#define LINK_NO_FORMAT (-1)

struct link_ask {
    enum link_method method;
    const char *path;    /* one segment */
    const char *query;   /* "aud=x", or NULL */
    int content_format;  /* of the body */
    struct bytes body;   /* sent block by block when long, over TCP whole */
    uint32_t size1;      /* without a body: the bytes of one that would like to come; 0: not told */
    uint32_t timeout_ms; /* for all of it */
};

struct link_reply {
    uint8_t code;       /* class << 5 | detail */
    int content_format; /* LINK_NO_FORMAT without one */
    int64_t max_age_s;  /* -1 without one */
    uint32_t size1;     /* beside 4.13: bytes of the largest body that is taken; 0: not told */
    uint8_t *body;
    size_t len;
};

#define LINK_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))

/* One request and its whole answer, of whatever code. Returns 0 (link_reply_done() it),
 * LINK_E_SILENT, LINK_E_LOST, LINK_E_LARGE, LINK_E_STOPPED, or a negative errno; after anything but
 * 0 the connection is of no more use. */
MUST_CHECK int link_request(struct link *link, const struct link_ask *ask, struct link_reply *ret);
void link_reply_done(struct link_reply *reply);

/* RFC 5705 with EXPORTER_LABEL and the target's context; what the server computes too.
 * Returns 0 or -EIO. */
MUST_CHECK int link_exporter(struct link *link, uint8_t ret[LINK_EXPORTER_SIZE]);

/* "silent" and so on. */
const char *link_outcome_name(enum link_outcome outcome);
