#include "set-gather.h"

#include <errno.h>
#include <fts.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "cmd.h"

#define FILE_MAX ((size_t)2 << 30) /* of one file; the longest of a distribution have 300 MB */

enum { PROGRESS_EACH = 1000 };

extern char **environ;

static int
fail(const char *path, const char *problem)
{
    char room[CMD_PATH_ROOM];

    fprintf(stderr, "assay: %s: %s\n", cmd_path(path, room), problem);
    return 1;
}

static int
grow(struct set_gather *gather)
{
    size_t cap = gather->cap ? 2 * gather->cap : 1024;
    uint8_t *bigger;

    if (gather->n < gather->cap) {
        return 0;
    }
    bigger = realloc(gather->digests, cap * hash_size(gather->alg));
    if (!bigger) {
        return 1;
    }
    gather->digests = bigger;
    gather->cap = cap;
    return 0;
}

static void
progress(const struct set_gather *gather)
{
    if (gather->progress && gather->n % PROGRESS_EACH == 0) {
        fprintf(stderr, "\r%zu files", gather->n);
    }
}

static int
add_file(struct set_gather *gather, const char *path, const char *shown)
{
    struct bytes content = BYTES_NULL;
    int r;

    if (gather->n == LIMIT_DIGEST_SET) {
        return fail(shown, "more files than a set may hold");
    }
    r = grow(gather) == 0 ? file_read(path, FILE_MAX, &content) : -ENOMEM;
    if (r == 0) {
        r = hasher_bytes(gather->hasher, gather->alg, content,
                         gather->digests + gather->n * hash_size(gather->alg));
        file_free(&content);
    }
    if (r < 0) {
        return fail(shown, strerror(-r));
    }
    gather->n++;
    progress(gather);
    return 0;
}

static int
add_entry(struct set_gather *gather, const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_F:
        return add_file(gather, entry->fts_accpath, entry->fts_path);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return fail(entry->fts_path, strerror(entry->fts_errno));
    default: /* folders, links, devices: nothing that IMA measures */
        return 0;
    }
}

int
set_gather_tree(struct set_gather *gather, const char *path)
{
    char *const paths[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV, NULL);
    const FTSENT *entry;
    int r = 0;

    if (!tree) {
        return fail(path, strerror(errno));
    }
    errno = 0;
    while (r == 0 && (entry = fts_read(tree))) {
        r = add_entry(gather, entry);
        errno = 0;
    }
    if (r == 0 && errno != 0) {
        r = fail(path, strerror(errno));
    }
    fts_close(tree);
    return r;
}

static void
remove_tree(const char *path)
{
    char *const paths[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    const FTSENT *entry;

    while (tree && (entry = fts_read(tree))) {
        if (entry->fts_info == FTS_D) {
            ignore(chmod(entry->fts_path, 0700) < 0, "removing what is in it says so");
        } else {
            ignore(remove(entry->fts_path) < 0, "said below, if it matters");
        }
    }
    if (tree) {
        fts_close(tree);
    }
    if (access(path, F_OK) == 0) {
        ignore(fail(path, "cannot be removed"), "a folder too many is no fault of the set");
    }
}

static int
unpack(const char *package, const char *folder)
{
    char *const words[] = {(char *)(uintptr_t) "dpkg-deb", (char *)(uintptr_t) "--extract",
                           (char *)(uintptr_t) "--",       (char *)(uintptr_t)package,
                           (char *)(uintptr_t)folder,      NULL};
    pid_t pid;
    int status;
    int r = posix_spawnp(&pid, words[0], NULL, NULL, words, environ);

    if (r != 0) {
        return fail("dpkg-deb", strerror(r));
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return fail("dpkg-deb", strerror(errno));
        }
    }
    return status == 0 ? 0 : fail(package, "dpkg-deb could not unpack it");
}

int
set_gather_package(struct set_gather *gather, const char *path)
{
    const char *top = getenv("TMPDIR");
    char folder[CMD_PATH_ROOM];
    int n = snprintf(folder, sizeof(folder), "%s/assay-set.XXXXXX", top && *top ? top : "/tmp");
    int r;

    if (n >= (int)sizeof(folder) || !mkdtemp(folder)) {
        return fail(folder, strerror(n >= (int)sizeof(folder) ? ENAMETOOLONG : errno));
    }
    r = unpack(path, folder);
    if (r == 0) {
        r = set_gather_tree(gather, folder);
    }
    remove_tree(folder);
    return r;
}

void
set_gather_free(struct set_gather *gather)
{
    if (gather->progress && gather->n >= PROGRESS_EACH) {
        fprintf(stderr, "\r%20s\r", "");
    }
    free(gather->digests);
    gather->digests = NULL;
    gather->n = gather->cap = 0;
}
