/* The signed end of the audit log, audit-head.cddl: number and hash of its last row, in a
 * COSE_Sign1 by the audit key. A chain alone does not show that rows were cut from its end, nor
 * that somebody who can write the store made all of it anew; a head that was kept shows both. */
#pragma once

#include "base/fault.h"
#include "crypto/cose.h"

#define AUDIT_HEAD_LABEL "assay-audit-head-1"
#define AUDIT_HEAD_ROOM 512u /* a signed head: 160 bytes, a site of 64 and the header */

struct audit_head {
    struct bytes site; /* text, not empty */
    int64_t count;     /* rows, 0 to 2^53 - 1 */
    uint8_t hash[32];  /* of the last row; zero when there is none */
    int64_t at_ms;     /* UTC */
};

/* The payload. Views into in. Returns 0 or 1 with the fault; *ret is untouched then. */
MUST_CHECK int audit_head_read(struct bytes in, struct audit_head *ret, struct fault *ret_fault);
void audit_head_write(struct wr *wr, const struct audit_head *head);

/* Appends the signed head; kid is the key's RFC 9679 thumbprint. Returns 0, or as
 * cose_sign1_write(). */
MUST_CHECK int audit_head_sign(struct wr *wr, const struct audit_head *head, struct bytes kid,
                               struct privkey *key, struct hasher *hasher);

/* The kid of a signed head, to find its key by. Returns 0 or 1; the signature is not looked at. */
MUST_CHECK int audit_head_kid(struct bytes in, struct bytes *ret_kid);

/* Verifies and reads a signed head; views into in. Returns 0, 1 when it is not of its form or not
 * signed by this key, or a negative errno. */
MUST_CHECK int audit_head_open(struct bytes in, struct pubkey *key, struct hasher *hasher,
                               struct audit_head *ret);
