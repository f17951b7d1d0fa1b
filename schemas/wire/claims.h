/* The claims of evidence: an unprotected CWT claims set (RFC 9781), covered by the quote through
 * qualifyingData. Hints all of them: the signed structure decides. claims.cddl. */
#pragma once

#include "wire/enrolled.h"

#define CLAIMS_PROFILE "tag:assay.dev,2026:evidence-1"

enum log_kind {
    LOG_FIRMWARE = 1,  /* TCG event log */
    LOG_IMA = 2,       /* binary_runtime_measurements */
    LOG_USERSPACE = 3, /* systemd's tpm2-measure.log */
    LOG_KIND_MAX = 3,
};

/* "firmware", "ima", "userspace". */
const char *log_kind_name(enum log_kind kind);

/* One log of the evidence, in the order of the collection's log items. */
struct claims_log {
    enum log_kind kind;
    bool whole;         /* a log that cannot grow: length and digest name all of it */
    uint64_t offset;    /* bytes that the verifier is believed to know */
    uint8_t before[32]; /* SHA-256 of the bytes before offset */
    uint64_t length;    /* of the whole log; 0 unless whole */
    uint8_t digest[32]; /* SHA-256 of the whole log; zero unless whole */
};

/* A log and an offset in it: how much of it is known, or from where on it is wanted. */
struct log_offset {
    enum log_kind kind;
    uint64_t offset;
};

/* [1* [kind, offset]], each kind once; returns the count, 0 when it fails. */
size_t log_offsets_read(struct cbor_rd *c, struct log_offset ret[LIMIT_EVIDENCE_LOGS]);
void log_offsets_write(struct wr *wr, const struct log_offset *logs, size_t n);

struct claims {
    bool has_nonce;
    uint8_t nonce[WIRE_NONCE_SIZE];
    bool has_ueid;
    uint8_t ueid[WIRE_UEID_SIZE];
    struct bytes model;     /* 259, or .p == NULL */
    uint64_t uptime_s;      /* 261, 0 when left out */
    struct bytes firmware;  /* 271, or .p == NULL */
    struct bytes maker;     /* private, or .p == NULL */
    uint64_t clock_floor_s; /* private, 0 when left out: the device's clock was before this, and it
                               judged the verifier's certificates at this time (since 1970) */
    struct selection quoted;
    size_t n_logs;
    struct claims_log logs[LIMIT_EVIDENCE_LOGS];
};

/* Views into in. The profile is mandatory; what the writer leaves out (an uptime or clock of 0, no
 * banks, no logs) is refused when it is spelt out, so that claims have one encoding. Returns 0 or 1
 * with the fault; *ret is untouched then. */
MUST_CHECK int claims_read(struct bytes in, struct claims *ret, struct fault *ret_fault);
void claims_write(struct wr *wr, const struct claims *claims);
