/* How many members of a class booted the same value in the same slot, by the evidence that is kept
 * of each. Appraisal page, section 4 (6). */
#pragma once

#include "appraise/slots.h"
#include "store/store.h"

struct explain_peers_ask {
    struct store *store;
    struct hasher *hasher;
    const struct store_device *device; /* not counted itself */
    struct pcr_set quoted;             /* as slots are told by */
    enum slot slot;
    uint32_t pcr;
    struct bytes digest; /* in the bank of `quoted` */
};

struct explain_peers {
    uint32_t members;  /* of the class, beside the device */
    uint32_t kept;     /* of them with a log that can be read */
    uint32_t same;     /* whose log has the value */
    uint32_t refused;  /* of those: whose last verdict was no better than contraindicated */
    uint32_t not_read; /* distinct logs are read up to a bound: whose log is beyond it */
    int64_t since_ms;  /* the earliest boot known to have it, of the device and of these; 0: none */
    uint32_t logs;     /* distinct logs looked into */
};

/* Returns 0 or a negative errno. */
MUST_CHECK int explain_peers(const struct explain_peers_ask *ask, struct explain_peers *ret);
