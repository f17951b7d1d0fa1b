/* assay policy check, compile: text to bundle. */
#include "cmd-policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "flags.h"
#include "policy/policy-compile.h"

enum { FILES_MAX = 8 }; /* a site's, and what its makers and others publish */

struct job {
    size_t n_files;
    const char *const *files;
    uint32_t first_line[FILES_MAX]; /* of each in source, from 1 */
    struct bytes source;            /* all of them, one behind the other */
    struct bundle *bundle;
    struct policy_memory *memory;
    struct policy_say say;
    struct bytes body; /* empty after errors */
};

static void
job_done(struct job *job)
{
    free((void *)(uintptr_t)job->source.p);
    free((void *)(uintptr_t)job->body.p);
    free(job->bundle);
    policy_memory_free(job->memory);
}

/* Appends a file, and a line's end if it has none: a word must not go on in the next file. */
static int
append(struct job *job, struct bytes more, uint32_t *line)
{
    size_t len = job->source.len + more.len;
    uint8_t *all;

    if (len > POLICY_TEXT_MAX) {
        return -EFBIG;
    }
    all = realloc((void *)(uintptr_t)job->source.p, len + 1);
    if (!all) {
        return -ENOMEM;
    }
    if (more.len > 0) {
        memcpy(all + job->source.len, more.p, more.len);
    }
    if (len > 0 && all[len - 1] != '\n') {
        all[len++] = '\n';
    }
    for (size_t i = job->source.len; i < len; i++) {
        *line += all[i] == '\n';
    }
    job->source = bytes_of(all, len);
    return 0;
}

static int
read_files(struct job *job)
{
    uint32_t line = 1;
    int r = 0;

    for (size_t i = 0; r == 0 && i < job->n_files; i++) {
        struct bytes more = BYTES_NULL;

        job->first_line[i] = line;
        if (cmd_read_file(job->files[i], POLICY_TEXT_MAX, &more) != 0) {
            return 1;
        }
        r = append(job, more, &line);
        free((void *)(uintptr_t)more.p);
    }
    if (r < 0) {
        fprintf(stderr, "assay: %s\n", strerror(-r));
    }
    return r;
}

/* The file that a line is of. */
static size_t
file_of(const struct job *job, uint32_t line)
{
    size_t i = 0;

    while (i + 1 < job->n_files && job->first_line[i + 1] <= line) {
        i++;
    }
    return i;
}

/* Writes the bundle and reads it again: what is given away is what the service will take. */
static int
write_body(struct job *job)
{
    CLEANUP(free_p) struct bundle *again = malloc(sizeof(*again));
    struct bytes body = BYTES_NULL;
    int r = again ? policy_write(job->bundle, &body) : -ENOMEM;

    if (r > 0) {
        policy_say(&job->say, 1, 1, false, "the bundle is larger than %u bytes",
                   LIMIT_BUNDLE_BYTES);
    } else if (r == 0 && bundle_read(body, again, NULL) != 0) {
        free((void *)(uintptr_t)body.p);
        return -EINVAL;
    }
    job->body = r == 0 ? body : BYTES_NULL;
    return r;
}

static int
job_run(struct job *job)
{
    int r;

    job->bundle = malloc(sizeof(*job->bundle));
    r = job->bundle ? policy_compile(job->source, job->bundle, &job->memory, &job->say) : -ENOMEM;
    return r == 0 ? write_body(job) : r;
}

static void
print_sayings(const struct job *job)
{
    for (size_t i = 0; i < job->say.n; i++) {
        const struct policy_saying *one = &job->say.items[i];
        size_t file = file_of(job, one->line);

        fprintf(stderr, "%s:%u:%u: %s%s\n", job->files[file], one->line - job->first_line[file] + 1,
                one->column, one->note ? "note: " : "", one->text);
    }
    if (job->say.n == SAY_MAX) {
        fprintf(stderr, "%s: there may be more\n", job->files[0]);
    }
}

static json_t *
sayings_json(const struct job *job)
{
    json_t *list = json_array();

    for (size_t i = 0; i < job->say.n; i++) {
        const struct policy_saying *one = &job->say.items[i];
        size_t file = file_of(job, one->line);
        int line = (int)(one->line - job->first_line[file] + 1);

        json_array_append_new(list, json_pack("{s:o, s:i, s:i, s:s, s:s}", "file",
                                              cmd_text_json(bytes_str(job->files[file])), "line",
                                              line, "column", (int)one->column, "kind",
                                              one->note ? "note" : "error", "text", one->text));
    }
    return list;
}

