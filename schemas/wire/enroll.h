/* POST /enroll: what a device says of its keys, on a certificate connection to get a credential
 * and again on the PSK connection to become known. enroll.cddl; protocol page, Identity 3 and 5. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"

struct enroll {
    size_t n_certs;
    struct bytes certs[LIMIT_CERTS]; /* EK certificates as read from NV, padding and all */
    struct bytes ek;                 /* TPMT_PUBLIC */
    struct bytes ak;                 /* TPMT_PUBLIC */
    struct bytes code;               /* one-time code, or .p == NULL */
    struct bytes maker;              /* what the machine says of itself, or .p == NULL; a hint to */
    struct bytes model;              /* people, never to a decision */
    struct bytes serial;
};

/* Views into in. The list of certificates may be empty but not left out. Returns 0 or 1 with the
 * fault; *ret is untouched then. */
MUST_CHECK int enroll_read(struct bytes in, struct enroll *ret, struct fault *ret_fault);
void enroll_write(struct wr *wr, const struct enroll *enroll);
