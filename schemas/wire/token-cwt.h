/* Tokens as CWT: COSE_Sign1 with protected {alg ES256, kid, typ 263}, RFC 8392 and RFC 9711.
 * Claims: iss 1, sub 2, aud 3, exp 4, nbf 5 (only when not iat), iat 6, cti 7, cnf 8, eat_profile
 * 265, submods 266 {"tpm": {eat_nonce 10, 1000, 1001, 1003}}, ear_status 1000, ear_verifier_id 1004
 * (1000 to 1004 PENDING), and -65541 (ours): what the verdict tells, by
 * the numbers of base/claim.def, with its codes (-1) and the boot's name (-2).
 *
 * cnf holds {"jkt": bstr} or {"x5t#S256": bstr}: the JWT names, since CWT has no registered number
 * for either of these two digests. */
#pragma once

#include "crypto/digest.h"
#include "crypto/privkey.h"
#include "wire/token.h"

#define TOKEN_CWT_TYP 263u /* application/eat+cwt */

/* Appends the claims map; the mirror and the spelling are not used.
 * Returns 0, TOKEN_E_CLAIMS, or -ENOSPC when wr has no room. */
MUST_CHECK int token_cwt_write(struct wr *wr, const struct token_claims *claims);

/* Appends the signed token: LIMIT_TOKEN_CWT bytes at most, for which it lacks what token_shed()
 * leaves out, unless the rest alone is longer. Returns as token_cwt_write(), or another negative
 * errno. */
MUST_CHECK int token_cwt_sign(struct wr *wr, const struct token_claims *claims, struct bytes kid,
                              struct privkey *key, struct hasher *hasher);

/* Reads a claims map; text is borrowed from payload, mirror is NULL. Unknown claims are ignored, as
 * RFC 8392 has it, but must be deterministic CBOR. Nothing is said about the present time.
 * Returns 0, TOKEN_E_FORM, TOKEN_E_PROFILE, TOKEN_E_CLAIMS; ret_claims is untouched unless 0. */
MUST_CHECK int token_cwt_read(struct bytes payload, struct token_claims *ret_claims);
