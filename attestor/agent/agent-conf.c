#include "agent/agent-conf.h"

#include <errno.h>

#include "link/link-addr.h"
#include "source/source-firmware.h"
#include "source/source-ima.h"
#include "source/source-smbios.h"
#include "source/source-userspace.h"

#define TEXT(section, name, field, fallback, help)                           \
    {                                                                        \
        section, name, CONF_TEXT, offsetof(struct agent_conf, field),        \
            sizeof(((struct agent_conf *)NULL)->field), 0, 0, fallback, help \
    }

const struct conf_item agent_conf_items[] = {
    TEXT("verifier", "servers", servers, NULL, "host:port, host:port; tried in this order"),
    TEXT("verifier", "ca", ca, NULL, "PEM file of the CA that verifier and site key chain to"),
    TEXT("verifier", "site", site, NULL, "site id, as the operator gave it"),
    TEXT("verifier", "name", name, "",
         "name in its certificate, where it is not the server's host"),
    TEXT("tpm", "tcti", tcti, "device:/dev/tpmrm0", "TCTI of the TPM's resource manager"),
    TEXT("sources", "firmware", firmware, SOURCE_FIRMWARE_PATH, "event log of the firmware"),
    TEXT("sources", "ima", ima, SOURCE_IMA_PATH, "binary list of IMA"),
    TEXT("sources", "userspace", userspace, SOURCE_USERSPACE_PATH, "log of systemd's measurements"),
    TEXT("sources", "dmi", dmi, SOURCE_SMBIOS_PATH, "folder of SMBIOS texts"),
    TEXT("state", "dir", state_dir, "/var/lib/assay-attestor", "folder of credential and nonce"),
    TEXT("tokens", "dir", token_dir, "/run/assay", "folder that tokens are written to"),
    TEXT("tokens", "group", group, "", "group that may read tokens, beside root"),
    TEXT("tokens", "audiences", audiences, "", "audiences to fetch a JWT for, comma-separated"),
    TEXT("tokens", "bind", bind_word, "no",
         "no, key, or certificate: a key of the TPM for audiences that bind tokens"),
    TEXT("enrol", "code", code, "", "one-time enrolment code, if there is one"),
};
const size_t agent_conf_items_n = ARRAY_LEN(agent_conf_items);

bool
agent_conf_audience(const char **cursor, char ret[LIMIT_AUD + 1])
{
    const char *p = *cursor + strspn(*cursor, " \t,");
    size_t len = strcspn(p, " \t,");

    *cursor = p + len;
    if (len == 0 || len > LIMIT_AUD) {
        return false;
    }
    memcpy(ret, p, len);
    ret[len] = '\0';
    return true;
}

const char *
agent_conf_token_name(const char *audience, char room[AGENT_CONF_FILE])
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n = 0;

    for (; audience[n] != '\0' && n < LIMIT_AUD; n++) {
        bool good = strchr(safe, audience[n]) != NULL && (n > 0 || audience[n] != '.');

        room[n] = good ? audience[n] : '_';
    }
    memcpy(room + n, ".jwt", sizeof(".jwt"));
    return room;
}

static const char *
audiences_problem(const struct agent_conf *conf)
{
    static char names[AGENT_AUDIENCES_MAX][AGENT_CONF_FILE];
    const char *cursor = conf->audiences;
    char audience[LIMIT_AUD + 1];
    size_t n = 0;

    while (agent_conf_audience(&cursor, audience)) {
        if (n == AGENT_AUDIENCES_MAX) {
            return "[tokens] audiences: more than eight";
        }
        (void)agent_conf_token_name(audience, names[n]);
        for (size_t i = 0; i < n; i++) {
            if (strcmp(names[i], names[n]) == 0) {
                return "[tokens] audiences: two of them would share one file";
            }
        }
        n++;
    }
    return cursor[strspn(cursor, " \t,")] != '\0' ||
                   cursor > conf->audiences + strlen(conf->audiences)
               ? "[tokens] audiences: one is too long"
               : NULL;
}

static const char *
servers_problem(const struct agent_conf *conf)
{
    const char *cursor = conf->servers;
    struct link_addr addr;
    size_t n = 0;
    int r;

    while ((r = link_addr_next(&cursor, &addr)) == 0) {
        n++;
    }
    return r == LINK_ADDR_E_FORM ? "[verifier] servers: one is not of the form host:port"
           : n == 0              ? "[verifier] servers: none is named"
                                 : NULL;
}

static const char *
bind_problem(struct agent_conf *conf)
{
    static const char *const words[] = {
        [AGENT_BIND_NO] = "no",
        [AGENT_BIND_KEY] = "key",
        [AGENT_BIND_CERTIFICATE] = "certificate",
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(conf->bind_word, words[i]) == 0) {
            conf->bind = (enum agent_bind)i;
            return NULL;
        }
    }
    return "[tokens] bind: no, key or certificate is expected";
}

int
agent_conf_load(const char *path, struct agent_conf *ret, struct conf_problem *ret_problem)
{
    struct agent_conf conf = {0};
    const char *why;
    int r = conf_load(path, agent_conf_items, agent_conf_items_n, &conf, ret_problem);

    if (r != 0) {
        return r;
    }
    why = servers_problem(&conf);
    if (!why) {
        why = audiences_problem(&conf);
    }
    if (!why) {
        why = bind_problem(&conf);
    }
    if (!why && conf.site[0] == '\0') {
        why = "[verifier] site: it may not be empty";
    }
    if (why) {
        snprintf(ret_problem->text, sizeof(ret_problem->text), "%.120s: %s", path, why);
        return 1;
    }
    *ret = conf;
    return 0;
}
