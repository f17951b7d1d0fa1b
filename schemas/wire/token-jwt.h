/* Tokens as JWT: JWS compact with typ "JWT", ES256 and kid, RFC 7519. Claims of the verdict
 * are members device_NAME with _ for each dot. Members are sorted bytewise,
 * so that the same claims give the same bytes. EAR's names are spelled as the audience wants them.
 * Nothing here reads JSON: that is the relying party's, and `assay token`'s for people. */
#pragma once

#include "crypto/digest.h"
#include "crypto/privkey.h"
#include "wire/token.h"

#define TOKEN_JWT_TYP "JWT"

/* Writes the claims as JSON into the room. Returns 0 and the text, TOKEN_E_CLAIMS, or -ENOSPC. */
MUST_CHECK int token_jwt_write(const struct token_claims *claims, char *room, size_t cap,
                               struct bytes *ret_json);

/* Appends the signed token, at most LIMIT_TOKEN_BYTES long: what does not fit is left out as
 * token_shed() does, and -ENOSPC only when that does not help. kid is ASCII.
 * Returns as token_jwt_write(), or another negative errno. */
MUST_CHECK int token_jwt_sign(struct wr *wr, const struct token_claims *claims, struct bytes kid,
                              struct privkey *key, struct hasher *hasher);
