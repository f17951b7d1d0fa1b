/* What main tells a role once, at its start: keys and limits, so that no role opens a key file.
 * Received bytes are wiped by the role after it has made its own objects of them. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/wr.h"
#include "crypto/p256.h"
#include "ident/ident.h"
#include "ident/nonce.h"

#define SETUP_ANCHORS_MAX 128u /* EK roots and intermediates: the public collection has 60 */

#define SETUP_PAIRWISE_SIZE 32u
#define SETUP_STAMP_SIZE 8u
#define SETUP_TOKEN_MORE 3u
#define SETUP_AUDIT_OLD 3u
#define SETUP_POLICY_KEYS 2u

struct keeper_setup {
    struct bytes site;       /* text */
    struct bytes issuer;     /* text: `iss` of tokens */
    struct bytes store_path; /* text */
    struct ident_master masters[IDENT_MASTERS_MAX];
    struct nonce_key nonce_keys[NONCE_KEYS_MAX];
    struct bytes token_key;    /* PEM, P-256 */
    struct bytes rsa_key;      /* PEM, RSA: signs JWTs of audiences that want it; empty: none */
    struct bytes pairwise_key; /* 32 bytes, or .p == NULL: names devices for one audience each */
    struct bytes site_key;     /* PEM, P-256: signs enrolment answers */
    struct bytes audit_key;    /* PEM, P-256: signs the audit log's head */
    size_t n_token_more;       /* token keys that are published and do not sign now */
    struct p256 token_more[SETUP_TOKEN_MORE];
    size_t n_audit_old; /* earlier audit keys: a head of theirs is believed */
    struct p256 audit_old[SETUP_AUDIT_OLD];
    size_t n_policy_keys; /* any of them signs policy bundles; 0: none is believed */
    struct p256 policy_keys[SETUP_POLICY_KEYS];
    uint8_t stamp[SETUP_STAMP_SIZE]; /* of the list of keys, for who asks whether it is used */
    bool audit_tokens;               /* an audit row for each token */
    size_t n_chain;
    struct bytes chain[LIMIT_CHAIN]; /* DER, the site key's certificate first */
    size_t n_anchors;
    struct bytes anchors[SETUP_ANCHORS_MAX]; /* DER, EK roots and intermediates */
    uint32_t pending_max;
    uint32_t pending_days;
    enum log_level log_level; /* the lowest that is logged */
};

/* What fronts share and main changes: made with the first of each, taken with both. */
struct shared_keys {
    uint8_t ticket[2][80]; /* name 16, HMAC 32, AES 32 */
    uint8_t cookie[2][32];
};

struct front_setup {
    struct bytes site;
    struct ident_master masters[IDENT_MASTERS_MAX];
    struct bytes certificate; /* PEM, chain in order */
    struct bytes key;         /* PEM */
    struct shared_keys shared;
    uint32_t connections_max;
    uint32_t handshakes_max;
    uint32_t body_max;
    enum log_level log_level;
};

/* What a rotation changes in a front that runs; of a keeper it is the part of its setup that
 * keeper_keys_read() reads. */
struct front_secrets {
    struct ident_master masters[IDENT_MASTERS_MAX];
    struct bytes certificate; /* PEM, chain in order */
    struct bytes key;         /* PEM */
};

/* What a reload changes in a role that runs, always all of it. */
struct keeper_limits {
    uint32_t pending_max;
    uint32_t pending_days;
    enum log_level log_level;
    size_t n_anchors;
    struct bytes anchors[SETUP_ANCHORS_MAX];
};

struct front_limits {
    uint32_t handshakes_max;
    uint32_t body_max;
    enum log_level log_level;
};

/* Views into in. Return 0 or 1. */
MUST_CHECK int keeper_setup_read(struct bytes in, struct keeper_setup *ret);
void keeper_setup_write(struct wr *wr, const struct keeper_setup *setup);
/* Keys, from masters to stamp, and the chain: the rest of ret stays. */
MUST_CHECK int keeper_keys_read(struct bytes in, struct keeper_setup *ret);
void keeper_keys_write(struct wr *wr, const struct keeper_setup *setup);
MUST_CHECK int front_secrets_read(struct bytes in, struct front_secrets *ret);
void front_secrets_write(struct wr *wr, const struct front_secrets *secrets);
MUST_CHECK int front_setup_read(struct bytes in, struct front_setup *ret);
void front_setup_write(struct wr *wr, const struct front_setup *setup);
MUST_CHECK int keeper_limits_read(struct bytes in, struct keeper_limits *ret);
void keeper_limits_write(struct wr *wr, const struct keeper_limits *limits);
MUST_CHECK int front_limits_read(struct bytes in, struct front_limits *ret);
void front_limits_write(struct wr *wr, const struct front_limits *limits);
MUST_CHECK int shared_keys_read(struct bytes in, struct shared_keys *ret);
void shared_keys_write(struct wr *wr, const struct shared_keys *keys);
