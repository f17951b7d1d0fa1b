/* Connections on which evidence bound to that connection's own exporter was accepted: only there
 * does GET /token answer. The keeper keeps this table, not the front. */
#pragma once

#include "crypto/digest.h"
#include "keeper/ima-counts.h"
#include "store/store.h"
#include "wire/enrolled.h"

#define SESSIONS_MAX 65536u

/* A key of the device's TPM that its AK certified on the connection. */
struct bound_key {
    bool set;
    bool has_cert;
    uint8_t jkt[32]; /* thumbprint of its JWK, RFC 7638 */
    uint8_t x5t[32]; /* SHA-256 of the certificate that came with it, if one did */
};

struct session {
    uint8_t device[WIRE_UEID_SIZE];
    uint8_t exporter[32];
    int64_t challenge_ms; /* of the verdict: what its tokens' times follow from */
    int64_t life_s;       /* how long they live from then on */
    enum tier tier;       /* what they say, whatever another connection brings meanwhile */
    char policy[STORE_POLICY_MAX];
    uint8_t vector[STORE_VECTOR_SIZE];
    enum store_flag secure_boot;
    uint8_t claims[32];       /* as store_last has it */
    struct ima_counts counts; /* beside them */
    size_t n_reasons;
    uint16_t reasons[LIMIT_REASONS];
    struct bound_key key;
};

struct sessions;

/* Ends a batch: what was put in it stays, or goes when the verdicts that it rests on were lost. */
void sessions_settle(struct sessions *sessions, bool kept);

/* Begins the next piece of a batch; drops what was put since that. */
void sessions_piece(struct sessions *sessions);
void sessions_undo(struct sessions *sessions);

struct sessions *sessions_new(void);
void sessions_free(struct sessions *sessions);

/* front is an index, connection the front's own number. Put replaces and makes it the newest; when
 * the table is full the oldest goes. Returns 0 or -ENOMEM. */
MUST_CHECK int sessions_put(struct sessions *sessions, const void *front, uint64_t connection,
                            const struct session *session);
const struct session *sessions_get(struct sessions *sessions, const void *front,
                                   uint64_t connection);
void sessions_drop(struct sessions *sessions, const void *front, uint64_t connection);

/* All of a front that is gone. */
void sessions_drop_front(struct sessions *sessions, const void *front);

/* All of one device: quarantine and removal take effect at once. */
void sessions_drop_device(struct sessions *sessions, const uint8_t device[WIRE_UEID_SIZE]);
