/* Concise problem details (RFC 9290, content-format 257): every answer that is not 2.xx. Our custom
 * entry carries the reason and, where it helps, what to do next. problem.cddl. */
#pragma once

#include "wire/claims.h"

#define PROBLEM_ENTRY "tag:assay.dev,2026:problem"

struct problem {
    struct bytes title; /* text for people, or .p == NULL */
    uint8_t code;       /* CoAP code as a number: 4.04 is 132; 0 when left out. The message's own
                           code decides */
    uint16_t reason;    /* enum reason, 0 when none */
    bool has_nonce;
    uint8_t nonce[WIRE_NONCE_SIZE];
    uint32_t retry_s; /* 0 when left out */
    bool has_wanted;
    struct pcr_set wanted;
    size_t n_want_logs; /* logs to send, from these offsets */
    struct log_offset want_logs[LIMIT_EVIDENCE_LOGS];
    bool want_values; /* PCR values too */
};

/* Views into in; unknown entries of others are skipped (RFC 9290 section 2), unknown keys in our
 * own entry are not, nor is there in it what the writer leaves out (0, false, nothing at all). A
 * title with a language tag (tag 38) is refused: no peer of ours sends one. Returns 0 or 1 with the
 * fault; *ret is untouched then. */
MUST_CHECK int problem_read(struct bytes in, struct problem *ret, struct fault *ret_fault);
/* Writes what is set; our own entry only when it says something. */
void problem_write(struct wr *wr, const struct problem *problem);
