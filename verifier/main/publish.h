/* The public halves of keys as files, for whoever serves them: of the token keys jwks.json and
 * keys.cbor; of the audit key audit-keys.cbor, which no consumer of tokens ever reads. */
#pragma once

#include "main/keyring.h"

/* Makes the folder and replaces the files, each at once: of each kind the key that signs first,
 * then those whose time comes, or is over while something of theirs may be about. RSA keys sign
 * JWTs only and are in jwks.json alone. Returns 0 or a negative errno. */
MUST_CHECK int publish_keys(const char *folder, const struct keyring *keyring);
