#include "main/settings.h"

#include "base/log.h"

#define TEXT(section, name, field, fallback, help)                         \
    {                                                                      \
        section, name, CONF_TEXT, offsetof(struct settings, field),        \
            sizeof(((struct settings *)NULL)->field), 0, 0, fallback, help \
    }
#define INT(section, name, field, min, max, fallback, help)                                    \
    {                                                                                          \
        section, name, CONF_INT, offsetof(struct settings, field), 0, min, max, fallback, help \
    }

#define LIVE_INT(section, name, field, min, max, fallback, help)                                \
    {                                                                                           \
        section, name, CONF_INT, offsetof(struct settings, field), 0, min, max, fallback, help, \
            true                                                                                \
    }

const struct conf_item settings_items[] = {
    TEXT("site", "id", site, NULL, "name of the site; part of every identity, never changed"),
    TEXT("site", "issuer", issuer, NULL, "URL that tokens name as their issuer"),
    TEXT("listen", "address", addresses, "0.0.0.0, ::", "IP addresses, separated by commas"),
    INT("listen", "port", port, 0, 65535, "5684", "UDP port; 0 takes a free one"),
    {"listen", "tcp", CONF_BOOL, offsetof(struct settings, tcp), 0, 0, 0, "yes",
     "also answer over TCP (coaps+tcp), for networks that drop UDP and for large first logs"},
    INT("listen", "tcp_port", tcp_port, 0, 65535, "0", "TCP port; 0: of the same number as UDP's"),
    INT("listen", "workers", workers, 1, SETTINGS_WORKERS_MAX, "2",
        "front processes; one a core is enough"),
    INT("listen", "rotate", rotate_s, 1, 3600, "3600",
        "seconds between new ticket and cookie keys; a ticket holds for one change"),
    TEXT("keys", "directory", keys, "/etc/assay/keys", "folder of the keys that setup made"),
    LIVE_INT("keys", "nonce_hours", nonce_hours, 0, 8760, "24",
             "hours until main makes a new nonce key by itself; 0: `assay key rotate` alone does"),
    TEXT("public", "directory", public_folder, "/var/lib/assay/public",
         "folder for jwks.json and keys.cbor"),
    TEXT("store", "path", store, "/var/lib/assay/verifier.db", "file of the store"),
    {"audit", "tokens", CONF_BOOL, offsetof(struct settings, audit_tokens), 0, 0, 0, "no",
     "a row in the audit log for each token"},
    TEXT("control", "socket", control, "/run/assay/control.sock", "socket of the assay command"),
    TEXT("control", "group", control_group, "assay-admin",
         "group that may use it beside root, if there is such a group"),
    {"ek", "roots", CONF_TEXT, offsetof(struct settings, ek_roots),
     sizeof(((struct settings *)NULL)->ek_roots), 0, 0, "/etc/assay/ek-roots",
     "folder of TPM makers' certificates (.pem, .crt, .cer, .der)", true},
    {"policy", "key", CONF_TEXT, offsetof(struct settings, policy_key),
     sizeof(((struct settings *)NULL)->policy_key), 0, 0, "",
     "PEM file of the one or two public keys that policy bundles are signed by; empty: those that "
     "setup and `assay key` keep among the keys",
     true},
    INT("limits", "connections", connections, 16, 1000000, "8192",
        "connections a worker, 43 kB each"),
    LIVE_INT("limits", "handshakes", handshakes, 16, 100000, "1024", "half-open ones of them"),
    LIVE_INT("limits", "body", body, 4096, LIMIT_EVIDENCE_BYTES, "262144",
             "bytes of one evidence over UDP"),
    LIVE_INT("limits", "tcp_body", tcp_body, 4096, LIMIT_EVIDENCE_STREAM_BYTES, "4194304",
             "the same over TCP; what a class takes is its own to say (--evidence-max)"),
    LIVE_INT("limits", "pending_max", pending_max, 1, 1000000, "1000",
             "devices that may wait for approval"),
    LIVE_INT("limits", "pending_days", pending_days, 1, 365, "30", "days that one may wait"),
    {"log", "level", CONF_WORD, offsetof(struct settings, log_level), 0, 0, 0, "info",
     "lowest level that is logged: debug, info (who was accepted), notice (who was refused), "
     "warning, error",
     true, log_level_names},
    TEXT("run", "user", user, "", "user that fronts, readers and keeper run as; empty: main's"),
};
const size_t settings_n_items = ARRAY_LEN(settings_items);

bool
settings_site_fits(const char *site)
{
    size_t len = strlen(site);

    return len > 0 && len <= LIMIT_SITE && site[0] != '-' && site[0] != '.' &&
           strspn(site, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

/* Returns NULL, or what is wrong. */
static const char *
judge(const struct settings *settings)
{
    if (!settings_site_fits(settings->site)) {
        return "[site] id: lower-case letters, digits, hyphens and dots are expected";
    }
    if (settings->issuer[0] == '\0') {
        return "[site] issuer: a URL is expected";
    }
    if (settings->keys[0] != '/' || settings->store[0] != '/' || settings->control[0] != '/' ||
        settings->public_folder[0] != '/' || settings->ek_roots[0] != '/' ||
        (settings->policy_key[0] != '\0' && settings->policy_key[0] != '/')) {
        return "a path does not begin with /";
    }
    return NULL;
}

int
settings_load(const char *path, struct settings *ret, struct conf_problem *problem)
{
    int r = conf_load(path, settings_items, settings_n_items, ret, problem);
    const char *why = r == 0 ? judge(ret) : NULL;

    if (why) {
        snprintf(problem->text, sizeof(problem->text), "%.150s: %s", path, why);
        return 1;
    }
    return r;
}
