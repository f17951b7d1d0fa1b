/* assay policy import: reference values of others as policy text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cmd-policy.h"
#include "flags.h"
#include "import/import.h"
#include "policy/policy-compile.h"
#include "wire/bundle-part.h"

enum { FILE_MAX = 32 * 1024 * 1024 }; /* a runtime policy of keylime has 20 MiB */

static const struct kind {
    const char *name;
    bool policy;                        /* what is printed compiles */
    bool published, component, release; /* options that it takes */
    int (*run)(FILE *out, struct hasher *hasher, const struct import_ask *ask,
               struct import_fault *ret_fault);
} kinds[] = {
    {"dbx", true, true, false, false, import_dbx},
    {"keylime-boot", true, false, false, true, import_keylime_boot},
    {"keylime-runtime", false, false, false, false, import_keylime_runtime},
    {"pcrlock", true, false, true, true, import_pcrlock},
};

struct job {
    const char *kind_name, *out;
    const struct kind *kind;
    struct flag_words paths, names, published;
    struct import_file files[IMPORT_FILES_MAX];
    struct import_ask ask;
    char *text;
    size_t text_len;
};

static void
job_done(struct job *job)
{
    for (size_t i = 0; i < job->ask.n; i++) {
        free((void *)(uintptr_t)job->files[i].bytes.p);
    }
    free(job->text);
}

/* ---- what is asked ---- */

static const char *
names_problem(const struct job *job)
{
    const struct import_ask *ask = &job->ask;

    if ((job->published.n > 0 && !job->kind->published) ||
        (ask->component && !job->kind->component) || (ask->release && !job->kind->release)) {
        return "this kind takes no --published, --component or --release";
    }
    if (job->kind->component && !ask->component != !ask->release) {
        return "--component and --release go together";
    }
    return (!ask->component || part_is_name(bytes_str(ask->component))) &&
                   (!ask->release || part_is_name(bytes_str(ask->release)))
               ? NULL
               : "a component and a release are at most 48 of A-Z a-z 0-9 . _ / : + ~ -";
}

static const char *
problem_of(struct job *job)
{
    uint64_t seconds;

    for (size_t i = 0; job->kind_name && i < ARRAY_LEN(kinds); i++) {
        job->kind = strcmp(job->kind_name, kinds[i].name) == 0 ? &kinds[i] : job->kind;
    }
    if (!job->kind) {
        return "--kind is dbx, keylime-boot, keylime-runtime or pcrlock";
    }
    if (job->paths.n == 0) {
        return "at least one file is wanted";
    }
    if ((job->names.n > 0 && job->names.n != job->paths.n) ||
        (job->published.n > 0 && job->published.n != job->paths.n)) {
        return "--name and --published are given for no file or once for each, in their order";
    }
    for (size_t i = 0; i < job->names.n; i++) {
        if (!part_is_name(bytes_str(job->names.words[i]))) {
            return "a name is at most 48 of A-Z a-z 0-9 . _ / : + ~ -";
        }
    }
    for (size_t i = 0; i < job->published.n; i++) {
        if (!policy_date(bytes_str(job->published.words[i]), &seconds)) {
            return "--published is a date such as 2026-11-27";
        }
    }
    return names_problem(job);
}

static int
read_files(struct job *job)
{
    job->ask.files = job->files;
    for (size_t i = 0; i < job->paths.n; i++) {
        struct import_file *file = &job->files[i];

        *file = (struct import_file){.path = job->paths.words[i]};
        file->name = job->names.n > 0 ? job->names.words[i] : NULL;
        file->published = job->published.n > 0 ? job->published.words[i] : NULL;
        if (cmd_read_file(file->path, FILE_MAX, &file->bytes) != 0) {
            return 1;
        }
        job->ask.n++;
    }
    return 0;
}

/* ---- work ---- */

static int
say_why(const struct job *job, int r, const struct import_fault *fault)
{
    char path[CMD_PATH_ROOM];

    if (r > 0) {
        fprintf(stderr, "assay: %s: %s [offset %llu; %s]\n",
                cmd_path(job->files[fault->file].path, path), rule_text(fault->fault.rule),
                (unsigned long long)fault->fault.offset, rule_clause(fault->fault.rule));
    } else {
        fprintf(stderr, "assay: cannot import: %s\n", strerror(-r));
    }
    return 1;
}

static int
import(struct job *job)
{
    struct import_fault fault = {0};
    struct hasher *hasher = hasher_new();
    FILE *out = open_memstream(&job->text, &job->text_len);
    int r = hasher && out ? 0 : -ENOMEM;

    r = r == 0 ? job->kind->run(out, hasher, &job->ask, &fault) : r;
    r = out && fclose(out) != 0 && r == 0 ? -ENOMEM : r;
    hasher_freep(&hasher);
    return r == 0 ? 0 : say_why(job, r, &fault);
}

