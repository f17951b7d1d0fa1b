/* assay ima set …: sets of files' digests that ima blocks of a policy name. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/map.h"
#include "cmd-ima.h"
#include "flags.h"
#include "formats/digest-set.h"
#include "set-gather.h"

#define FILE_MAX (DIGEST_SET_HEAD + (size_t)LIMIT_DIGEST_SET * HASH_SIZE_MAX)
#define MODE 0644 /* nobody's secret, and the keeper is another user */

struct make {
    const struct cmd *self;
    const char *hash, *out;
    bool json;
    struct flag_words packages, trees;
};

/* Only what a kernel's list can name, and a set for: others are no key of anything. */
static bool
is_bank(enum hash alg)
{
    return alg == HASH_SHA1 || alg == HASH_SHA256 || alg == HASH_SHA384 || alg == HASH_SHA512;
}

static int
gather_all(const struct make *make, struct set_gather *gather)
{
    int r = gather->hasher ? 0 : 1;

    for (size_t i = 0; i < make->trees.n && r == 0; i++) {
        r = set_gather_tree(gather, make->trees.words[i]);
    }
    for (size_t i = 0; i < make->packages.n && r == 0; i++) {
        r = set_gather_package(gather, make->packages.words[i]);
    }
    return r;
}

static int
set_name(struct hasher *hasher, struct bytes file, char ret_hex[65])
{
    uint8_t digest[32];
    int r = hasher_bytes(hasher, HASH_SHA256, file, digest);

    if (r == 0) {
        hex_write(ret_hex, BYTES_OF(digest));
    }
    return r;
}

/* A folder gets the file under the name that it is looked for by (ima-sets.h). */
static int
path_of(const char *out, const char name[65], char ret[PATH_MAX])
{
    struct stat st;
    bool folder = stat(out, &st) == 0 && S_ISDIR(st.st_mode);
    int n = folder ? snprintf(ret, PATH_MAX, "%s/%s.set", out, name)
                   : snprintf(ret, PATH_MAX, "%s", out);

    return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int
say_written(const struct make *make, const struct set_gather *gather, size_t n, const char *out,
            const char name[65])
{
    char path[CMD_PATH_ROOM];

    if (make->json) {
        return cmd_print_json(json_pack("{s:s, s:s, s:s, s:I, s:I}", "sha256", name, "hash",
                                        hash_name(gather->alg), "file", cmd_path(out, path),
                                        "files", (json_int_t)gather->n, "digests", (json_int_t)n));
    }
    printf("%zu files, %zu digests of %s\nsha256:%s\n", gather->n, n, hash_name(gather->alg), name);
    return CMD_YES;
}

static int
write_set(const struct make *make, struct set_gather *gather)
{
    size_t n = digest_set_sort(gather->digests, gather->n, gather->alg);
    size_t len = DIGEST_SET_HEAD + n * hash_size(gather->alg);
    CLEANUP(free_p) uint8_t *room = malloc(len);
    struct wr wr = wr_init(room, room ? len : 0);
    char path[CMD_PATH_ROOM];
    char name[65];
    char out[PATH_MAX];
    int r;

    digest_set_head(&wr, gather->alg, n);
    if (n > 0) {
        wr_bytes(&wr, bytes_of(gather->digests, n * hash_size(gather->alg)));
    }
    r = wr.failed ? -ENOMEM : set_name(gather->hasher, wr_done(&wr), name);
    r = r == 0 ? path_of(make->out, name, out) : r;
    if (r == 0) {
        r = file_replace(out, MODE, wr_done(&wr));
    }
    if (r < 0) {
        fprintf(stderr, "assay: cannot write %s: %s\n", cmd_path(make->out, path), strerror(-r));
        return CMD_NO;
    }
    return say_written(make, gather, n, out, name);
}

static int
make_run(const struct cmd *self, int argc, char **argv)
{
    struct make make = {.self = self, .hash = "sha256"};
    const struct flag flags[] = {{.name = "hash", .ret_value = &make.hash},
                                 {.name = "debian", .list = &make.packages},
                                 {.name = "out", .ret_value = &make.out},
                                 {.name = "json", .ret_set = &make.json}};
    CLEANUP(hasher_freep) struct hasher *hasher = NULL;
    struct set_gather gather;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &make.trees);

    if (r != 0) {
        return r;
    }
    gather = (struct set_gather){.alg = hash_from_name(bytes_str(make.hash))};
    if (!make.out || make.trees.n + make.packages.n == 0) {
        return cmd_usage(self, make.out ? "a folder or a package is wanted" : "--out is wanted");
    }
    if (!is_bank(gather.alg)) {
        return cmd_usage(self, "--hash needs sha1, sha256, sha384 or sha512");
    }
    gather.progress = isatty(STDERR_FILENO) == 1;
    gather.hasher = hasher = hasher_new();
    r = gather_all(&make, &gather) == 0 ? write_set(&make, &gather) : CMD_NO;
    set_gather_free(&gather);
    return r;
}

