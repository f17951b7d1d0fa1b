#include "support.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd.h"

enum { EVIDENCE_MAX = 4 * 1024 * 1024, SMALL_MAX = 65536, ARCHIVE_MAX = 32 * 1024 * 1024 };

static const struct {
    const char *name;
    size_t most;
} files[SUPPORT_N] = {
    [SUPPORT_INFO] = {"info.json", SMALL_MAX},
    [SUPPORT_EVIDENCE] = {"evidence", EVIDENCE_MAX},
    [SUPPORT_QUOTE] = {"quote", LIMIT_TPM_BYTES},
    [SUPPORT_SIGNATURE] = {"signature", LIMIT_TPM_BYTES},
    [SUPPORT_AK] = {"ak.tpmt", LIMIT_TPM_BYTES},
    [SUPPORT_FIRMWARE] = {"firmware.log", LIMIT_LOG_BYTES},
    [SUPPORT_IMA] = {"ima.log", LIMIT_IMA_BYTES},
    [SUPPORT_USERSPACE] = {"userspace.log", LIMIT_LOG_BYTES},
};

static enum support_file
file_named(struct bytes name)
{
    enum support_file i = 0;

    while (i < SUPPORT_N && !bytes_equal(name, bytes_str(files[i].name))) {
        i++;
    }
    return i;
}

int
support_read(struct bytes in, struct support *ret, struct fault *ret_fault)
{
    struct support support = {0};
    struct tar_in tar = tar_in_open(in);
    struct tar_in_file file;
    int r;

    while ((r = tar_in_next(&tar, &file, ret_fault)) == 0) {
        enum support_file at = file_named(file.name);

        if (at < SUPPORT_N && support.file[at].p) {
            return fault_at(ret_fault, RULE_SUPPORT_TWICE, tar.n_read - 1, 0);
        }
        if (at < SUPPORT_N) {
            support.file[at] = file.content;
        }
    }
    if (r != TAR_IN_E_END) {
        return 1;
    }
    *ret = support;
    return 0;
}

static int
say_errno(const char *path, const char *name, int r)
{
    fprintf(stderr, "assay: %s%s%s: %s\n", path, name[0] != '\0' ? "/" : "", name, strerror(-r));
    return -1;
}

/* The files of a folder that are there. */
static int
read_folder(const char *folder, struct support *ret)
{
    for (size_t i = 0; i < SUPPORT_N; i++) {
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        int r = n > 0 && (size_t)n < sizeof(path) ? file_read(path, files[i].most, &ret->owned[i])
                                                  : -ENAMETOOLONG;

        if (r < 0 && r != -ENOENT) {
            return say_errno(folder, files[i].name, r);
        }
        ret->file[i] = ret->owned[i];
    }
    return 0;
}

int
support_open(const char *path, struct support *ret, struct fault *ret_fault)
{
    struct support support = {0};
    struct bytes archive = BYTES_NULL;
    struct stat st;
    int r;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        r = read_folder(path, &support);
    } else if (cmd_read_file(path, ARCHIVE_MAX, &archive) != 0) {
        r = -1;
    } else {
        r = support_read(archive, &support, ret_fault);
        support.owned[0] = archive;
    }
    if (r < 0) {
        support_done(&support);
        return r;
    }
    *ret = support;
    return r;
}

void
support_done(struct support *support)
{
    for (size_t i = 0; i < SUPPORT_N; i++) {
        free((void *)(uintptr_t)support->owned[i].p);
    }
    *support = (struct support){0};
}

int
support_site(const struct support *support, char ret[LIMIT_SITE + 1])
{
    struct bytes info = support->file[SUPPORT_INFO];
    json_t *root =
        info.p ? json_loadb((const char *)info.p, info.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *site =
        json_string_value(json_object_get(json_object_get(root, "settings"), "site"));
    size_t len = site ? strlen(site) : 0;

    if (len > 0 && len <= LIMIT_SITE) {
        memcpy(ret, site, len + 1);
    }
    json_decref(root);
    return len > 0 && len <= LIMIT_SITE ? 0 : 1;
}
