/* The site's keys, read once by main and handed to the roles that need them. */
#pragma once

#include "main/settings.h"
#include "roles/setup.h"

#define KEYRING_SECRET_FILES_MODE 0077 /* no bit of these may be set */

struct keyring {
    struct ident_master masters[IDENT_MASTERS_MAX];
    struct nonce_key nonce_keys[NONCE_KEYS_MAX];
    struct bytes server_cert; /* PEM as in the file; all owned */
    struct bytes server_key;
    struct bytes token_key;
    struct bytes rsa_key;      /* token-rsa.key; empty: there is none */
    struct bytes pairwise_key; /* 32 bytes; empty: there is none */
    struct bytes site_key;
    struct bytes audit_key;
    size_t n_chain;
    struct bytes chain[LIMIT_CHAIN]; /* DER of site.pem */
    size_t n_anchors;
    struct bytes anchors[SETUP_ANCHORS_MAX]; /* DER */
};

/* A problem of the files, one line. */
typedef void keyring_tell_fn(void *context, const char *problem);

/* Reads and checks as keyring_load() does, but goes on after a problem and tells each; also the
 * certificates that are not valid at now_s. Returns how many. keyring_free() in any case. */
MUST_CHECK int keyring_check(const struct settings *settings, int64_t now_s, struct keyring *ret,
                             keyring_tell_fn *tell, void *context);

/* Reads and checks everything: form, who may read it, that certificates are their keys'. Returns 0,
 * 1 with the problem, or a negative errno with the problem. keyring_free() in any case. */
MUST_CHECK int keyring_load(const struct settings *settings, struct keyring *ret,
                            struct conf_problem *problem);
void keyring_free(struct keyring *keyring);
