/* SBAT levels: which generation of each component a machine still starts, as shim measures it
 * ("SbatLevel"). shim SBAT.md: lines of comma-separated values; the first names the level by its
 * date, each that follows a component and its least generation:
 *     sbat,1,2024040900
 *     shim,4
 *     grub,4
 * A walker without allocation; names are views into the bytes given. */
#pragma once

#include "base/fault.h"
#include "base/rd.h"

struct sbat {
    struct rd rd;
    uint64_t level; /* the date, ten digits as a number */
};

struct sbat_component {
    struct bytes name; /* of letters, digits, . - _; 1 to LIMIT_SBAT_NAME of them */
    uint32_t generation;
};

enum { SBAT_FAULT = 1, SBAT_END };

/* Reads the first line. Returns 0 or SBAT_FAULT with *ret_fault (may be NULL; offsets are of `in`);
 * *ret is untouched unless 0. */
MUST_CHECK int sbat_open(struct bytes in, struct sbat *ret, struct fault *ret_fault);

/* The next component. Returns 0, SBAT_END behind the last, or SBAT_FAULT with *ret_fault; do not go
 * on after one of the latter two. *ret is untouched unless 0. */
MUST_CHECK int sbat_next(struct sbat *sbat, struct sbat_component *ret, struct fault *ret_fault);
