/* A device in software on the real service: DTLS, enrolment, evidence and tokens over loopback.
 * What the service does to it (silence, refusals, a dead front) is an outcome, never a failed
 * check: so it serves tests that kill the service meanwhile. One a process. */
#pragma once

#include "lib/dtls-client.h"
#include "lib/keeper-rig.h"
#include "lib/softek.h"

enum soft_outcome {
    SOFT_OK,
    SOFT_AGAIN,   /* refused, with what to do better: try at once */
    SOFT_WAIT,    /* refused for now: wait_s if the verifier said it */
    SOFT_SILENCE, /* no connection or no answer: connect anew */
};

struct soft_client {
    struct keeper_rig rig; /* its device and hasher alone; no keeper is opened */
    struct softek ek;
    uint16_t port;
    char identity[LIMIT_IDENTITY + 1]; /* "" before enrolment */
    uint8_t psk[32];
    struct dtls_client dtls;
    bool connected;
    uint8_t exporter[32];
    bool has_nonce;
    uint8_t nonce[WIRE_NONCE_SIZE];
    bool with_log; /* the next evidence brings the log and PCR values */
    enum device_state state;
    uint8_t ueid[WIRE_UEID_SIZE];
    uint8_t code;      /* of the last answer; 0: none came */
    uint16_t reason;   /* of the last refusal, 0: none */
    int64_t max_age_s; /* of the last answer, -1: none */
    uint8_t token;
    size_t len;
    uint8_t body[16384]; /* of the last answer */
};

/* Keys and a boot that this log tells of; failures end the program. */
void soft_client_new(struct soft_client *client, uint16_t port, struct bytes log);
void soft_client_done(struct soft_client *client);

/* SHA-256 of the EK's SubjectPublicKeyInfo as hex: what an inventory lists. */
void soft_client_fingerprint(struct soft_client *client, char ret[65]);

/* A connection: with the identity if there is one, else by certificate. Ends the one before. */
enum soft_outcome soft_client_connect(struct soft_client *client);
void soft_client_close(struct soft_client *client);

/* POST /enroll on a certificate connection: identity and PSK from the opened credential. */
enum soft_outcome soft_client_enrol(struct soft_client *client);

/* POST /enroll on a PSK connection: state, ueid and the first nonce. */
enum soft_outcome soft_client_join(struct soft_client *client);

/* POST /attest. SOFT_OK: *ret_cwt is a view into body, empty when there is none. */
enum soft_outcome soft_client_attest(struct soft_client *client, struct bytes *ret_cwt);

/* GET /token?aud=assay. SOFT_OK: the JWT is in body. */
enum soft_outcome soft_client_jwt(struct soft_client *client);
