/* What decides whether a certificate vouches for a key, by a walk that knows nothing else: what is
 * signed, by which algorithm, the key, the dates, and of the extensions the three that say what the
 * key is for. Names, alternative names and the finding of a chain are x509.h's and ekcert.h's, in a
 * process that holds nothing; this is what the keeper checks their word against, and shares no
 * reading code with them but der.h. RFC 5280 section 4.1. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/pubkey.h"

/* Views are into the bytes given to certwalk_read(). */
struct certwalk {
    struct bytes der;
    struct bytes tbs;             /* whole element: what is signed */
    struct bytes spki;            /* whole element */
    struct bytes issuer, subject; /* whole elements, which nothing has looked into */
    struct bytes signature;
    enum sig_scheme sig_scheme; /* SIG_NONE: not on our list */
    enum hash sig_hash;
    int64_t not_before, not_after; /* seconds since 1970, both inclusive */
    bool is_ca;  /* version 3, CA:TRUE in its one form, and a key usage, if any, for certificates */
    int pathlen; /* of a CA; -1: no bound */
    bool for_ek; /* no CA, and the extended key usage, or without one the key usage, is an EK's */
};

/* Reads exactly one certificate. Whatever an extension's content has another form than the known
 * ones is no CA and no EK's, never a fault: the certificate is then of no use. Returns 0, or 1 with
 * X509_SIZE, X509_DER, X509_TIME or X509_ALG_MISMATCH; *ret is untouched unless 0. */
MUST_CHECK int certwalk_read(struct bytes der, struct fault *ret_fault, struct certwalk *ret);

/* As x509_key() and x509_verify_link(). */
MUST_CHECK int certwalk_key(const struct certwalk *cert, struct pubkey **ret_key);
MUST_CHECK int certwalk_verify(struct hasher *hasher, const struct certwalk *cert,
                               struct pubkey *issuer_key);
