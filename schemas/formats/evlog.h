/* TCG event logs: what a machine measured before its operating system ran. TCG PC Client Platform
 * Firmware Profile 1.06 section 10.2. Two forms:
 *   sha1          TCG_PCR_EVENT records only, from TPM 1.2 days;
 *   crypto-agile  a Spec ID Event03 record of that form, then TCG_PCR_EVENT2 records with one
 *                 digest for each bank that the Spec ID names, in any order.
 * The reader allocates nothing and keeps no state outside struct evlog. What it yields are views
 * into the bytes given to evlog_open(), which must outlive them.
 *
 * Nothing here says that the log is true: only digests that replay to quoted PCRs are (replay.h),
 * and data only where its digest vouches for it (evdata.h). The type of an event is never measured. */
#pragma once

#include "base/alg.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/rd.h"

enum evlog_format { EVLOG_SHA1, EVLOG_AGILE };

/* PCR of an EV_NO_ACTION event that speaks of no PCR. */
#define EVLOG_PCR_NONE 0xffffffffu

/* evlog.locality when the log states none. */
#define EVLOG_LOCALITY_NONE 0xffu

struct evlog_bank {
    uint16_t tpm_id;
    uint16_t size;  /* of a digest in bytes */
    enum hash hash; /* HASH_N: an algorithm that we do not know; read, but not replayed */
};

/* The content of a Spec ID Event03; zeros in a sha1 log. */
struct evlog_spec {
    uint32_t platform_class; /* 0 client, 1 server */
    uint8_t major, minor, errata;
    uint8_t uintn_size; /* 1: 32 bit, 2: 64 bit */
    struct bytes vendor;
};

struct evlog {
    enum evlog_format format;
    struct evlog_bank bank[LIMIT_BANKS];
    size_t n_banks;
    struct evlog_spec spec;

    /* Grow as events are read. */
    uint32_t n_events;
    uint8_t locality; /* of a StartupLocality event read so far: 0, 3, 4 or EVLOG_LOCALITY_NONE */
    bool pcr0_extended;
    size_t padding; /* bytes of padding after the last event, known at EVLOG_END */

    /* Private */
    struct rd rd;
    size_t pad_from; /* nothing but one padding value from here on */
    int ended;       /* what evlog_next() returns from now on, if not 0 */
    struct fault fault;
};

struct evlog_event {
    uint32_t index; /* the first event, also a Spec ID, is 0 */
    uint32_t pcr;   /* below LIMIT_PCRS, or EVLOG_PCR_NONE if type is EV_NO_ACTION */
    uint32_t type;
    size_t n_digests;                 /* evlog.n_banks; 0 for the Spec ID event */
    struct bytes digest[LIMIT_BANKS]; /* digest[i] belongs to evlog.bank[i] */
    struct bytes data;
    size_t offset; /* of the event's first byte in the log */
};

enum { EVLOG_FAULT = 1, EVLOG_END };

/* Begins a log; reads its format and banks. Returns 0, or EVLOG_FAULT with *ret_fault (may be
 * NULL): empty or nothing but padding, too long, or a Spec ID event that breaks its form. *ret is untouched unless 0. */
MUST_CHECK int evlog_open(struct bytes in, struct evlog *ret, struct fault *ret_fault);

/* The next event, the Spec ID event included. Returns 0, EVLOG_END after the last one (padding of
 * 0x00 or 0xff up to the end is skipped and its length left in log->padding: tell of it as
 * RULE_EVLOG_PADDING), or EVLOG_FAULT with *ret_fault. Once it returned one of the latter two it
 * returns the same for ever. *ret is untouched unless 0. */
MUST_CHECK int evlog_next(struct evlog *log, struct evlog_event *ret, struct fault *ret_fault);

/* Offset of the padding, if there is any. */
size_t evlog_padding_offset(const struct evlog *log);

/* Index of the bank of a hash, or log->n_banks. */
size_t evlog_bank(const struct evlog *log, enum hash hash);

/* Name of a bank: "sha256", or its TPM_ALG_ID as "0x0044". */
#define EVLOG_BANK_NAME_MAX 16u
const char *evlog_bank_name(const struct evlog_bank *bank, char room[EVLOG_BANK_NAME_MAX]);

/* Is the event extended into its PCR? EV_NO_ACTION events never are. */
bool evlog_extends(const struct evlog_event *event);
