/* Makes the few certificates that a site needs of itself: its CA, the front's server certificate
 * and the one of the key that signs enrolment answers. Protocol page, Transport and Identity 3. */
#pragma once

#include "crypto/privkey.h"

enum x509_make_kind {
    X509_MAKE_CA,     /* self-signed, pathlen 0, signs certificates and nothing else */
    X509_MAKE_SERVER, /* serverAuth, with names */
    X509_MAKE_SIGNER, /* digitalSignature, no extended use: never a server */
};

struct x509_make {
    enum x509_make_kind kind;
    const char *cn;           /* at most 64 bytes, RFC 5280 ub-common-name */
    const char *const *names; /* of a server: DNS names and IP addresses */
    size_t n_names;
    int64_t not_before_s; /* seconds since 1970, both inclusive */
    int64_t not_after_s;
};

enum x509_make_outcome {
    X509_MAKE_OK,
    X509_MAKE_E_NAME,   /* cn or a name that no certificate can carry, or a server without one */
    X509_MAKE_E_ISSUER, /* the issuer's certificate is none, or not of the issuer's key */
};

/* Certifies key, signed by issuer (for a CA: NULL and empty, key signs itself). Serial numbers are
 * random, 127 bits. The PEM ends in NUL; the caller frees it.
 * Returns 0, an outcome, or a negative errno. ret_pem is untouched unless 0. */
MUST_CHECK int x509_make(const struct x509_make *what, const struct privkey *key,
                         const struct privkey *issuer, struct bytes issuer_pem, char **ret_pem);
