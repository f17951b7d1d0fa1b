/* What one signature covers: qualifyingData of the quote, and of certifying the device key.
 * Protocol page, "One signature covers all"; attacks page, row 18. */
#pragma once

#include "crypto/digest.h"
#include "wire/enrolled.h"

enum binding_mode {
    BINDING_CONNECTION = 1, /* the exporter is mandatory */
    BINDING_RELAYED = 2,    /* background check: nonce mandatory, exporter null */
    BINDING_COLLECTED = 3,  /* a support bundle: both null; fresh for nobody */
};

#define EXPORTER_LABEL "EXPERIMENTAL-assay-quote-1"
#define EXPORTER_SIZE 32u

struct binding {
    struct bytes site; /* text */
    enum binding_mode mode;
    const uint8_t *nonce;    /* WIRE_NONCE_SIZE bytes or NULL */
    const uint8_t *exporter; /* EXPORTER_SIZE bytes or NULL */
    struct bytes claims;     /* as sent */
};

/* SHA-256 over deterministic CBOR ["assay-quote-1", site, mode, nonce / null, exporter / null,
 * SHA-256(claims)]. Returns 0, -EINVAL when nonce and exporter are not as the mode has it, so that
 * evidence without a channel can never be made or checked as evidence with one, or another negative
 * errno. */
MUST_CHECK int binding_quote(struct hasher *hasher, const struct binding *binding, uint8_t ret[32]);

/* The same with "assay-certify-1" and no claims, for TPM2_Certify of the device key. */
MUST_CHECK int binding_certify(struct hasher *hasher, const struct binding *binding,
                               uint8_t ret[32]);

/* Context of the TLS exporter: SHA-256(site). */
MUST_CHECK int binding_exporter_context(struct hasher *hasher, struct bytes site, uint8_t ret[32]);
