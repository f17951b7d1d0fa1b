/* The keeper: holds the token key, the store, the clock and the PSK master; reads four small shapes
 * and no more (envelopes, TPMS_ATTEST with its signature, TPMT_PUBLIC, and of a certificate the
 * outer walk); judges, writes, commits, and only then lets answers leave. */
#pragma once

#include "base/clock.h"
#include "base/log-limit.h"
#include "crypto/privkey.h"
#include "keeper/ak-cache.h"
#include "keeper/cost.h"
#include "keeper/ek-cache.h"
#include "keeper/golden-cache.h"
#include "keeper/jobs.h"
#include "keeper/lane.h"
#include "keeper/logs.h"
#include "keeper/outbox.h"
#include "keeper/sessions.h"
#include "roles/request.h"
#include "roles/setup.h"
#include "store/store.h"
#include "wire/problem.h"

/* Seconds, where the protocol page gives one number for all. */
#define KEEPER_TOKEN_S 300       /* life of a token, from its verdict's time */
#define KEEPER_TOKEN_MOST_S 3600 /* by a policy's word */
#define KEEPER_TOKEN_NULL_S 120  /* without a keeper's nonce */
#define KEEPER_TOKEN_LEAST_S 60  /* one with less left is not issued */
#define KEEPER_PENDING_RETRY_S 60
#define KEEPER_BUSY_RETRY_S 5 /* beside 4.29 and 5.03, unless the answer names another time */

struct attest;
struct audit_keep;
struct backup;
struct boots;
struct enrolling;
struct policies;

struct keeper {
    const struct clock *clock;
    struct hasher *hasher;
    struct store *store;
    struct keeper_setup setup; /* views into setup_bytes; PEM texts are wiped once decoded */
    uint8_t *setup_bytes;
    size_t setup_len;
    uint8_t *anchor_bytes; /* what a reload brought; NULL: the anchors are those of the setup */
    uint8_t *key_bytes;    /* what a rotation brought, as anchor_bytes */
    size_t key_bytes_len;
    struct privkey *token_key;
    struct privkey *rsa_key; /* NULL: no audience is served with RS256 */
    struct privkey *site_key;
    char token_kid[64];    /* RFC 7638 thumbprint, base64url: kid of JWTs */
    char rsa_kid[64];      /* the same of rsa_key */
    uint8_t cose_kid[32];  /* RFC 9679 thumbprint: kid of CWTs */
    uint8_t key_set[1024]; /* COSE key set, as GET /keys gives it */
    size_t key_set_len;
    struct ek_anchors anchors;
    struct ek_cache *ek_cache;
    struct jobs *jobs;
    struct attest *reading; /* attestations that wait for a reader, one a device */
    struct cost *cost;
    struct lane *lane;           /* enrolments that wait for their turn */
    struct enrolling *enrolling; /* and those that wait for a reader, one a device */
    struct logs *logs;
    struct sessions *sessions;
    struct outbox *outbox;
    struct golden_cache *golden;
    struct boots *boots; /* boots.h */
    struct ak_cache *aks;
    struct policies *policies; /* policies.h */
    int policies_told;         /* its state that the log knows of */
    uint64_t sets_told;        /* sequence of the bundle whose absent sets it knows of */
    struct backup *backup;     /* backup.h; NULL until one was asked for */
    struct audit_keep *audit;  /* audit-sign.h */
    int64_t started_ms;
    struct log_limit log_limit; /* of lines that anybody can cause */
    bool batch_failed;          /* the store lost the batch: nothing of this turn may leave */
    bool in_piece;
    int piece_failed;  /* 0, or why what this piece did is undone */
    size_t piece_mail; /* letters that were in the outbox before it */
};

/* A request while it is worked on: where it came from and its bytes. */
struct asked {
    struct ipc *front; /* NULL once the front is gone */
    uint64_t id;
    struct request request; /* views into the frame, or into `copy` once kept */
    uint8_t *copy;
    uint32_t takes; /* largest evidence of the device that asks; 0: not known yet */
};

/* Copies the request's bytes so that they outlive the frame. Returns 0 or -ENOMEM. */
MUST_CHECK int asked_keep(struct asked *asked, struct bytes frame);
void asked_free(struct asked *asked); /* the struct's memory too; NULL is fine */

/* Queues an answer; it leaves after the next commit, or never when that fails. */
void keeper_reply(struct keeper *keeper, const struct asked *asked, uint8_t code,
                  int32_t content_format, struct bytes body);

/* Problem details: code and reason, with what `more` adds (NULL: nothing). 4.29 and 5.03 say when
 * to come again, in them and as Max-Age. */
void keeper_problem(struct keeper *keeper, const struct asked *asked, uint8_t code,
                    enum reason reason, const struct problem *more);

/* 4.13: what was sent is more than `most` bytes, which are told as Size1. */
void keeper_too_large(struct keeper *keeper, const struct asked *asked, uint32_t most);

/* 4.01 with a fresh nonce for this device and why. */
void keeper_challenge(struct keeper *keeper, const struct asked *asked, const uint8_t *device,
                      enum reason reason);

