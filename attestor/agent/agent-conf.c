#include "agent/agent-conf.h"

#include <errno.h>

#include "base/name.h"
#include "link/link-addr.h"
#include "source/source-announce.h"
#include "source/source-firmware.h"
#include "source/source-ima.h"
#include "source/source-smbios.h"
#include "source/source-userspace.h"

#define TEXT(section, name, field, fallback, help)                           \
    {                                                                        \
        section, name, CONF_TEXT, offsetof(struct agent_conf, field),        \
            sizeof(((struct agent_conf *)NULL)->field), 0, 0, fallback, help \
    }

const char *const agent_conf_bind_words[] = {
    [AGENT_BIND_NO] = "no",
    [AGENT_BIND_KEY] = "key",
    [AGENT_BIND_CERTIFICATE] = "certificate",
    NULL,
};

const struct conf_item agent_conf_items[] = {
    TEXT("verifier", "servers", servers, NULL,
         "host:port, coaps+tcp://host:port; tried in this order"),
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
    {"tokens", "bind", CONF_WORD, offsetof(struct agent_conf, bind), 0, 0, 0, "no",
     "no, key, or certificate: a key of the TPM for audiences that bind tokens", false,
     agent_conf_bind_words},
    TEXT("announce", "dir", announce_dir, SOURCE_ANNOUNCE_PATH,
         "folder of what hooks announce of boots to come; empty: nothing is announced"),
    TEXT("enrol", "code", code, "", "one-time enrolment code, if there is one"),
};
const size_t agent_conf_items_n = ARRAY_LEN(agent_conf_items);

/* The next of a list; empty at its end. */
static struct bytes
next_word(const char **cursor)
{
    const char *p = *cursor + strspn(*cursor, " \t,");
    size_t len = strcspn(p, " \t,");

    *cursor = p + len;
    return bytes_of(p, len);
}

bool
agent_conf_audience(const char **cursor, char ret[LIMIT_NAME + 1])
{
    struct bytes word = next_word(cursor);

    if (!name_good(word)) {
        return false;
    }
    memcpy(ret, word.p, word.len);
    ret[word.len] = '\0';
    return true;
}

const char *
agent_conf_token_name(const char *audience, char room[AGENT_CONF_FILE])
{
    snprintf(room, AGENT_CONF_FILE, "%s.jwt", audience);
    return room;
}

static const char *
audiences_problem(const struct agent_conf *conf)
{
    struct bytes names[AGENT_AUDIENCES_MAX];
    const char *cursor = conf->audiences;
    size_t n = 0;

    for (struct bytes word = next_word(&cursor); word.len > 0; word = next_word(&cursor)) {
        if (n == AGENT_AUDIENCES_MAX) {
            return "[tokens] audiences: more than eight";
        }
        if (!name_good(word)) { /* no class could grant it */
            return "[tokens] audiences: each is of " NAME_RULE;
        }
        for (size_t i = 0; i < n; i++) {
            if (bytes_equal(names[i], word)) {
                return "[tokens] audiences: one is named twice";
            }
        }
        names[n++] = word;
    }
    return NULL;
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
