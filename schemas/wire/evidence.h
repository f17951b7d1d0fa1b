/* POST /attest: a CBOR CMW collection of claims, quote, PCR values and logs. evidence.cddl and
 * values.cddl; protocol page, Attestation.
 *
 * Item 3 + i belongs to the i-th log of the claims and holds its bytes from the claimed offset on;
 * it is left out when there are none. */
#pragma once

#include "wire/claims.h"

struct evidence {
    struct bytes claims;                    /* as signed: hash these bytes, then read them */
    struct bytes quote;                     /* TPM2B_ATTEST || TPMT_SIGNATURE */
    struct bytes values;                    /* or .p == NULL */
    struct bytes key;                       /* wire/device-key.h, or .p == NULL */
    struct bytes logs[LIMIT_EVIDENCE_LOGS]; /* by the claims' position; .p == NULL when left out */
    uint8_t
        log_types[LIMIT_EVIDENCE_LOGS]; /* LOG_USERSPACE by the item's type, 0 for a binary one */
};

/* Types of log items. */
#define EVIDENCE_TYPE_BINARY 42u /* application/octet-stream: firmware and IMA logs */
#define EVIDENCE_TYPE_SEQ "application/json-seq" /* userspace log, RFC 7464 */

/* Views into in. Returns 0 or 1 with the fault. */
MUST_CHECK int evidence_read(struct bytes in, struct evidence *ret, struct fault *ret_fault);

/* Whether items and claims agree: no item without its claim, type by kind, a whole log's part of
 * the length that the claims name. Returns 0 or 1 with the fault. */
MUST_CHECK int evidence_match(const struct evidence *evidence, const struct claims *claims,
                              struct fault *ret_fault);

/* Writes the items; logs by the kinds of claims. */
void evidence_write(struct wr *wr, const struct evidence *evidence, const struct claims *claims);

/* PCR values beside a log: for each bank the values of the quoted PCRs in ascending order, but for
 * PCR 10, whose value is never sent. */
struct pcr_values {
    struct selection selection;
    uint8_t value[LIMIT_BANKS][LIMIT_PCRS][HASH_SIZE_MAX]; /* [set of selection][PCR] */
};

/* Reads values for exactly this selection (banks with no PCR but 10 carry none). Returns 0 or 1
 * with the fault; *ret is cleared then. */
MUST_CHECK int pcr_values_read(struct bytes in, const struct selection *selection,
                               struct pcr_values *ret, struct fault *ret_fault);
void pcr_values_write(struct wr *wr, const struct pcr_values *values);
