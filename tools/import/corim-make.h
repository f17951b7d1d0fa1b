/* A bundle's releases as a CoRIM of our profile: import/corim-own.h. Deterministic CBOR: equal
 * releases are equal bytes. */
#pragma once

#include <stdio.h>

#include "base/wr.h"
#include "wire/bundle.h"

struct corim_make {
    uint8_t *room; /* owned: free() */
    struct bytes bytes;
    size_t n_releases;
};

/* Writes the releases that are active or retiring, under this id (a text of 1 to LIMIT_BUNDLE_NAME
 * bytes), and to `told` a line "NOT EXPORTED: …" for each thing of the bundle that a CoRIM does not
 * say. Returns 0 with *ret, 1 when there is no such release with a digest, or -ENOMEM. */
MUST_CHECK int corim_make(const struct bundle *b, const char *id, FILE *told,
                          struct corim_make *ret);

/* The same in a COSE_Sign1 by this key, with its content type, kid (thumbprint, may be empty) and
 * issuer (CWT claim, 1 to LIMIT_BUNDLE_NAME bytes). Takes make->bytes as the payload and replaces
 * them. Returns 0 or a negative errno. */
MUST_CHECK int corim_make_sign(struct corim_make *make, struct bytes kid, const char *issuer,
                               struct privkey *key, struct hasher *hasher);
