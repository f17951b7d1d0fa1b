/* COSE_Sign1 with ES256, RFC 9052 section 4.2 and RFC 9053 section 2.1: tokens, enrolment answers,
 * signed states. Verified over the bytes as received: nothing is encoded again.
 *
 * What we are strict about beyond the RFC: tag 18 must stand, the encoding must be deterministic,
 * alg must be protected, kid may stand in either header but not in both, and nothing else may be
 * unprotected, because nobody signed it. `crit` is refused whatever it lists: we speak no extension
 * that could be critical. Other protected parameters are ignored, as the RFC has it. */
#pragma once

#include "base/limits.h"
#include "base/wr.h"
#include "crypto/digest.h"
#include "crypto/privkey.h"

enum {
    COSE_ALG_ES256 = -7,
    COSE_ALG_ESP256 = -9, /* RFC 9864: ES256 bound to P-256, the only curve that we take anyway */
};

#define COSE_TYP_NONE UINT16_MAX

enum cose_outcome {
    COSE_OK,
    COSE_E_FORM,   /* not a tagged COSE_Sign1 in deterministic CBOR, or a value of a wrong type */
    COSE_E_HEADER, /* crit, an unprotected parameter beside kid, or kid in both headers */
    COSE_E_ALG,    /* no alg, another alg, or a key of another kind */
    COSE_E_SIGNATURE, /* not by this key over these bytes */
};

/* A message; all views live as long as the bytes that it was read from. */
struct cose_sign1 {
    struct bytes protected;          /* content of the byte string, as received */
    struct bytes kid;                /* empty when there is none */
    struct bytes chain[LIMIT_CHAIN]; /* x5chain, DER certificates, the signer's first */
    size_t n_chain;
    uint16_t typ; /* content-format of the whole message, RFC 9596; COSE_TYP_NONE if none */
    struct bytes payload;
    struct bytes signature; /* 64 bytes */
};

/* Takes a message apart; says nothing about its signature.
 * Returns 0, COSE_E_FORM, COSE_E_HEADER or COSE_E_ALG; ret_message is untouched unless 0. */
MUST_CHECK int cose_sign1_read(struct bytes in, struct cose_sign1 *ret_message);

/* Verifies the signature and nothing else: kid, typ and chain are the caller's to check.
 * Returns 0, COSE_E_SIGNATURE, COSE_E_ALG when the key is not P-256, or a negative errno. */
MUST_CHECK int cose_sign1_verify(const struct cose_sign1 *message, struct bytes external_aad,
                                 struct pubkey *key, struct hasher *hasher);

/* What goes into the protected header beside alg. */
struct cose_header {
    struct bytes kid;          /* left out when empty */
    uint16_t typ;              /* left out when COSE_TYP_NONE */
    const struct bytes *chain; /* x5chain, at most LIMIT_CHAIN certificates */
    size_t n_chain;
};

/* Signs and appends the tagged message; all parameters are protected. Errors of room latch in wr.
 * Returns 0, -ENOSPC when wr has no room (or the header is too long), or another errno. */
MUST_CHECK int cose_sign1_write(struct wr *wr, const struct cose_header *header,
                                struct bytes external_aad, struct bytes payload,
                                struct privkey *key, struct hasher *hasher);

/* SHA-256 over the Sig_structure, RFC 9052 section 4.4; `protected` as in the message, where an
 * empty map counts as no bytes. Returns 0 or a negative errno. */
MUST_CHECK int cose_sign1_digest(struct bytes protected, struct bytes external_aad,
                                 struct bytes payload, struct hasher *hasher,
                                 uint8_t ret_digest[32]);
