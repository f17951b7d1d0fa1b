/* The device key in evidence: what the AK certified, so that tokens can be bound to it. Item -1 of
 * the collection, device-key.cddl; protocol page, Tokens (cnf). Its challenge is the quote's own:
 * qualifyingData is binding_certify() over the same nonce and exporter. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"

struct device_key {
    struct bytes public;    /* TPMT_PUBLIC */
    struct bytes certified; /* TPM2B_ATTEST || TPMT_SIGNATURE of TPM2_Certify, as a quote is sent */
    struct bytes certificate; /* DER, of the same key, for x5t#S256; .p == NULL: none */
};

/* Views into in. Returns 0, or 1 with WIRE_DEVICE_KEY; *ret is untouched then. */
MUST_CHECK int device_key_read(struct bytes in, struct device_key *ret, struct fault *ret_fault);
void device_key_write(struct wr *wr, const struct device_key *key);
