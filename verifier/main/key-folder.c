#include "main/key-folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "formats/x509.h"

enum { PATH_ROOM = 400 };

int
key_folder_lock(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : fd;

    if (r < 0 && fd >= 0) {
        close(fd);
    }
    return r;
}

/* A folder of before the list may lack what came later: such a line would want its file. */
static void
drop_missing(const char *folder, struct keyset *set, int64_t now_s)
{
    static const enum keyset_kind later[] = {KEYSET_TOKEN_RSA, KEYSET_PAIRWISE, KEYSET_POLICY};
    char path[PATH_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(later) && !set->listed; i++) {
        const struct keyset_key *key = keyset_active(set, later[i], now_s);

        if (key) {
            snprintf(path, sizeof(path), "%s/%s", folder,
                     later[i] == KEYSET_POLICY ? key->cert : key->file);
            if (access(path, F_OK) < 0 && errno == ENOENT) {
                keyset_drop(set, later[i], key->id);
            }
        }
    }
}

void
key_folder_tidy(const char *folder, struct keyset *set, enum keyset_kind kind, int64_t now_s)
{
    for (size_t i = set->n; i-- > 0;) {
        const struct keyset_key *key = &set->keys[i];

        if ((kind == KEYSET_KIND_N || key->kind == kind) &&
            keyset_state(set, key, now_s) == KEYSET_RETIRED) {
            keyset_drop(set, key->kind, key->id);
        }
    }
    drop_missing(folder, set, now_s);
}

static bool
names_file(const struct keyset *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->keys[i].file, name) == 0 || strcmp(set->keys[i].cert, name) == 0) {
            return true;
        }
    }
    return strcmp(name, KEY_FOLDER_BUNDLE) == 0;
}

/* A file that stays behind harms only if it can be read: that is said. */
static int
stays(struct conf_problem *problem, const char *name, int r)
{
    snprintf(problem->text, sizeof(problem->text),
             "%.100s: it is used no more and cannot be removed", name);
    return r;
}

int
key_folder_clean(const char *folder, const struct keyset *set, struct conf_problem *problem)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[PATH_ROOM];
    int r = dir ? 0 : stays(problem, folder, -errno);

    while (dir && (entry = readdir(dir)) != NULL) {
        if (!keyset_is_ours(entry->d_name) || names_file(set, entry->d_name)) {
            continue;
        }
        if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path)) {
            r = stays(problem, entry->d_name, -ENAMETOOLONG);
        } else if (unlink(path) < 0) {
            r = stays(problem, entry->d_name, -errno);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return r;
}

bool
key_folder_fits(struct bytes der, const struct privkey *key)
{
    CLEANUP(pubkey_freep) struct pubkey *own = NULL;
    uint8_t a[64];
    uint8_t b[64];
    struct x509 cert;

    return x509_read(der, NULL, &cert) == 0 && x509_key(&cert, &own) == 0 &&
           pubkey_kind(own) == KEY_P256 && pubkey_point(own, a, a + 32) == 0 &&
           privkey_point(key, b, b + 32) == 0 && memcmp(a, b, sizeof(a)) == 0;
}
