#include "main/examine.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main/role.h"
#include "main/setups.h"

static void
tell(void *context, const char *problem)
{
    fprintf(context, "assay-verifier: %s\n", problem);
}

static int
tell_path(FILE *out, const char *path, const char *why)
{
    char line[400];

    snprintf(line, sizeof(line), "%.256s: %.100s", path, why);
    tell(out, line);
    return 1;
}

/* A folder that the service makes itself need not be there, only what is above it. */
static int
above_is_missing(FILE *out, const char *path, bool made_by_us)
{
    char folder[256];
    struct stat stat_of;
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    if (folder[0] == '\0' || (stat(folder, &stat_of) == 0 && S_ISDIR(stat_of.st_mode))) {
        return 0;
    }
    return made_by_us ? above_is_missing(out, folder, false)
                      : tell_path(out, folder, "no such folder; `assay setup` makes it");
}

/* The keeper opens the store as the roles' user: SQLite needs the folder too. */
static int
store_is_not_its(FILE *out, const struct settings *settings, const struct role_user *user)
{
    char folder[256];
    struct stat stat_of;
    const char *slash = strrchr(settings->store, '/');

    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - settings->store), settings->store);
    if (!user->set || user->uid == 0) {
        return 0;
    }
    if (stat(folder, &stat_of) == 0 && stat_of.st_uid != user->uid) {
        return tell_path(out, folder, "not owned by [run] user; `assay setup` gives it to him");
    }
    if (stat(settings->store, &stat_of) == 0 && stat_of.st_uid != user->uid) {
        return tell_path(out, settings->store,
                         "not owned by [run] user; `assay setup` gives it to him");
    }
    return 0;
}

static int
places(FILE *out, const struct settings *settings)
{
    struct role_user user;
    int n = above_is_missing(out, settings->store, false) +
            above_is_missing(out, settings->control, true) +
            above_is_missing(out, settings->public_folder, false);

    if (role_user_find(settings->user, &user) != 0) {
        return n + tell_path(out, "[run] user", "there is no such user");
    }
    return n + store_is_not_its(out, settings, &user);
}

int
examine(const char *config, int64_t now_s, struct settings *settings, struct keyring *keyring,
        FILE *out)
{
    struct conf_problem problem = {""};
    int n;

    memset(keyring, 0, sizeof(*keyring));
    if (settings_load(config, settings, &problem) != 0) {
        tell(out, problem.text); /* what the rest would be about is not known */
        return 1;
    }
    n = keyring_check(settings, now_s, keyring, tell, out);
    if (n == 0 && !setups_fit(settings, keyring)) {
        n += tell_path(out, settings->ek_roots, "the certificates are too many");
    }
    return n + places(out, settings);
}
