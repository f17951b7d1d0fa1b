/* The records of base/reason.def and base/claim.def as the operator reads them. */
#pragma once

#include "base/fault.h"

struct code_record {
    enum reason reason;
    const char *name;
    enum reason_effect effect;
    bool reserved;     /* nothing says it yet */
    const char *about; /* "executables": the AR4SI dimension; "slot", "every", "none" */
    const char *title, *impact, *action;
    const char *causes; /* the likeliest first, with | between them */
};

struct claim_record {
    const char *name, *type, *meaning;
    bool by_rule; /* a policy's rule may tell it; else the service */
};

/* All of them, in the order of their numbers, and of the file. */
const struct code_record *code_book(size_t *ret_n);
const struct claim_record *code_book_claims(size_t *ret_n);

/* By number ("421") or name, in any case ("boot_image_unknown", "boot-image-unknown"). NULL: none.
 */
const struct code_record *code_book_find(const char *text);

/* By number; NULL for none of ours. */
const struct code_record *code_book_of(enum reason reason);

/* "refuses", "warns" or "is noted". */
const char *code_book_effect(enum reason_effect effect);

/* The next cause of a record's list, as a view of it, or .p == NULL at the end; *rest begins as
 * record->causes. */
struct bytes code_book_cause(const char **rest);
