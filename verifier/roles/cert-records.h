/* What the keeper asks a reader about EK certificates, and what the reader makes of them: which
 * certificates stand above one another up to one of the operator's, and which texts name the TPM.
 * The keeper believes none of it: each record names its certificate by digest, and signatures,
 * keys, dates and places of texts are checked over the bytes (keeper/ek-proof.h). So a reader that
 * was taken over can refuse its own device and no more. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"
#include "roles/setup.h"

/* MSG_READ_CERTS. Certificates are DER without padding. */
struct cert_job {
    int64_t now_s;   /* seconds since 1970: chains are judged at this time */
    size_t n_leaves; /* the first of sent: those of the EK in question; 1 at least */
    size_t n_sent;
    struct bytes sent[LIMIT_CERTS];
    size_t n_ours;
    struct bytes ours[SETUP_ANCHORS_MAX]; /* the operator's */
    bool is_anchor[SETUP_ANCHORS_MAX];    /* self-signed; the others are intermediates */
};

enum cert_text { CERT_MAKER, CERT_MODEL, CERT_VERSION, CERT_TEXT_N };

/* One certificate of a chain, as the reader read it. */
struct cert_record {
    uint8_t digest[32]; /* SHA-256 of its bytes */
    bool ours;
    uint8_t index;                 /* in sent or ours */
    int64_t not_before, not_after; /* seconds since 1970 */
};

/* MSG_CERT_RECORDS. Two to LIMIT_CHAIN records are a whole chain, leaf first, and rule is NONE; one
 * is an EK certificate without a chain, and rule and place say why (ekcert_chain()). */
struct cert_records {
    enum rule rule;
    uint32_t place;
    size_t n;
    struct cert_record cert[LIMIT_CHAIN];
    struct {
        uint16_t offset; /* in the leaf */
        uint8_t len;     /* 0: the leaf has no such text, and then none of the three */
    } text[CERT_TEXT_N];
};

/* Views into in. Returns 0 or 1. */
MUST_CHECK int cert_job_read(struct bytes in, struct cert_job *ret);
void cert_job_write(struct wr *wr, const struct cert_job *job);

/* Strict: what is 0 is all that a keeper has to expect. Returns 0 or 1. */
MUST_CHECK int cert_records_read(struct bytes in, struct cert_records *ret);
void cert_records_write(struct wr *wr, const struct cert_records *records);
