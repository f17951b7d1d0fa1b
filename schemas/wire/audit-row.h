/* A row of the audit log as it is chained; audit-row.cddl. The store, the export and whoever checks
 * one agree on these bytes. */
#pragma once

#include "base/fault.h"
#include "base/wr.h"
#include "crypto/digest.h"
#include "wire/enrolled.h"

#define AUDIT_TEXT_MAX 1023u                       /* bytes of each text */
#define AUDIT_NUMBER_MAX INT64_C(9007199254740991) /* 2^53 - 1: the export is JSON */

struct audit_row {
    int64_t seq; /* from 1 */
    int64_t at_ms;
    struct bytes kind;
    const uint8_t *device; /* WIRE_UEID_SIZE bytes, or NULL */
    struct bytes actor;
    struct bytes text;
};

/* Views into in. Returns 0 or 1 with the fault; *ret is untouched then. */
MUST_CHECK int audit_row_read(struct bytes in, struct audit_row *ret, struct fault *ret_fault);
/* Errors latch in wr: a text or number beyond its limit too. */
void audit_row_write(struct wr *wr, const struct audit_row *row);

/* SHA-256(previous || the row's bytes); 32 zero bytes before the first row. Returns 0, -EMSGSIZE
 * for a row that cannot be written, or another negative errno. */
MUST_CHECK int audit_row_hash(const struct audit_row *row, const uint8_t previous[32],
                              struct hasher *hasher, uint8_t ret[32]);
