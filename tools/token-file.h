/* A token from a file, taken apart without believing it: JWT or CWT by content. */
#pragma once

#include <jansson.h>

#include "crypto/cose.h"
#include "crypto/jose.h"
#include "wire/token.h"

struct token_file {
    bool jwt;
    struct bytes kid; /* views into the file's bytes or into room */
    bool typ_ok;      /* "JWT", or 263 */
    struct jose jose;
    struct cose_sign1 cose;
    json_t *claims; /* an object, owned; for a CWT in the spelling of JWT */
    uint8_t room[LIMIT_TOKEN_BYTES];
};

/* Reads a token; a newline behind a JWT is not part of it. Returns 0 with claims to free by
 * token_file_done(), or 1 with the check that failed and why. `in` must live as long. */
MUST_CHECK int token_file_read(struct bytes in, struct token_file *ret_file, const char **ret_check,
                               const char **ret_problem);
void token_file_done(struct token_file *file);

/* Verifies the signature. Returns as jose_verify() and cose_sign1_verify() with 1 for no. */
MUST_CHECK int token_file_verify(const struct token_file *file, struct pubkey *key,
                                 struct hasher *hasher);
