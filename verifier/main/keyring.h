/* The site's keys, read once by main and handed to the roles that need them. */
#pragma once

#include "crypto/privkey.h"
#include "main/keyset.h"
#include "main/settings.h"
#include "roles/setup.h"

#define KEYRING_SECRET_FILES_MODE 0077 /* no bit of these may be set */

/* Public half of an RSA key that is published and does not sign. */
struct keyring_rsa {
    uint8_t n[RS256_SIG_MAX];
    size_t len;
};

struct keyring {
    struct keyset set;                              /* which of each kind, as the list had it */
    uint8_t stamp[SETUP_STAMP_SIZE];                /* of that list: who wrote it knows it again */
    struct ident_master masters[IDENT_MASTERS_MAX]; /* the active one first */
    struct nonce_key nonce_keys[NONCE_KEYS_MAX];
    struct bytes server_cert; /* PEM as in the file; all owned */
    struct bytes server_key;
    struct bytes token_key;
    struct bytes rsa_key;      /* token-rsa.key; empty: there is none */
    struct bytes pairwise_key; /* 32 bytes; empty: there is none */
    struct bytes site_key;
    struct bytes audit_key;
    size_t n_token_more; /* published beside the active one: before its time, or after it */
    struct p256 token_more[SETUP_TOKEN_MORE];
    size_t n_rsa_more;
    struct keyring_rsa rsa_more[SETUP_TOKEN_MORE];
    size_t n_audit_old; /* what they signed is taken */
    struct p256 audit_old[SETUP_AUDIT_OLD];
    size_t n_policy_keys; /* what policy bundles are signed by; 0: none can be published */
    struct p256 policy_keys[SETUP_POLICY_KEYS];
    size_t n_chain;
    struct bytes chain[LIMIT_CHAIN]; /* DER of site.pem */
    size_t n_anchors;
    struct bytes anchors[SETUP_ANCHORS_MAX]; /* DER */
};

/* A problem of the files, one line. */
typedef void keyring_tell_fn(void *context, const char *problem);

/* Reads and checks as keyring_load() does, but goes on after a problem and tells each; also the
 * certificates of the service that are not valid at now_s. Returns how many. keyring_free() in any
 * case. */
MUST_CHECK int keyring_check(const struct settings *settings, int64_t now_s, struct keyring *ret,
                             keyring_tell_fn *tell, void *context);

/* Reads and checks everything: form, who may read it, that certificates are their keys', and which
 * key of a kind is the active one at now_s. Returns 0, 1 with the problem, or a negative errno with
 * the problem. keyring_free() in any case. */
MUST_CHECK int keyring_load(const struct settings *settings, int64_t now_s, struct keyring *ret,
                            struct conf_problem *problem);

/* Id of the list's ticket line, 0 without one: another one asks for new ticket and cookie keys. */
uint32_t keyring_ticket_id(const struct keyring *keyring);
void keyring_free(struct keyring *keyring);
