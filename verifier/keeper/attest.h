/* POST /attest, from bytes to verdict. The steps are separate files; this is what they share. */
#pragma once

#include "appraise/boot-claims.h"
#include "appraise/golden.h"
#include "appraise/ima-open.h"
#include "appraise/order.h"
#include "appraise/quoted-values.h"
#include "crypto/sha256-run.h"
#include "formats/tpm-attest.h"
#include "formats/tpm-signature.h"
#include "keeper/keeper.h"
#include "keeper/policies.h"
#include "wire/answer.h"
#include "wire/binding.h"
#include "wire/evidence.h"

/* One log that grows, in one evidence. */
struct attest_part {
    const struct claims_log *claim; /* NULL: none */
    struct bytes body;              /* from the claimed offset on; may be empty */
    bool resumed;                   /* goes on from what is stored */
    struct store_growing row;       /* that, or zero */
    uint64_t want;                  /* offset to ask for when the claim does not fit */
    uint8_t *records;               /* what a reader made of the body; NULL: not read yet */
    size_t records_len;
};

struct attest {
    struct keeper *keeper;
    struct asked *asked;
    struct store_device device;
    struct store_class class_row;
    struct policies_choice choice; /* what judges it, since attest_device() of this turn */
    bool stamped;                  /* the same: stamp is of choice */
    uint8_t stamp[32];
    bool is_candidate; /* device has the AK of `candidate` then, and nothing of its row changes */
    struct store_candidate candidate;
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
    struct attest_part ima;
    struct attest_part userspace;
    struct growing_ima ima_list;
    struct ima_work ima_work;  /* what verifying its files' signatures cost */
    struct ima_past ima_past;  /* its files that were judged before, where it goes on from there */
    struct ima_open *ima_open; /* those of them that a later set may allow; NULL: not read yet */
    bool ima_again;            /* they were looked up in the sets of now */
    bool ima_restarted;        /* it began anew, after an earlier boot's */
    struct growing_userspace userspace_log;
    struct event *userspace_events; /* of userspace_log */
    enum log_kind reads;            /* what a reader has now */
    bool firmware_unknown;          /* its log is to be sent */
    int64_t challenge_ms;           /* the quote was made after this */
    int64_t nonce_age_ms;           /* negative without a keeper's nonce */
    int64_t nonce_ms;               /* when the keeper made it; 0 without one */
    uint8_t challenge[32];          /* what is used up: the nonce, else the exporter */
    struct ident ident;   /* what the connection's identity says of its PSK; when it is written */
    struct bound_key key; /* certified on this connection, by this evidence or one before */
    enum order_verdict order;
    bool lower;    /* than the last, and surely quoted after it */
    bool two_tpms; /* 709: with the order that it has, it cannot be the TPM that was lower */
    struct verdict verdict;
    unsigned quirks;       /* of the replay: boot_ask */
    bool by_policy;        /* a policy judged it; told and policy are of that, in the same turn */
    struct boot_told told; /* views into what the keeper judges with: until the next judgement */
    char policy[BOOT_POLICY_MAX];   /* NAME:VERSION */
    struct boot_claims claims_told; /* what the verdict tells; views as told has */
    struct ima_counts counts;       /* of claims_told */
    struct attest *next;            /* in keeper->reading while a reader has its log */
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

enum step attest_growing(struct attest *attest); /* logs that grow: claims against what is known */

/* Whether the quote is over any of these PCRs. */
bool attest_quotes(const struct attest *attest, uint32_t mask);

/* The next part of a log that a reader must read before the firmware's events can be judged: its
 * kind, with the message and the bytes for it; 0 when there is none. */
int attest_growing_unread(const struct attest *attest, uint16_t *ret_type, struct bytes *ret_body);

/* What a reader made of attest->reads. STEP_ON, or as a step. */
enum step attest_growing_take(struct attest *attest, enum job_outcome outcome, struct bytes body,
                              const struct fault *fault);

/* 4.09 with a fresh nonce: from where on each log is wanted, and PCR values if `values`. */
enum step attest_want(struct attest *attest, enum reason reason, bool values);

/* A reader that died or lied: 4.29, its peer waits and nobody else notices. */
enum step attest_reader_broken(struct attest *attest);

/* Values of the quoted PCRs; sets verdict->pcr_digest. No value outside the quote is ever used. */
enum step attest_values(struct attest *attest, const struct event_log *log,
                        struct quoted_values *ret);

/* Writes what is known now of logs in genuine evidence. Returns 0 or a negative errno. */
MUST_CHECK int attest_growing_keep(struct attest *attest);

/* Keeps genuine evidence, whatever policy said: what golden values are learnt from, bundles tried
 * on and refusals compared with. Returns 0 or a negative errno. */
MUST_CHECK int attest_keep(struct attest *attest);

/* The next offsets, into room for two; returns how many. */
size_t attest_growing_known(const struct attest *attest, struct log_offset *ret);

/* With the log at hand: values, replay, events, references, membership. Fills the verdict. Returns
 * STEP_ANSWERED when values are wanted. */
enum step attest_events(struct attest *attest, const struct event_log *log);

/* What the class's policy says, or its reference events where no bundle names the class; sets
 * verdict->reference. A bundle that must not be used says no. Returns 0; BOOT_E_WORK
 * when that takes more verifications than fit in one go; or a negative errno: -EPROTO when the
 * reader's records of an IMA list are not of its bytes. */
MUST_CHECK int attest_policy(struct attest *attest, const struct event_log *log);

/* Whether its policy judges what a log that grows holds, events of the userspace log or files of
 * the IMA list, and the evidence must bring all of it: of the userspace log always, of an IMA list
 * unless this policy of this bundle judged what came before, with the same sets at hand and
 * releases in the same states; or one that differed in what it allows alone, and all that did not
 * pass then is kept: it is looked up again here. Of a device that is in other groups now another
 * policy may judge, and wants all. What came before is in *row then, and goes to attest->ima_past.
 * Returns 1, 0, or a negative errno. */
MUST_CHECK int attest_policy_whole(struct attest *attest, enum log_kind kind,
                                   const struct store_growing *row);

/* Whether the next evidence will need all of it, once this one was judged. */
bool attest_policy_whole_next(const struct attest *attest, enum log_kind kind);

/* What came of the list's files, for the row that is kept of it. Returns 0 or a negative errno. */
MUST_CHECK int attest_policy_keep(struct attest *attest, struct store_growing *row);

/* The same of the files that a later set may allow; the row of the list is written. */
MUST_CHECK int attest_policy_keep_open(const struct attest *attest);

/* Whether its policy has the variants of exit-events.h tried. */
bool attest_policy_exit_events(const struct attest *attest);

/* Writes what rules saw, when the evidence is genuine and policy judged it: what one that pins did
 * not pass saw is shown to operators; what one learnt is pinned when the verdict is trusted and the
 * device not quarantined. Returns 0 or a negative errno. */
MUST_CHECK int attest_policy_pins(struct attest *attest);

/* How long tokens of this verdict live from its challenge on: by the policy that judged, one hour
 * at most, and less without a keeper's nonce. */
int64_t attest_policy_life_s(const struct attest *attest);

/* Whether the verdict is good enough for a token of the policy. */
bool attest_policy_floor(const struct attest *attest);

/* Writes what was judged and answers. */
void attest_finish(struct attest *attest);

void attest_free(struct attest *attest);

/* Attestations whose log a reader has: nobody waits for those of a front, or of one connection of
 * it (NULL: all), any more. */
void attest_front_gone(struct keeper *keeper, const struct ipc *front, const uint64_t *connection);

/* Frees them all, unanswered: the readers are gone too. */
void attest_drop_all(struct keeper *keeper);
