/* Does an event's digest vouch for its data? Only then may text of a log be believed, once the
 * digests replay to quoted PCRs; all else in a log is a label that whoever wrote it could choose.
 * The type is such a label too: relabelling an event loses its binding or makes it a mismatch. TCG
 * PFP 1.06 section 10.4.1; what GRUB, shim and Linux hash is from their sources and real logs. */
#pragma once

#include "crypto/digest.h"
#include "formats/efivar.h"
#include "formats/evlog.h"

enum evdata_bound {
    EVDATA_UNKNOWN,  /* the type does not bind its data, or no bank's hash is at hand */
    EVDATA_BOUND,    /* in every bank that we can hash */
    EVDATA_MISMATCH, /* the type binds, or one bank does, and a bank says otherwise */
};

struct evdata {
    enum evdata_bound bound;
    /* The bytes that the digest is of; empty unless EVDATA_BOUND. Less than the event's data where
     * a measurer hashes only a variable's value (its name is then a label), or the text behind a
     * prefix, or shim logs one byte too many. */
    struct bytes vouched;
    /* What is to be told, or RULE_NONE: RULE_EVDATA_MISMATCH, _SHIM_AUTHORITY and
     * _FIT_ZERO (notes),
     * _SEPARATOR_ERROR, _SEPARATOR_VALUE, _DISGUISED, or of a variable RULE_EFIVAR_FORM, _NAME. */
    enum rule rule;
};

/* Checks the events of one log; copy-free to share, not to be changed by callers. */
struct evdata_check {
    struct hasher *hasher; /* borrowed */
    const struct evlog *log;
    bool usable[LIMIT_BANKS]; /* can we hash for this bank? */
    uint8_t separator[LIMIT_BANKS][3][HASH_SIZE_MAX];
};

/* Returns 0, or -EIO. The log and the hasher must live as long. */
MUST_CHECK int evdata_init(struct evdata_check *check, const struct evlog *log,
                           struct hasher *hasher);

/* Judges one event of that log. Returns 0, or -EIO. */
MUST_CHECK int evdata_judge(const struct evdata_check *check, const struct evlog_event *event,
                            struct evdata *ret);

/* Is the event's data a UEFI_VARIABLE_DATA by its type? */
bool evdata_is_variable(uint32_t type);

/* The text of a GRUB command or kernel command line event without its prefix ("grub_cmd: …") and
 * with its NUL, if it has one. Returns false when the data begins with no such prefix. */
bool evdata_grub_text(struct bytes data, struct bytes *ret_text);
