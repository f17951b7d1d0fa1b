/* Public keys that policy bundles are signed by, as PEM (RFC 7468 section 13). The private halves
 * have no business here. */
#pragma once

#include "base/conf.h"
#include "roles/setup.h"

enum policy_keys_outcome {
    POLICY_KEYS_OK,
    POLICY_KEYS_E_FORM,    /* no key, or a block that is none */
    POLICY_KEYS_E_ALG,     /* a key that is not P-256 */
    POLICY_KEYS_E_MANY,    /* with those that are there, more than SETUP_POLICY_KEYS */
    POLICY_KEYS_E_PRIVATE, /* a private key is among them */
};

/* Appends the keys of a text to `keys`, which hold *n of SETUP_POLICY_KEYS. Text between blocks is
 * passed over. Returns 0, an outcome, or a negative errno; *n is as it was unless 0. */
MUST_CHECK int policy_keys_add(struct bytes pem, struct p256 keys[SETUP_POLICY_KEYS], size_t *n);

/* The same of a file; one that is not there has none, and is no problem. Returns 0, 1 with the
 * problem, or a negative errno with it. */
MUST_CHECK int policy_keys_load(const char *path, struct p256 keys[SETUP_POLICY_KEYS], size_t *n,
                                struct conf_problem *problem);
