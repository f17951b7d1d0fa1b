/* A firmware log as the appraisal sees it: events with a digest a bank, as a reader reported them.
 * The reader's word counts for meaning only (type, whether data is bound, a label for people);
 * digests are believed because they replay to quoted PCRs. */
#pragma once

#include "appraise/verdict.h"
#include "crypto/digest.h"
#include "wire/evidence.h"

enum bound { BOUND_UNKNOWN, BOUND_FALSE, BOUND_TRUE };

struct event {
    uint32_t index;
    uint32_t pcr;  /* below LIMIT_PCRS, or UINT32_MAX for an event that is not extended */
    uint32_t type; /* never measured: a hint */
    enum bound bound;
    uint32_t offset; /* in the log of the part of the data that the digest is of, where it is bound,
                      * else of all data; and its length */
    uint32_t length;
    uint32_t data_offset; /* of all data, in which that part lies; and its length */
    uint32_t data_length;
    struct bytes digest[LIMIT_BANKS]; /* by position in event_log.banks */
    struct bytes label;               /* escaped text for people */
};

/* What a bank of a log gives alone, so that it is replayed once however often it is judged. Zeroed,
 * then filled and read by the functions below and by nobody else; the log may not change after. */
struct event_memo {
    bool known;
    uint8_t pcrs[LIMIT_PCRS][HASH_SIZE_MAX];
};

struct event_log {
    size_t n_banks;
    enum hash banks[LIMIT_BANKS];
    uint8_t locality; /* of a StartupLocality event: 0, 3 or 4 */
    size_t n_events;
    struct event *events; /* views into whatever backs the log */
    struct bytes body;    /* the raw log, for data that a rule reads; may be empty */
    bool vouched; /* events_vouch() has hashed every part of body that is said to be bound */
    struct event_memo *memo; /* one a bank, or NULL */
    struct boot_memo *boot;  /* boot.h, or NULL */
};

enum { EVENTS_E_LIE = 1 };

/* Takes body as the log's and hashes every part that the reader says a digest is of, in every bank:
 * after that a text that is read through event_text() is what was measured, whoever read the log.
 * Returns 0, EVENTS_E_LIE when a part or an event's data lies outside the body, the parts
 * together are more than it (so that no reader makes us hash one over and over), or a digest is of
 * something else (the reader is broken or hijacked; *log is then untouched), or a negative errno.
 * body must live as long as *log. Attacks page, row 7. */
MUST_CHECK int events_vouch(struct hasher *hasher, struct bytes body, struct event_log *log);

/* The bytes that the event's digest is of; empty unless it is bound and its log vouched for. */
struct bytes event_text(const struct event_log *log, const struct event *event);

/* All data of an event, a label that nothing vouches for; empty without a body. */
struct bytes event_data(const struct event_log *log, const struct event *event);

#define EVENT_NO_ACTION 0x00000003u
#define EVENT_SEPARATOR 0x00000004u

/* Index of a bank in the log, or n_banks. */
size_t event_log_bank(const struct event_log *log, enum hash bank);

/* Compares, in every active bank (one with bits in the signed selection), what the logs give
 * (events_values(), growing_match()) with the quoted values, those that hash to pcrDigest: an
 * active bank that the log lacks is 111, a PCR that differs 203 with the PCR and both values named.
 * PCR 10 is left out: whatever value it has was found by replay. Sets verdict->replay and returns
 * whether it passed. */
bool events_replay(const struct event_log *log, const struct pcr_values *replayed,
                   const struct pcr_values *quoted, struct verdict *verdict);

/* The firmware profile's rules: exactly one separator in each of PCR 0 to 7, of value 00000000 or
 * ffffffff (any other is a firmware error, 211), no separator's digest under another type (210),
 * and no data that its digest should bind but does not (207). Types are hints, so every rule here
 * goes by digest in the bank given. Sets verdict->events. Returns 0 or a negative errno. */
MUST_CHECK int events_check(struct hasher *hasher, const struct event_log *log, enum hash bank,
                            struct verdict *verdict);

/* Values that the selection's PCRs have if the log is the whole truth: what a quote's pcrDigest can
 * be compared with before any value was sent. A bank that the log lacks gives its start values.
 * Returns 0 or a negative errno. */
MUST_CHECK int events_values(struct hasher *hasher, const struct event_log *log,
                             const struct selection *selection, struct pcr_values *ret);
