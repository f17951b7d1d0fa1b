/* Version of a certificate, for the two readers of certificates: one gives all of it to a reader
 * process, one a few fields to the keeper, and neither links the other. */
#pragma once

#include "formats/der.h"

/* Version ::= INTEGER { v1(0), v2(1), v3(2) } behind [0]; absent means v1. RFC 5280
 * section 4.1.2.1. Returns 1 to 3; what is of no such form latches in tbs. */
static inline unsigned
x509_version(struct rd *tbs)
{
    struct rd in;
    unsigned version;

    if (der_peek(tbs) != DER_CONTEXT(0)) {
        return 1;
    }
    in = der_enter(tbs, DER_CONTEXT(0));
    version = der_small(&in, 2) + 1;
    if (!rd_end(&in)) {
        rd_fail(tbs);
    }
    return version;
}
