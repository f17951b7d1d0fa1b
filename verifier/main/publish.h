/* The public halves of the token key as files, for whoever serves them: jwks.json and keys.cbor. */
#pragma once

#include "base/std.h"

/* Makes the folder and replaces both files, each at once. Returns 0 or a negative errno. */
MUST_CHECK int publish_keys(const char *folder, struct bytes token_key_pem);