/* What is given away compiles, below a policy that asks for nothing. */
static int
check(const struct job *job)
{
    static const char base[] = "policy import {\n}\n";
    static struct policy_say say; /* large */
    struct bundle *bundle = malloc(sizeof(*bundle));
    struct policy_memory *memory = NULL;
    size_t len = job->text_len + sizeof(base) - 1;
    uint8_t *whole = malloc(len);
    int r = -ENOMEM;

    if (bundle && whole) {
        memcpy(whole, job->text, job->text_len);
        memcpy(whole + job->text_len, base, sizeof(base) - 1);
        r = policy_compile(bytes_of(whole, len), bundle, &memory, &say);
    }
    for (size_t i = 0; r > 0 && i < say.n; i++) {
        fprintf(stderr, "assay: line %u: %s\n", say.items[i].line, say.items[i].text);
    }
    if (r != 0) {
        fprintf(stderr, "assay: these files are more than a policy can say\n");
    }
    policy_memory_free(memory);
    free(bundle);
    free(whole);
    return r == 0 ? 0 : 1;
}

static int
write_text(const struct job *job)
{
    struct bytes text = bytes_of(job->text, job->text_len);
    int r;

    if (job->out) {
        r = file_replace(job->out, 0644, text);
    } else {
        r = fwrite(text.p, 1, text.len, stdout) == text.len && fflush(stdout) == 0 ? 0 : -EIO;
    }
    if (r < 0) {
        fprintf(stderr, "assay: cannot write %s: %s\n", job->out ? job->out : "the text",
                strerror(-r));
    }
    return r < 0 ? 1 : 0;
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    static struct job job; /* large */
    const struct flag flags[] = {
        {.name = "component", .ret_value = &job.ask.component},
        {.name = "kind", .ret_value = &job.kind_name},
        {.name = "name", .list = &job.names},
        {.name = "out", .ret_value = &job.out},
        {.name = "published", .list = &job.published},
        {.name = "release", .ret_value = &job.ask.release},
    };
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &job.paths);
    const char *problem = r == 0 ? problem_of(&job) : NULL;

    if (r != 0 || problem) {
        return r != 0 ? r : cmd_usage(self, problem);
    }
    r = read_files(&job);
    r = r == 0 ? import(&job) : r;
    r = r == 0 && job.kind->policy ? check(&job) : r;
    r = r == 0 ? write_text(&job) : r;
    job_done(&job);
    return r == 0 ? CMD_YES : CMD_NO;
}

const struct cmd cmd_policy_import = {
    .name = "policy import",
    .args = "--kind KIND [--name NAME]… [--published DATE]… [--component NAME --release VERSION]\n"
            "       [--out FILE] FILE…",
    .summary = "reference values of others as policy text",
    .help =
        "Prints sets and releases for a person to read, and to put beside the rules that name\n"
        "them. A comment says where each comes from, and what of the file no policy can say.\n"
        "The text compiles; nothing is taken of a file that is not of its form to the last "
        "byte.\n\n"
        "  --kind       dbx: updates of Secure Boot's revocation list as they are published, the\n"
        "               oldest first. Each becomes a baseline that the later ones meet, too; its\n"
        "               certificates are one of their own. Their signature is not verified.\n"
        "               pcrlock: files of systemd-pcrlock. Each becomes a release of the "
        "component\n"
        "               that it, or a variant's folder, is named by, with a part for each PCR:\n"
        "               @kernel-efi.pcr4.\n"
        "               keylime-boot: reference states of measured boot. Each becomes releases of "
        "fw\n"
        "               and os of its name, lists of keys, and baselines; what is a regular\n"
        "               expression there is told and left out.\n"
        "               keylime-runtime: runtime policies. No policy text but a list, a digest "
        "and\n"
        "               a path a line, in which nothing that keylime excludes is said.\n"
        "  --component  of pcrlock: all files are one release of it, of the version --release; "
        "parts have the\n"
        "               files' components in their names: @os.kernel-efi-pcr4\n"
        "  --name       what a file becomes, once for each; made of the file's name unless given\n"
        "  --published  the day from which `for 14d then fail` counts, once for each\n"
        "  --out        where to write; standard output unless given\n\n"
        "Exit status: 0 imported, 1 a file is not of its form, 2 usage.\n\n"
        "  assay policy import --kind dbx --name dbx/2021-04 --published 2021-04-29 "
        "dbxupdate_x64.bin\n",
    .run = run,
};
