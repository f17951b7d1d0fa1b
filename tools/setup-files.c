#include "setup-files.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

int
setup_fail(struct setup *setup, int r, const char *what, const char *why)
{
    if (setup->problem[0] == '\0') {
        snprintf(setup->problem, sizeof(setup->problem), "%.290s: %.400s", what, why);
    }
    return r;
}

bool
setup_has(const char *folder, const char *name)
{
    char path[SETUP_PATH];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void
note(struct setup *setup, const char *path, bool made)
{
    if (setup->n_done < SETUP_FILES_MAX) {
        snprintf(setup->done[setup->n_done].path, SETUP_PATH, "%s", path);
        setup->done[setup->n_done++].made = made;
    }
}

int
setup_file(struct setup *setup, const char *folder, const char *name, mode_t mode,
           struct bytes content)
{
    char path[SETUP_PATH];
    int r = 0;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!setup_has(folder, name)) {
        r = file_create(path, mode, content);
        note(setup, path, r == 0);
    } else {
        note(setup, path, false);
    }
    return r == -EEXIST ? 0 : r < 0 ? setup_fail(setup, r, path, strerror(-r)) : 0;
}
