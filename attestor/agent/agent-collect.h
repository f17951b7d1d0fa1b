/* What one evidence is made of; inside attestor/agent/ only. Order: collect_begin(),
 * collect_quote(), collect_write(), and collect_done() in any case. */
#pragma once

#include "agent/agent-steps.h"
#include "agent/claims-make.h"
#include "source/source-userspace.h"
#include "tpm/tpm-quote.h"
#include "wire/evidence.h"

#define COLLECT_CLAIMS_ROOM 2048u

struct collect {
    struct agent *agent;
    struct source_data log[LIMIT_EVIDENCE_LOGS];
    struct known_log_at known[LIMIT_EVIDENCE_LOGS];
    size_t n;
    struct source_userspace lock;
    struct tpm_pcr_bank wanted;
    struct claims claims;
    uint8_t claims_room[COLLECT_CLAIMS_ROOM];
    struct bytes claims_bytes;
    uint8_t qualifying[32]; /* what the quote carries */
    struct tpm_quote quote;
    struct tpm_pcr_values values;
    bool has_values;
    uint8_t key_room[AGENT_KEY_ROOM];
    struct bytes key; /* .p == NULL: not sent */
};

/* Reads the logs that belong before the quote; needs no TPM. collect is zero. */
void collect_begin(struct collect *collect, struct agent *agent);

/* Claims, quote, and what grows; with an exporter (EXPORTER_SIZE bytes) bound to its connection and
 * with the device key when it is due, with NULL bound to none and so of no use as live evidence.
 * Returns 0, > 0 (enum tpm_outcome) with the error, or a negative errno. */
MUST_CHECK int collect_quote(struct collect *collect, const uint8_t *exporter,
                             struct tpm_error *error);

/* The evidence as it goes on the wire: logs from their offsets on, and the items around them.
 * Returns 0 (source_file_done() it) or a negative errno. */
MUST_CHECK int collect_write(struct collect *collect, struct source_data *ret);

void collect_done(struct collect *collect);