/* A piece of work: what one request, one reader's answer or one operator's command makes of store,
 * sessions and outbox. It stands or falls alone: where keeper_broke() was called in it, the end
 * undoes it, and its answers become refusals. Pieces follow each other, they do not nest. */
void keeper_begin(struct keeper *keeper);
void keeper_end(struct keeper *keeper);

/* Something of ours broke: a log line, and 5.03 with Max-Age when the store is locked or full, else
 * 5.00. What the piece did is undone; outside of a piece the whole turn's batch is given up. */
void keeper_broke(struct keeper *keeper, const struct asked *asked, const char *where, int r);

/* Counts what a device makes us do (cost.h). False when it has had its share: then 4.29 with the
 * time to wait is queued. */
bool keeper_afford(struct keeper *keeper, const struct asked *asked,
                   const struct store_device *device, int64_t us, bool reads);

/* Counts what it made us do already. Returns the seconds until more is afforded; 0: it is. */
int64_t keeper_charge(struct keeper *keeper, const struct asked *asked,
                      const struct store_device *device, int64_t us);

/* 4.29: a device that must wait so long, with a line in the log. */
void keeper_slow(struct keeper *keeper, const struct asked *asked,
                 const struct store_device *device, int64_t wait_s);

/* Whether a line that anybody can cause may be written now; tells what was left out before. */
bool keeper_may_log(struct keeper *keeper);

/* A request of any kind; answers now or later. The frame's bytes are copied where they must stay.
 * Returns 1 when the frame is no request, as no front of ours sends it; else 0. */
MUST_CHECK int keeper_request(struct keeper *keeper, struct ipc *front, uint64_t id,
                              struct bytes frame);

/* A connection of a front is gone (the body of a MSG_CLOSED), or a whole front is: its tokens end,
 * and answers that are still being made go nowhere. Returns 1 when the body is none. */
MUST_CHECK int keeper_closed(struct keeper *keeper, const struct ipc *front, struct bytes body);
void keeper_front_gone(struct keeper *keeper, const struct ipc *front);

/* Ends a turn: one commit for all that it did, and only then its answers leave. When the store
 * fails nothing of it leaves: each peer gets 5.03 in its place, with the time to ask again. */
void keeper_settle(struct keeper *keeper);

/* A fresh nonce for a device. Returns 0 or a negative errno. */
MUST_CHECK int keeper_nonce(struct keeper *keeper, const uint8_t *device,
                            uint8_t ret[WIRE_NONCE_SIZE]);

/* A PSK identity, judged at each request: the handshake asks for its tag alone. Returns 0,
 * KEEPER_E_IDENTITY when it is not ours, KEEPER_E_ENDED when its epoch is over, or a negative
 * errno.
 */
enum { KEEPER_E_IDENTITY = 1000, KEEPER_E_ENDED };
MUST_CHECK int keeper_ident(struct keeper *keeper, struct bytes identity, struct ident *ret);

/* The row that a PSK identity names. Returns as keeper_ident(), or STORE_NONE when no row has it.
 */
MUST_CHECK int keeper_device(struct keeper *keeper, struct bytes identity,
                             struct store_device *ret);

/* 4.03 for an identity that names no device: 710 when it has ended and the device is to enrol
 * again, else 701. */
void keeper_unknown(struct keeper *keeper, const struct asked *asked, int outcome);

/* The member that asks for what only members get; false after a refusal was queued: unknown,
 * removed, quarantined, or without a class. */
bool keeper_member(struct keeper *keeper, const struct asked *asked, struct store_device *ret);

/* What accepted evidence left on the connection that asks: of this device, bound to this very
 * connection's exporter, and nothing was refused since. NULL: none; a PSK alone is no session. */
const struct session *keeper_session(struct keeper *keeper, const struct asked *asked,
                                     const struct store_device *device);

/* Resources, a file each. They own *asked (on the heap) and free it. */
void keeper_enroll(struct keeper *keeper, struct asked *take_asked); /* waits in the lane */
void keeper_attest(struct keeper *keeper, struct asked *take_asked);
void keeper_token(struct keeper *keeper, struct asked *take_asked);
void keeper_keys(struct keeper *keeper, struct asked *take_asked);
void keeper_announce(struct keeper *keeper, struct asked *take_asked);

/* Enrolments whose turn has come: after the attestations of a turn, as many as their share allows.
 */
void keeper_enroll_turn(struct keeper *keeper);

/* A log line when the policy bundle has become one that must not be used: broken, or past its end.
 */
void keeper_policies_tell(struct keeper *keeper);

/* An audit row; failing to write one undoes the piece. */
void keeper_audit(struct keeper *keeper, const char *kind, const uint8_t *device, const char *actor,
                  const char *text);

/* Wanted bank and PCRs of a class; a device without one is asked for SHA-256 and PCR 0 to 15. */
struct pcr_set keeper_wanted(const struct store_class *class_row);

/* The class of a device, and what judges it; bank and PCRs are its policy's where a bundle has one
 * for it. Returns 0, STORE_NONE when it has no class, or a negative errno. */
struct policies_choice;
MUST_CHECK int keeper_class(struct keeper *keeper, const struct store_device *device,
                            struct store_class *ret, struct policies_choice *ret_choice);
