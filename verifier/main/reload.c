#include "main/reload.h"

#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "main/ek-roots.h"
#include "main/setups.h"

struct roots {
    size_t n;
    struct bytes der[SETUP_ANCHORS_MAX];
};

static void
roots_free(struct roots *roots)
{
    for (size_t i = 0; i < roots->n; i++) {
        file_free(&roots->der[i]);
    }
    free(roots);
}

static void
swap_roots(struct keyring *keyring, struct roots *roots)
{
    size_t n = keyring->n_anchors;

    for (size_t i = 0; i < ARRAY_LEN(roots->der); i++) {
        struct bytes old = keyring->anchors[i];

        keyring->anchors[i] = roots->der[i];
        roots->der[i] = old;
    }
    keyring->n_anchors = roots->n;
    roots->n = n;
}

/* The roots replace the keyring's if the keeper could be told of them. */
static int
take_roots(const struct settings *settings, struct keyring *keyring, struct conf_problem *problem)
{
    struct roots *roots = calloc(1, sizeof(*roots));
    int r;

    if (!roots) {
        return -ENOMEM;
    }
    r = ek_roots_load(settings->ek_roots, roots->der, ARRAY_LEN(roots->der), &roots->n, problem);
    if (r == 0) {
        swap_roots(keyring, roots);
        if (!setups_fit(settings, keyring)) {
            swap_roots(keyring, roots);
            snprintf(problem->text, sizeof(problem->text), "%.200s: the certificates are too many",
                     settings->ek_roots);
            r = 1;
        }
    }
    roots_free(roots);
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
reload(const char *config, struct settings *settings, struct keyring *keyring,
       struct conf_problem *problem)
{
    struct settings fresh = {0};
    int r = settings_load(config, &fresh, problem);

    if (r == 0) {
        r = take_roots(&fresh, keyring, problem);
    }
    if (r == 0) {
        take_settings(settings, &fresh);
    }
    return r;
}
