/* One device of the fleet: keys in software, and one DTLS connection after another over real UDP.
 */
#pragma once

#include "lib/dtls-client.h"
#include "lib/soft-device.h"
#include "lib/softek.h"
#include "wire/answer.h"

struct peer_count {
    uint64_t datagrams_up;
    uint64_t datagrams_down;
};

enum peer_state { PEER_IDLE, PEER_CONNECTING, PEER_ASKING };

struct peer {
    struct soft_device device;
    struct softek ek;
    char fingerprint[65];
    char identity[LIMIT_IDENTITY + 1];
    uint8_t psk[32];
    uint8_t nonce[WIRE_NONCE_SIZE]; /* the last that the verifier gave */

    struct dtls_client client;
    bool open;
    SSL_SESSION *session; /* to resume; NULL: none yet */
    uint8_t exporter[32];
    struct peer_count count; /* of this connection */

    enum peer_state state;
    uint8_t message[2048];
    struct bytes request; /* view into message */
    size_t payload_up;    /* of the last request, and of its answer */
    size_t payload_down;
    size_t cwt_len;
    int64_t asked_us;
    int64_t sent_us;
    struct dtls_answer answer;
};

/* Where the verifier is. */
struct peer_site {
    const char *site;
    uint16_t port;
    SSL_CTX *psk_ctx; /* shared by all connections of their kind */
    SSL_CTX *cert_ctx;
    struct hasher *hasher;
};

void peer_new(struct peer *peer, const struct peer_site *site);
void peer_done(struct peer *peer);

/* Blocking, for what is not measured. Each ends the program when it fails. */
void peer_credential(struct peer *peer, const struct peer_site *site); /* on a certificate */
void peer_enrol(struct peer *peer, const struct peer_site *site); /* leaves a connection open */
void peer_first(struct peer *peer, struct bytes log); /* evidence with the log, block by block */

/* Opens a connection, with the session if there is one; peer_step() sends its first flight. */
void peer_open(struct peer *peer, const struct peer_site *site);
void peer_close(struct peer *peer);

/* Makes a repeat evidence of this connection and sends it. */
void peer_attest(struct peer *peer);

/* Moves on what peer_open() or peer_attest() began. True when it has moved: the handshake is
 * finished, or an accepted answer with its token came (peer_take() has read it). */
bool peer_step(struct peer *peer);

int64_t peer_now_us(void);
