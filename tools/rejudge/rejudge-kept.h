/* The evidence that a store keeps of a member, read and ready to be judged: what the keeper had in
 * hand when it judged it last. */
#pragma once

#include "offline-log.h"
#include "store/store.h"

/* Why a member cannot be judged by what is kept. */
enum rejudge_why {
    REJUDGE_JUDGED,
    REJUDGE_NO_CLASS,     /* its class is gone */
    REJUDGE_NO_EVIDENCE,  /* it has brought none that was genuine */
    REJUDGE_TOO_OLD,      /* it has, before the days that were asked about */
    REJUDGE_NO_LOG,       /* the body of its log is not in the store */
    REJUDGE_BAD_LOG,      /* it is no log to this version */
    REJUDGE_NO_USERSPACE, /* the policy reads systemd's log, of which nothing whole is kept */
    REJUDGE_NO_IMA,       /* the policy has rules for the IMA list, which is not kept; the same */
    REJUDGE_NO_AGE,       /* the policy limits ages, other evidence has come since, and by what is
                           * known of it the policy does not refuse it */
    REJUDGE_WHY_N,
};

/* Whether both sides said what they can: it was judged, or for want of a list or an age nobody
 * knows that it passes. */
bool rejudge_why_heard(enum rejudge_why why);

/* "no-evidence", and a sentence for people. */
const char *rejudge_why_name(enum rejudge_why why);
const char *rejudge_why_text(enum rejudge_why why);

/* A log of the store: its body and what was read of it. */
struct rejudge_log {
    uint8_t *body; /* owned */
    struct offline_log read;
};

/* Reads a log by its digest. Returns 0 (to be freed by rejudge_log_done()), REJUDGE_NO_LOG,
 * REJUDGE_BAD_LOG, or a negative errno; *ret is untouched unless 0. */
MUST_CHECK int rejudge_log_load(struct store *store, struct hasher *hasher,
                                const uint8_t digest[32], enum log_kind kind,
                                struct rejudge_log *ret);
void rejudge_log_done(struct rejudge_log *log);
