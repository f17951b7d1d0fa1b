/* The verifier's configuration: one table for reader, `--check`, `--print-config` and manual. */
#pragma once

#include "base/conf.h"
#include "base/limits.h"

#define SETTINGS_FILE "/etc/assay/verifier.conf"
#define SETTINGS_WORKERS_MAX 64

struct settings {
    char site[LIMIT_SITE + 1];
    char issuer[256];
    char addresses[256]; /* separated by commas */
    int64_t port;
    bool tcp;
    int64_t tcp_port;
    int64_t workers;
    int64_t rotate_s;
    char keys[256];
    int64_t nonce_hours;
    char public_folder[256];
    char store[256];
    char control[108]; /* sun_path */
    char control_group[33];
    char ek_roots[256];
    char policy_key[256]; /* "": what the list of keys names */
    bool audit_tokens;
    int64_t connections;
    int64_t handshakes;
    int64_t body;
    int64_t tcp_body;
    int64_t pending_max;
    int64_t pending_days;
    char user[33];
    unsigned log_level; /* enum log_level */
};

extern const struct conf_item settings_items[];
extern const size_t settings_n_items;

/* Reads the file and judges what a table cannot: the site's form, absolute paths. Returns as
 * conf_load(). */
MUST_CHECK int settings_load(const char *path, struct settings *ret, struct conf_problem *problem);

/* A site id: lower-case letters, digits, hyphens and dots, as in a host name. */
bool settings_site_fits(const char *site);
