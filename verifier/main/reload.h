/* What SIGHUP changes in a service that goes on: settings that are marked live, the EK roots, and
 * all keys and certificates of the service. */
#pragma once

#include "main/keyring.h"

/* Reads configuration and keys anew. When all is well, live settings and the whole keyring replace
 * what is in settings and keyring, public keys are published, and each setting that differs is
 * logged: as changed, or as one that waits for a restart. Else settings and keyring stay
 * as they are; of the public files some may be new, and the next try writes all.
 * *ret_lost_master: a PSK master is gone. Returns 0, 1 or a negative errno, both with the problem.
 */
MUST_CHECK int reload(const char *config, int64_t now_s, struct settings *settings,
                      struct keyring *keyring, bool *ret_lost_master, struct conf_problem *problem);

/* The keyring alone, as when a key's time has come: an operator may be in the middle of editing the
 * configuration. Returns as reload(). */
MUST_CHECK int reload_keys(const struct settings *settings, int64_t now_s, struct keyring *keyring,
                           bool *ret_lost_master, struct conf_problem *problem);