const struct cmd cmd_ima_set_make = {
    .name = "ima set make",
    .args = "{DIR | FILE | --debian PACKAGE}… --out OUT [--hash HASH] [--json]",
    .summary = "Make a set of the digests of files",
    .help =
        "Each regular file below DIR, links not followed and other file systems not entered, and\n"
        "each file of a Debian PACKAGE (dpkg-deb(1) unpacks it in TMPDIR). HASH is what the\n"
        "kernel's ima_hash= is: sha256 unless given. Prints the set's name, the SHA-256 of OUT, "
        "for\n"
        "`set file NAME { sha256:… }` of a policy. Equal files give equal names. Where OUT is a\n"
        "folder the file in it is named as `assay appraise --sets` and the verifier (folder sets\n"
        "beside its store) look for it.\n\n"
        "Exit status: 0 written; 1 something cannot be read or written, OUT is as it was; 2 "
        "usage.\n\n"
        "  $ assay ima set make /usr --out usr.set\n"
        "  $ assay ima set make --debian busybox-static_1.35.0-4_amd64.deb --out busybox.set\n",
    .run = make_run,
};

/* Maps and reads a set. Returns 0 (free with map_free()), or CMD_NO after a message. */
static int
open_set(const char *path, struct bytes *ret_file, struct digest_set *ret)
{
    char room[CMD_PATH_ROOM];
    struct fault fault;
    int r = map_file(path, FILE_MAX, ret_file);

    if (r < 0) {
        fprintf(stderr, "assay: cannot read %s: %s\n", cmd_path(path, room), strerror(-r));
        return CMD_NO;
    }
    if (digest_set_read(*ret_file, ret, &fault) != 0) {
        cmd_fault_print(&fault);
        map_free(ret_file);
        return CMD_NO;
    }
    return 0;
}

static int
show_set(const struct digest_set *set, struct bytes file, bool all, bool json)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    char hex[2 * HASH_SIZE_MAX + 1];
    char name[65];

    if (!hasher || set_name(hasher, file, name) < 0) {
        fprintf(stderr, "assay: out of memory\n");
        return CMD_NO;
    }
    if (json) {
        return cmd_print_json(json_pack("{s:s, s:s, s:I, s:I}", "sha256", name, "hash",
                                        hash_name(set->alg), "digests", (json_int_t)set->n, "bytes",
                                        (json_int_t)file.len));
    }
    printf("%zu digests of %s\nsha256:%s\n", set->n, hash_name(set->alg), name);
    for (size_t i = 0; all && i < set->n; i++) {
        size_t size = hash_size(set->alg);

        printf("%s\n", hex_write(hex, bytes_of(set->digests + i * size, size)));
    }
    return CMD_YES;
}

static int
show_run(const struct cmd *self, int argc, char **argv)
{
    bool all = false;
    bool json = false;
    const struct flag flags[] = {{.name = "all", .ret_set = &all},
                                 {.name = "json", .ret_set = &json}};
    struct flag_words files = {0};
    struct digest_set set;
    struct bytes file;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &files);

    if (r != 0 || files.n != 1) {
        return r != 0 ? r : cmd_usage(self, "one FILE is wanted");
    }
    r = open_set(files.words[0], &file, &set);
    if (r == 0) {
        r = show_set(&set, file, all, json);
        map_free(&file);
    }
    return r;
}

const struct cmd cmd_ima_set_show = {
    .name = "ima set show",
    .args = "FILE [--all] [--json]",
    .summary = "Show what a set of digests is",
    .help = "How many digests of which hash, and the set's name: the SHA-256 of FILE. --all prints "
            "each\n"
            "digest. FILE is read wholly: that its digests ascend is checked.\n\n"
            "Exit status: 0 it is a set; 1 it is none, or cannot be read; 2 usage.\n\n"
            "  $ assay ima set show usr.set\n",
    .run = show_run,
};

/* Prints the answer of one DIGEST, with or without "sha256:". Returns an exit code. */
static int
check_one(const struct cmd *self, const struct digest_set *set, const char *word)
{
    uint8_t digest[HASH_SIZE_MAX];
    size_t size = hash_size(set->alg);
    const char *colon = strchr(word, ':');
    struct bytes alg = colon ? bytes_of(word, (size_t)(colon - word)) : BYTES_NULL;
    const char *hex = colon ? colon + 1 : word;
    size_t len;
    bool has;

    if (colon && hash_from_name(alg) != set->alg) {
        return cmd_usage(self, "the set is of another hash");
    }
    if (hex_read(bytes_str(hex), digest, sizeof(digest), &len) != 0 || len != size) {
        return cmd_usage(self, "a digest of the set's hash is wanted, in hex");
    }
    has = digest_set_has(set, bytes_of(digest, size));
    printf("%s: %s\n", hex, has ? "in the set" : "not in the set");
    return has ? CMD_YES : CMD_NO;
}

static int
check_run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct digest_set set;
    struct bytes file;
    int r = flags_read(self, argc, argv, NULL, 0, &words);

    if (r != 0 || words.n < 2) {
        return r != 0 ? r : cmd_usage(self, "a FILE and a DIGEST are wanted");
    }
    r = open_set(words.words[0], &file, &set);
    if (r != 0) {
        return r;
    }
    for (size_t i = 1; i < words.n && r != CMD_USAGE; i++) {
        int one = check_one(self, &set, words.words[i]);

        r = one > r ? one : r;
    }
    map_free(&file);
    return r;
}

const struct cmd cmd_ima_set_check = {
    .name = "ima set check",
    .args = "FILE DIGEST…",
    .summary = "Look digests up in a set",
    .help = "DIGEST is hex, of the set's hash, as sha256sum(1) and `assay ima show` print it.\n\n"
            "Exit status: 0 each is in the set; 1 one is not, or FILE is no set; 2 usage.\n\n"
            "  $ assay ima set check usr.set $(sha256sum </usr/bin/true | cut -c1-64)\n",
    .run = check_run,
};
