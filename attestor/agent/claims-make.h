/* The claims of one evidence from what is known before the quote. Pure. */
#pragma once

#include "crypto/digest.h"
#include "source/source-smbios.h"
#include "wire/claims.h"

struct claims_facts {
    const uint8_t *nonce;                /* WIRE_NONCE_SIZE bytes or NULL */
    const uint8_t *ueid;                 /* WIRE_UEID_SIZE bytes or NULL */
    const struct source_smbios *machine; /* NULL: told before and unchanged, left out */
    uint64_t uptime_s;
    uint64_t clock_floor_s; /* 0: the clock was believed when certificates were judged */
    struct selection quoted;
    const struct known_log_at {
        enum log_kind kind;
        struct bytes bytes; /* of a log that grows: at least up to offset */
        uint64_t offset;    /* accepted before; one that cannot be counts as 0 */
    } * logs;
    size_t n_logs;
};

/* Views into facts. Returns 0 or a negative errno of the hasher. */
MUST_CHECK int claims_make(struct hasher *hasher, const struct claims_facts *facts,
                           struct claims *ret);
