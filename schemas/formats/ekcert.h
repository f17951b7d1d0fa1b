/* Endorsement-key certificates: what the TCG EK Credential Profile 2.5 asks of a leaf, as far as
 * the certificates in the field keep to it, and the chain to an anchor that the operator trusts.
 *
 * What real certificates made us decide (corpus of this tree):
 * - basic constraints must be there, critical, CA:FALSE: all known leaves have that;
 * - key usage may be missing where the extended key usage names an EK (STM and Nuvoton, 2014-16);
 *   the extended key usage may be missing where a key usage is (Google); not both;
 * - the alternative name may be missing where there is a subject (Google); then maker, model and
 *   version are empty;
 * - SHA-1 is refused in leaves and intermediates; an anchor is trusted for being in the store, so
 *   its own signature's hash does not matter. Fleets with TPMs of before 2016 may allow it: those
 *   signatures are years old, and what is broken is making two documents at once, not a second one
 *   to a given signature. The result tells when it was used. */
#pragma once

#include "formats/x509.h"

/* Views are into the certificate's bytes; texts have at most LIMIT_TPM_TEXT bytes, any values. */
struct ekcert {
    struct x509 cert;
    struct bytes maker;     /* as written: "id:4E544300" */
    struct bytes model;     /* "NPCT6xx" */
    struct bytes version;   /* "id:0581" */
    uint32_t vendor_id;     /* of maker's "id:" form, tpm-vendor.h; 0 when in another */
    enum key_kind key_kind; /* of the endorsement key */
    unsigned key_bits;
};

/* Reads one certificate (exactly, see x509_trim()) and checks all that needs no other: form,
 * serial, extensions, key and names. Returns 0, 1 with a fault, or a negative errno. ret_ek is
 * untouched unless 0. */
MUST_CHECK int ekcert_read(struct bytes der, struct fault *ret_fault, struct ekcert *ret_ek);

/* The anchors and intermediates that an operator trusts and offers; memory is the caller's, and the
 * DER bytes must outlive the store. */
struct ekcert_ca {
    struct x509 cert;
    bool is_anchor; /* self-signed */
};

/* Reads a CA certificate and tells whether it is self-signed (any hash, see above).
 * Returns 0, 1 with a fault (also: not a CA), or a negative errno. */
MUST_CHECK int ekcert_ca_read(struct hasher *hasher, struct bytes der, struct fault *ret_fault,
                              struct ekcert_ca *ret_ca);

struct ekcert_query {
    const struct x509 *extra; /* further certificates that the device sent: never anchors */
    size_t n_extra;
    const struct ekcert_ca *store;
    size_t n_store;
    int64_t now_s; /* seconds since 1970 */
    bool allow_sha1;
};

struct ekcert_chain {
    const struct x509 *cert[LIMIT_CHAIN]; /* leaf first, anchor last */
    size_t n;
    bool sha1_used; /* by a certificate that is not the anchor */
};

/* Finds a chain from the leaf to an anchor by names and key identifiers, and checks each link:
 * signature, algorithm, dates, CA, key usage, path length, critical extensions, depth.
 * Returns 0 (verified), 1 with the fault of the attempt that came furthest (its event is the
 * certificate's place in the chain, 0 for the leaf), or a negative errno.
 * ret_chain is untouched unless 0; its pointers are into the arguments. */
MUST_CHECK int ekcert_chain(struct hasher *hasher, const struct ekcert *leaf,
                            const struct ekcert_query *query, struct fault *ret_fault,
                            struct ekcert_chain *ret_chain);
