/* The answer to /enroll on a PSK connection. enrolled.cddl; protocol page, Identity 5. */
#pragma once

#include "wire/selection.h"

#include "base/fault.h"

enum device_state {
    DEVICE_PENDING,
    DEVICE_PROVISIONAL,
    DEVICE_FRESH,
    DEVICE_STALE,
    DEVICE_FAILED,
    DEVICE_QUARANTINED,
    DEVICE_REMOVED,
    DEVICE_STATE_N,
};

/* "pending" and so on; "unknown" out of range. */
const char *device_state_name(enum device_state state);

#define WIRE_NONCE_SIZE 32u
#define WIRE_UEID_SIZE 33u

struct enrolled {
    enum device_state state;
    uint32_t next_s;                /* seconds to the next try or attestation */
    uint8_t ueid[WIRE_UEID_SIZE];   /* device_id */
    uint8_t nonce[WIRE_NONCE_SIZE]; /* for the first evidence */
    struct pcr_set wanted;          /* the policy's bank and PCRs */
};

/* Returns 0 or 1 with the fault. */
MUST_CHECK int enrolled_read(struct bytes in, struct enrolled *ret, struct fault *ret_fault);
void enrolled_write(struct wr *wr, const struct enrolled *enrolled);
