/* Files that update a Secure Boot variable: EFI_VARIABLE_AUTHENTICATION_2 and the signature lists
 * behind it, as dbx updates are published. UEFI 2.10 sections 8.2.2, 8.2.6 and 32.4.1. The
 * signature is not verified: it covers what firmware checks against its KEK, and a file is as good
 * as the place that it comes from. */
#pragma once

#include "base/fault.h"
#include "base/rd.h"

/* All views live as long as the bytes read. */
struct authvar {
    uint16_t year; /* what the file says of its time, which need not be true */
    uint8_t month, day;
    struct bytes signature; /* one DER SEQUENCE: ContentInfo, or SignedData without one */
    struct bytes lists;     /* whole signature lists, one entry at least: siglist_init() */
};

/* Returns 0, or 1 with *ret_fault (may be NULL) when the file is not of that form to its last byte;
 * *ret is untouched then. */
MUST_CHECK int authvar_read(struct bytes in, struct authvar *ret, struct fault *ret_fault);
