#include "main/reload.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "main/publish.h"
#include "main/setups.h"

/* Whether the keeper could be told of it; then it is published. */
static int
accept_keys(const struct settings *settings, const struct keyring *fresh,
            struct conf_problem *problem)
{
    int r = 0;

    if (!setups_fit(settings, fresh)) {
        snprintf(problem->text, sizeof(problem->text), "%.200s: the certificates are too many",
                 settings->ek_roots);
        return 1;
    }
    r = publish_keys(settings->public_folder, fresh);
    if (r < 0) {
        snprintf(problem->text, sizeof(problem->text), "%.200s: %s", settings->public_folder,
                 strerror(-r));
    }
    return r;
}

int
reload_keys(const struct settings *settings, int64_t now_s, struct keyring *keyring,
            bool *ret_lost_master, struct conf_problem *problem)
{
    struct keyring *fresh = calloc(1, sizeof(*fresh));
    int r = fresh ? keyring_load(settings, now_s, fresh, problem) : -ENOMEM;

    if (r == 0) {
        r = accept_keys(settings, fresh, problem);
    }
    if (r == 0) {
        struct keyring old = *keyring;

        *ret_lost_master = ident_masters_lost(keyring->masters, fresh->masters);
        *keyring = *fresh;
        *fresh = old;
        wipe(&old, sizeof(old));
    }
    if (fresh) {
        keyring_free(fresh);
    }
    free(fresh);
    return r;
}

static void
take_settings(struct settings *settings, const struct settings *fresh)
{
    for (size_t i = 0; i < settings_n_items; i++) {
        const struct conf_item *item = &settings_items[i];

        if (conf_equal(item, settings, fresh)) {
            continue;
        }
        log_event(item->live ? LOG_NOTICE : LOG_WARNING,
                  item->live ? "setting-changed" : "setting-waits",
                  LOG_STR("section", item->section), LOG_STR("name", item->name));
        if (item->live) {
            conf_copy(item, settings, fresh);
        }
    }
}

int
reload(const char *config, int64_t now_s, struct settings *settings, struct keyring *keyring,
       bool *ret_lost_master, struct conf_problem *problem)
{
    struct settings fresh = {0};
    struct settings next = *settings;
    int r = settings_load(config, &fresh, problem);

    if (r == 0) { /* what is named now, but keys of the folder that is in use */
        memcpy(next.ek_roots, fresh.ek_roots, sizeof(next.ek_roots));
        memcpy(next.policy_key, fresh.policy_key, sizeof(next.policy_key));
        r = reload_keys(&next, now_s, keyring, ret_lost_master, problem);
    }
    if (r == 0) {
        take_settings(settings, &fresh);
    }
    return r;
}
