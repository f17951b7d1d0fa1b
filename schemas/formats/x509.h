/* X.509 certificates read strictly and without OpenSSL's objects, whose checks the oddities of
 * endorsement-key certificates break. RFC 5280 section 4. Nothing in a certificate opens a
 * connection: distribution points and authority information are not read. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/pubkey.h"
#include "formats/der.h"
#include "formats/x509-trim.h"

enum x509_key_usage {
    X509_KU_KEY_ENCIPHERMENT = 0x2000,
    X509_KU_KEY_AGREEMENT = 0x0800,
    X509_KU_CERT_SIGN = 0x0400,
};

struct x509_ext {
    struct bytes oid; /* content of the OBJECT IDENTIFIER */
    bool critical;
    struct bytes value; /* content of the OCTET STRING */
};

/* All views are into the bytes given to x509_read(). */
struct x509 {
    struct bytes whole, tbs;      /* elements with their heads; tbs is what is signed */
    struct bytes serial;          /* content of the INTEGER, sign byte kept */
    struct bytes issuer, subject; /* Names with their heads; x509-name.h compares them */
    struct bytes spki;            /* with its head */
    struct bytes signature;
    enum sig_scheme sig_scheme; /* SIG_NONE: not on our list */
    enum hash sig_hash;
    int64_t not_before, not_after; /* seconds since 1970, both inclusive */
    unsigned version;              /* 1..3 */
    struct x509_ext ext[LIMIT_CERT_EXTS];
    size_t n_ext;
    /* of the extensions, what everyone asks for */
    bool has_basic, basic_critical, is_ca;
    int pathlen; /* -1: no bound */
    bool has_key_usage;
    uint16_t key_usage;
    struct bytes aki, ski; /* key identifiers; empty when absent */
};

/* Reads exactly one certificate. Returns 0, or 1 with a fault. ret_cert is untouched unless 0. */
MUST_CHECK int x509_read(struct bytes in, struct fault *ret_fault, struct x509 *ret_cert);

/* The extension of that OID (content bytes), or NULL. */
const struct x509_ext *x509_ext_find(const struct x509 *cert, struct bytes oid);

/* The certificate's key. id-RSAES-OAEP (1.2.840.113549.1.1.7) counts as rsaEncryption, which
 * OpenSSL 3.0 refuses to decode; curves are named ones with uncompressed points.
 * Returns 0 with a key to free, PUBKEY_E_FORM, PUBKEY_E_ALG, or a negative errno. */
MUST_CHECK int x509_key(const struct x509 *cert, struct pubkey **ret_key);

/* Is `cert` signed by the key? The algorithm is the certificate's own, SHA-1 with RSA included:
 * callers decide about it first. Returns 0, PUBKEY_E_WRONG, PUBKEY_E_ALG, or a negative errno. */
MUST_CHECK int x509_verify_link(struct hasher *hasher, const struct x509 *cert,
                                struct pubkey *issuer_key);

/* 0, or 1 with X509_EARLY or X509_LATE for item `index`. */
MUST_CHECK int x509_check_time(const struct x509 *cert, int64_t now_s, uint32_t index,
                               struct fault *ret_fault);

/* 0, or 1 with X509_EXT_CRITICAL: all critical extensions must be ones whose meaning we apply or
 * that cannot forbid anything to an endorsement key (policies, directory attributes). */
MUST_CHECK int x509_check_critical(const struct x509 *cert, uint32_t index,
                                   struct fault *ret_fault);
