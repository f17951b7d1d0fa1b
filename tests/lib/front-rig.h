/* A front on a port of its own with a certificate made on the spot, a clock that tests can push,
 * and a record of what it was asked. */
#pragma once

#include "front/front.h"
#include "lib/dtls-client.h"

struct rig {
    struct front *front;
    uint16_t port;
    const char *ip;
    uint64_t skew_ms;   /* pushes both clocks */
    uint8_t other_keys; /* other than 0: ticket keys that no other rig has */
    uint8_t other_site; /* other than 0: another site */
    bool stream;        /* over TCP */
    const char *gone;   /* NULL, or an identity that is known no more */
    bool hold;          /* do not answer from within on_request() */
    uint8_t code;       /* of answers; 0: 2.04 */
    uint32_t size1;     /* of answers; 0: none */
    uint32_t takes;     /* the same */
    struct bytes answer;
    /* the record */
    size_t n_requests;
    size_t n_closed;
    size_t n_psk;
    uint64_t last_closed;
    struct front_request last; /* views below */
    char identity[64];
    char aud[64];
    uint8_t body[LIMIT_EVIDENCE_STREAM_BYTES];
};

/* Caps may be NULL. A port that is set already is taken again. All rigs share ticket keys and site,
 * and know the identities that begin with "dev". */
void rig_start(struct rig *rig, const char *ip, const struct front_caps *caps);
void rig_stop(struct rig *rig);
void rig_pump(void *rig);
void rig_answer(struct rig *rig); /* the last request */

/* The PSK of an identity, and a client's configuration for it (NULL: certificate). */
void rig_psk(const char *identity, uint8_t out[32]);
struct dtls_client_config rig_client(struct rig *rig, const char *identity);

/* Opens and connects; a failure ends the case. */
void rig_connect(struct rig *rig, struct dtls_client *client, const char *identity);

/* A client asks to negotiate anew, and is refused; the front lives on. A fresh rig's. */
void rig_renegotiate(struct rig *rig);

/* The client's end of the exporter. */
void rig_exporter(struct dtls_client *client, uint8_t out[32]);
