/* What SIGHUP changes in a service that goes on: settings that are marked live, and the EK roots.
 * Keys and certificates of the service itself are read at a start only. */
#pragma once

#include "main/keyring.h"

/* Reads the file anew. When all is well, live settings and EK roots replace what is in settings and
 * keyring, and each setting that differs is logged: as changed, or as one that waits for a restart.
 * Else settings and keyring stay as they are. Returns 0, 1 or a negative errno, both with the
 * problem. */
MUST_CHECK int reload(const char *config, struct settings *settings, struct keyring *keyring,
                      struct conf_problem *problem);
