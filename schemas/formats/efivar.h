/* UEFI_VARIABLE_DATA: a variable as the firmware measures it. TCG PFP 1.06 section 10.2.6. */
#pragma once

#include "base/fault.h"
#include "base/std.h"

struct efivar {
    struct bytes guid;  /* EFIGUID_LEN bytes */
    struct bytes name;  /* UCS-2 little-endian, LIMIT_EFIVAR_NAME units at most, no NUL */
    struct bytes value; /* empty: the variable does not exist, or is empty */
    struct bytes rest;  /* what follows; a caller that knows no quirk for it refuses it */
};

/* Returns 0, or 1 with *ret_fault (may be NULL; offsets are of `in`): a name longer than the limit,
 * or lengths that do not fit. *ret holds views into `in` and is untouched unless 0. */
MUST_CHECK int efivar_read(struct bytes in, struct efivar *ret, struct fault *ret_fault);

/* Is this its name, exactly? */
bool efivar_is(const struct efivar *var, const char *ascii_name);
