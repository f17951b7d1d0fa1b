/* POST /attest, from bytes to verdict. The steps are separate files; this is what they share. */
#pragma once

#include "appraise/golden.h"
#include "appraise/order.h"
#include "formats/tpm-attest.h"
#include "formats/tpm-signature.h"
#include "keeper/keeper.h"
#include "wire/answer.h"
#include "wire/binding.h"
#include "wire/evidence.h"

struct attest {
    struct keeper *keeper;
    struct asked *asked;
    struct store_device device;
    struct store_class class_row;
    bool has_last;
    struct store_last last;
    struct evidence evidence;
    struct claims claims;
    struct tpm_public ak;
    struct tpm_attest quote;
    struct tpm_signature signature;
    struct bytes attest_bytes;         /* TPMS_ATTEST, what is signed */
    struct selection quoted;           /* the signed selection, in our banks */
    const struct claims_log *firmware; /* of claims; NULL: none named */
    int64_t challenge_ms;              /* the quote was made after this */
    int64_t nonce_age_ms;              /* negative without a keeper's nonce */
    uint8_t challenge[32];             /* what is used up: the nonce, else the exporter */
    struct bound_key key; /* certified on this connection, by this evidence or one before */
    enum order_verdict order;
    struct verdict verdict;
    struct attest *next; /* in keeper->reading while a reader has its log */
};

/* How a step ended. */
enum step {
    STEP_ON,       /* go on */
    STEP_ANSWERED, /* an answer is queued: the request is over */
    STEP_JUDGE,    /* a check failed that alone decides: judge with what is known */
};

/* The steps, in order. */
enum step attest_open(struct attest *attest);      /* device, form, structures */
enum step attest_device(struct attest *attest);    /* of attest_open(): rows of the store alone */
enum step attest_challenge(struct attest *attest); /* nonce or exporter, and its time */
enum step attest_quote(struct attest *attest);     /* signature, signer, binding, selection */
enum step attest_key(struct attest *attest);       /* what bound tokens may name */
enum step attest_order(struct attest *attest);     /* boot and clock */

/* With the log at hand: values, replay, events, references, membership. Fills the verdict. Returns
 * STEP_ANSWERED when values are wanted. */
enum step attest_events(struct attest *attest, const struct event_log *log);

/* Writes what was judged and answers. */
void attest_finish(struct attest *attest);

void attest_free(struct attest *attest);

/* Attestations whose log a reader has: nobody waits for those of a front, or of one connection of
 * it (NULL: all), any more. */
void attest_front_gone(struct keeper *keeper, const struct ipc *front, const uint64_t *connection);

/* Frees them all, unanswered: the readers are gone too. */
void attest_drop_all(struct keeper *keeper);
