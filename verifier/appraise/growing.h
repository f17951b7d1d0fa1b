/* Logs that grow while a machine runs, the IMA list and systemd's userspace log, against a quote
 * that covers a part of them: the longest prefix that meets the quote is what was quoted; what
 * follows it is judged next time. Protocol page, Logs travel once; pitfall 37.
 *
 * PCR 10's value is never sent, so that a list which grows during the quote cannot spoil it: the
 * values of all other PCRs, together with what PCR 10 has after each entry, are hashed until they
 * give pcrDigest. */
#pragma once

#include "appraise/events.h"

#define GROWING_PCR_IMA 10u
#define GROWING_TRACKS_MAX 32u /* PCR 11, 12, 13 and 15 in eight banks */
#define GROWING_STATE_MAX (GROWING_TRACKS_MAX * (4u + HASH_SIZE_MAX))
#define GROWING_LOOK_BACK 4u /* userspace records: its lock is held over the quote, so 0 */

/* A PCR of a bank as the log so far left it. */
struct growing_track {
    enum hash bank;
    uint32_t pcr;
    bool padded; /* IMA: extended with SHA-1 digests and zeros, ima-replay.h */
    uint8_t value[HASH_SIZE_MAX];
};

/* What is known of a log of one boot. Zero: nothing yet. */
struct growing {
    uint32_t n_entries;
    uint32_t n_violations; /* IMA entries that tell of a file changed while measured */
    size_t n_tracks;
    struct growing_track tracks[GROWING_TRACKS_MAX];
};

/* The track of a PCR, or NULL. */
const struct growing_track *growing_track(const struct growing *growing, enum hash bank,
                                          uint32_t pcr);

/* True when every PCR of mask that the selection names has a track: one can go on from here. */
bool growing_covers(const struct growing *growing, const struct selection *quoted, uint32_t mask);

/* Tracks as bytes for a store, [u16 TPM_ALG_ID, u8 PCR, u8 padded, value]; at most
 * GROWING_STATE_MAX. The reader returns 0 or 1, *ret's tracks are untouched then. */
void growing_write(struct wr *wr, const struct growing *growing);
MUST_CHECK int growing_read(struct bytes in, struct growing *ret);

/* What an evidence brings of its IMA list. */
struct growing_ima {
    struct growing known; /* before the part */
    struct bytes records; /* ima-records.h: the part, as a reader read it; may be empty */
    /* Set when a prefix was found. */
    struct growing now; /* behind what is accepted */
    uint32_t end;       /* bytes of the part that are accepted */
    bool tail;          /* and more follow */
    /* Set when none was found. */
    struct fault fault; /* where the part is broken; rule RULE_NONE when it is not */
};

/* What an evidence brings of its userspace log. Records of other PCRs than 11, 12, 13 and 15
 * explain nothing: the firmware's PCRs must be explained by events that policy looks at. */
struct growing_userspace {
    struct growing known;
    struct event_log log; /* offset + length of an event is its end in the part */
    struct growing now;
    uint32_t end;
    bool tail;
};

/* What the PCRs have behind all of the part, if it is true; values as for growing_match(). Returns
 * 0 or a negative errno. */
MUST_CHECK int growing_userspace_values(struct hasher *hasher,
                                        const struct growing_userspace *userspace,
                                        struct pcr_values *values);

/* What is to be met. */
struct growing_quote {
    struct hasher *hasher;
    enum hash alg; /* of pcrDigest */
    struct bytes pcr_digest;
};

enum { GROWING_E_NONE = 1, GROWING_E_FORM = 2 };

/* Finds the prefixes that meet the quote. values: what the selection's PCRs have before either log;
 * what they have behind the accepted parts when it returns 0. userspace and ima may be NULL: no
 * such log. Returns GROWING_E_NONE when nothing meets the quote, GROWING_E_FORM when the records
 * are none (the reader is broken), or a negative errno; *values is untouched unless 0. The tries
 * are bounded, however long the lists are that somebody makes up. */
MUST_CHECK int growing_match(const struct growing_quote *quote, struct pcr_values *values,
                             struct growing_userspace *userspace, struct growing_ima *ima);