static int
report(const struct job *job, int r, bool json)
{
    const char *path = job->files[0];

    if (json) {
        ignore(cmd_print_json(json_pack("{s:b, s:i, s:i, s:i, s:o}", "ok", r == 0, "errors",
                                        (int)job->say.n_errors, "policies",
                                        r == 0 ? (int)job->bundle->n_policies : 0, "bytes",
                                        (int)job->body.len, "sayings", sayings_json(job))),
               "the exit code tells");
        return r == 0 ? CMD_YES : CMD_NO;
    }
    print_sayings(job);
    if (r == 0) {
        printf("%s: ok, %zu policies, %zu rules, %zu sets, %zu releases, %zu bytes\n", path,
               job->bundle->n_policies, job->bundle->n_rules, job->bundle->n_sets,
               job->bundle->n_releases, job->body.len);
    }
    return r == 0 ? CMD_YES : CMD_NO;
}

/* Compiles the files as one; writes to `out` unless it is NULL. */
static int
compile_files(const struct flag_words *words, const char *out, bool json)
{
    struct job job = {.n_files = words->n, .files = words->words};
    int code;
    int r = read_files(&job);

    if (r != 0) {
        job_done(&job);
        return CMD_NO;
    }
    r = job_run(&job);
    if (r < 0) {
        fprintf(stderr, "assay: %s: %s\n", job.files[0], strerror(-r));
    }
    code = report(&job, r, json);
    if (code == CMD_YES && out) {
        r = file_replace(out, 0644, job.body);
        if (r < 0) {
            fprintf(stderr, "assay: cannot write %s: %s\n", out, strerror(-r));
            code = CMD_NO;
        }
    }
    job_done(&job);
    return code;
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    const char *out = NULL;
    bool json = false;
    const struct flag flags[] = {{.name = "json", .ret_set = &json},
                                 {.name = "out", .ret_value = &out}};
    bool compiles = self == &cmd_policy_compile;
    int r = flags_read(self, argc, argv, flags, compiles ? 2 : 1, &words);

    if (r != 0) {
        return r;
    }
    if (words.n == 0 || words.n > FILES_MAX) {
        return cmd_usage(self, "one to eight files are wanted");
    }
    if (compiles && !out) {
        return cmd_usage(self, "--out is wanted");
    }
    return compile_files(&words, out, json);
}

const struct cmd cmd_policy_check = {
    .name = "policy check",
    .args = "FILE… [--json]",
    .summary = "say what is wrong with a policy, line by line",
    .help =
        "FILE is policy text; - is standard input. Several are read as one, so that what others\n"
        "publish stays a file of its own: /usr/share/assay/advisories.policy is known faults of\n"
        "TPMs. Errors and notes go to stderr as\n"
        "FILE:LINE:COLUMN: text, the first 20 of them; --json prints them as one value.\n\n"
        "Exit status: 0 it compiles, 1 it does not, 2 usage. A whole policy:\n\n"
        "  policy laptop version 1 {\n"
        "    applies class in { t14g3 }\n"
        "    quote sha256 pcrs 0,2,4,7\n"
        "    rule fw     : firmware    one-of @fw/t14g3 whole   claim fw.release\n"
        "    rule optrom : driver      device-pin count 0..12   else warn\n"
        "    rule sb     : secureboot  is on\n"
        "    rule chain  : boot.images sequence @os.shim @os.grub @os.kernel{1..2} "
        "same-release\n"
        "  }\n"
        "  release fw t14g3 1.42 { svn 42  variant { sha256:… sha256:… } }\n"
        "  release os debian 12.1 { shim sha256:…  grub sha256:…  kernel sha256:… }\n\n"
        "docs/examples has more.\n",
    .run = run,
};

const struct cmd cmd_policy_compile = {
    .name = "policy compile",
    .args = "FILE… --out OUT [--json]",
    .summary = "compile policy text to a bundle",
    .help = "Equal policies compile to equal bytes, on every machine and day. OUT is written only\n"
            "when there is no error. Sign it before a verifier loads it.\n\n"
            "Exit status: 0 written, 1 not, 2 usage.\n\n"
            "  assay policy compile site.policy --out site.bundle\n"
            "  assay policy sign site.bundle --key policy-key.pem --sequence 15 --out "
            "site.signed\n",
    .run = run,
};
