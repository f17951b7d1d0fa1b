#include "key-site.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "setup-files.h"

struct key_site key_site;

/* The files of an old site, kept once made: an RSA key takes a while. */
static size_t n_kept;
static struct {
    char path[SETUP_PATH]; /* from the top */
    struct bytes content;
    mode_t mode;
} kept[SETUP_FILES_MAX];

static void
site_keep(const struct setup *setup)
{
    for (size_t i = 0; i < setup->n_done; i++) {
        const char *path = setup->done[i].path;
        struct stat stat_of;

        snprintf(kept[i].path, SETUP_PATH, "%s", path + strlen(key_site.top));
        CHECK(setup->done[i].made && stat(path, &stat_of) == 0);
        kept[i].mode = stat_of.st_mode & 0777;
        CHECK_EQ(file_read(path, 65536, &kept[i].content), 0);
    }
    n_kept = setup->n_done;
}

/* Without a sync each, which is what takes the time. */
static void
site_copy(void)
{
    for (size_t i = 0; i < n_kept; i++) {
        char path[SETUP_PATH + 100];
        int fd;

        snprintf(path, sizeof(path), "%s%.300s", key_site.top, kept[i].path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kept[i].mode);
        CHECK(fd >= 0);
        CHECK_EQ(write(fd, kept[i].content.p, kept[i].content.len), (ssize_t)kept[i].content.len);
        CHECK_EQ(fchmod(fd, kept[i].mode), 0);
        close(fd);
    }
}

void
key_site_new(void)
{
    static const char *const names[] = {"verifier.test", "192.0.2.7", "2001:db8::7"};
    struct setup *setup = calloc(1, sizeof(*setup));

    snprintf(key_site.top, sizeof(key_site.top), "/tmp/assay-rotate-XXXXXX");
    CHECK(setup && mkdtemp(key_site.top));
    snprintf(key_site.folder, sizeof(key_site.folder), "%s/keys", key_site.top);
    CHECK_EQ(file_folder(key_site.folder, 0700), 0);
    snprintf(key_site.settings.keys, sizeof(key_site.settings.keys), "%s", key_site.folder);
    snprintf(key_site.settings.ek_roots, sizeof(key_site.settings.ek_roots), "%s", key_site.top);
    if (n_kept > 0) {
        free(setup);
        site_copy();
        return;
    }
    setup->dir = key_site.top;
    snprintf(setup->keys, sizeof(setup->keys), "%s", key_site.folder);
    setup->site = KEY_SITE_NAME;
    setup->now_s = KEY_SITE_NOW - 1000;
    memcpy(setup->names, names, sizeof(names));
    setup->n_names = ARRAY_LEN(names);
    CHECK_EQ(setup_keys(setup), 0);
    site_keep(setup);
    free(setup);
}

bool
key_site_has(const char *name)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", key_site.folder, name);
    return access(path, F_OK) == 0;
}

size_t
key_site_files(void)
{
    DIR *dir = opendir(key_site.folder);
    size_t n = 0;

    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        n += entry->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

void
key_site_end(void)
{
    DIR *dir = opendir(key_site.folder);
    char path[400];

    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", key_site.folder, entry->d_name);
        ignore(unlink(path) < 0, "the two folders of each");
    }
    closedir(dir);
    CHECK_EQ(rmdir(key_site.folder), 0);
    CHECK_EQ(rmdir(key_site.top), 0);
}

int
key_site_rotate(enum keyset_kind kind, uint32_t retire, bool leaked, int64_t now_s)
{
    key_site.last = (struct key_rotate){.folder = key_site.folder,
                                        .site = KEY_SITE_NAME,
                                        .now_s = now_s,
                                        .kind = kind,
                                        .retire = retire,
                                        .leaked = leaked,
                                        .lead_s = 100};
    return key_rotate(&key_site.last);
}

struct keyring *
key_site_load(int64_t now_s)
{
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    struct conf_problem problem = {""};

    CHECK(keyring);
    if (keyring_load(&key_site.settings, now_s, keyring, &problem) != 0) {
        check_fail(__FILE__, __LINE__, "main would not start: %s", problem.text);
    }
    return keyring;
}

void
key_site_drop(struct keyring *keyring)
{
    keyring_free(keyring);
    free(keyring);
}
