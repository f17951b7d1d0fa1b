/* `assay-verifier --check`: everything that would keep the service from starting or from serving.
 */
#pragma once

#include <stdio.h>

#include "main/keyring.h"

/* Prints a line for each problem of the configuration, of the files that it names, and of the
 * folders that the service writes to. settings and keyring are filled as far as they are well;
 * keyring_free() in any case. Returns how many problems there are. */
MUST_CHECK int examine(const char *config, int64_t now_s, struct settings *settings,
                       struct keyring *keyring, FILE *out);
