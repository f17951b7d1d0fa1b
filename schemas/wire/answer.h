/* 2.04 to /attest: the evidence was judged, passed or refused by policy. answer.cddl; protocol
 * page, Answers. The device learns codes, never expected values. */
#pragma once

#include "wire/claims.h"

/* Trust tiers with their EAR numbers, draft-ietf-rats-ar4si section 2.3.2. */
enum tier {
    TIER_NONE = 0,
    TIER_AFFIRMING = 2,
    TIER_WARNING = 32,
    TIER_CONTRAINDICATED = 96,
};

/* "none", "affirming", "warning", "contraindicated"; NULL for another number. */
const char *tier_name(enum tier tier);

/* What the device is asked to do; bits. */
enum answer_action {
    ACTION_ENROL = 1u,      /* this identity has ended: enrol again */
    ACTION_CREDENTIAL = 2u, /* fetch the next credential on this connection */
    ACTION_ALL = 3u,
};

struct answer {
    enum tier tier;
    size_t n_reasons;
    uint16_t reasons[LIMIT_REASONS]; /* enum reason */
    struct bytes cwt;                /* or .p == NULL: below the floor */
    uint8_t nonce[WIRE_NONCE_SIZE];
    uint32_t next_s; /* seconds to the next attestation, jitter included */
    struct pcr_set wanted;
    size_t n_known;
    struct log_offset known[LIMIT_EVIDENCE_LOGS]; /* bytes accepted: the next offset */
    unsigned actions;
};

/* Views into in. What the writer leaves out (an empty token or list, no actions) is refused when it
 * is spelt out. Returns 0 or 1 with the fault; *ret is untouched then. */
MUST_CHECK int answer_read(struct bytes in, struct answer *ret, struct fault *ret_fault);
void answer_write(struct wr *wr, const struct answer *answer);
