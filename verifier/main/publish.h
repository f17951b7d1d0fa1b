/* The public halves of keys as files, for whoever serves them: of the token keys jwks.json and
 * keys.cbor; of the audit key audit-keys.cbor, which no consumer of tokens ever reads. */
#pragma once

#include "base/std.h"

/* Makes the folder and replaces the files, each at once. The RSA key (empty: none) signs JWTs only
 * and is in jwks.json alone. Returns 0 or a negative errno. */
MUST_CHECK int publish_keys(const char *folder, struct bytes token_key_pem, struct bytes rsa_pem,
                            struct bytes audit_key_pem);
