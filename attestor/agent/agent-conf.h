/* /etc/assay/attestor.conf: one table from which reader, --check and --help are made. */
#pragma once

#include "base/conf.h"
#include "base/limits.h"

#define AGENT_CONF_PATH "/etc/assay/attestor.conf"
#define AGENT_AUDIENCES_MAX 8u /* a device that speaks to more services asks them itself */

/* What tokens can be bound to: nothing, the device key, or the key with its own certificate. */
enum agent_bind { AGENT_BIND_NO, AGENT_BIND_KEY, AGENT_BIND_CERTIFICATE };

struct agent_conf {
    char servers[1024];
    char ca[256];
    char site[LIMIT_SITE + 1];
    char name[256];
    char tcti[256];
    char firmware[256];
    char ima[256];
    char userspace[256];
    char dmi[256];
    char state_dir[256];
    char token_dir[256];
    char group[64];
    char audiences[1024];
    unsigned bind; /* enum agent_bind */
    char announce_dir[256];
    char code[LIMIT_CODE + 1];
};

extern const struct conf_item agent_conf_items[];
extern const size_t agent_conf_items_n;

/* By enum agent_bind, NULL behind them. */
extern const char *const agent_conf_bind_words[];

/* conf_load() and the checks between settings. path NULL: defaults only, which lack what must be
 * given. Returns as conf_load(). */
MUST_CHECK int agent_conf_load(const char *path, struct agent_conf *ret,
                               struct conf_problem *ret_problem);

/* The audiences one by one: *cursor starts as conf->audiences. Returns false after the last. */
bool agent_conf_audience(const char **cursor, char ret[LIMIT_NAME + 1]);

/* Name of an audience's token file. An audience is as base/name.h says, so that none names a path.
 */
#define AGENT_CONF_FILE (LIMIT_NAME + 8u)
const char *agent_conf_token_name(const char *audience, char room[AGENT_CONF_FILE]);
