/* assay policy import: reference values of others as policy text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "bundle-file.h"
#include "cmd-policy.h"
#include "flags.h"
#include "import/import-told.h"
#include "import/import.h"
#include "policy/policy-compile.h"
#include "wire/bundle-part.h"

enum { FILE_MAX = 32 * 1024 * 1024 }; /* a runtime policy of keylime has 20 MiB */

static const struct kind {
    const char *name;
    bool policy;                        /* what is printed compiles */
    bool published, component, release; /* options that it takes */
    bool pair, key; /* --component and --release go together; it knows signatures */
    int (*run)(FILE *out, struct hasher *hasher, const struct import_ask *ask,
               struct import_fault *ret_fault);
} kinds[] = {
    {.name = "corim",
     .policy = true,
     .component = true,
     .release = true,
     .key = true,
     .run = import_corim},
    {.name = "dbx", .policy = true, .published = true, .run = import_dbx},
    {.name = "keylime-boot", .policy = true, .release = true, .run = import_keylime_boot},
    {.name = "keylime-runtime", .run = import_keylime_runtime},
    {.name = "keys", .policy = true, .published = true, .run = import_keys},
    {.name = "pcrlock",
     .policy = true,
     .component = true,
     .release = true,
     .pair = true,
     .run = import_pcrlock},
    {.name = "rim",
     .policy = true,
     .component = true,
     .release = true,
     .key = true,
     .run = import_rim},
};

_Static_assert(IMPORT_FILES_MAX >= FLAGS_WORDS_MAX, "each file that a command names has its place");

struct job {
    bool json;
    const char *kind_name, *out, *key;
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
    pubkey_freep(&job->ask.key);
    free(job->text);
}

/* ---- what is asked ---- */

static const char *
names_problem(const struct job *job)
{
    const struct import_ask *ask = &job->ask;

    if ((job->published.n > 0 && !job->kind->published) ||
        (ask->component && !job->kind->component) || (ask->release && !job->kind->release) ||
        ((job->key || ask->unverified) && !job->kind->key)) {
        return "this kind does not take all of these options";
    }
    if (job->key && ask->unverified) {
        return "--key or --unverified, not both";
    }
    if (job->kind->pair && !ask->component != !ask->release) {
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
        return "--kind is corim, dbx, keylime-boot, keylime-runtime, keys, pcrlock or rim";
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
    char record[32] = "";

    if (fault->fault.event != FAULT_NO_EVENT) {
        snprintf(record, sizeof(record), "record %u, ", fault->fault.event);
    }
    if (r > 0) {
        fprintf(stderr, "assay: %s: %s [%soffset %llu; %s]\n",
                cmd_path(job->files[fault->file].path, path), rule_text(fault->fault.rule), record,
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
write_json(const struct job *job)
{
    json_t *told = import_told(bytes_of(job->text, job->text_len));

    json_object_set_new(told, "kind", json_string(job->kind->name));
    if (!job->out) {
        json_object_set_new(told, "text", json_stringn(job->text, job->text_len));
    }
    return cmd_print_json(told) == 0 ? 0 : 1;
}

static int
write_text(const struct job *job)
{
    struct bytes text = bytes_of(job->text, job->text_len);
    int r = 0;

    if (job->out) {
        r = file_replace(job->out, 0644, text);
    } else if (!job->json) {
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
        {.name = "json", .ret_set = &job.json},
        {.name = "key", .ret_value = &job.key},
        {.name = "kind", .ret_value = &job.kind_name},
        {.name = "name", .list = &job.names},
        {.name = "out", .ret_value = &job.out},
        {.name = "published", .list = &job.published},
        {.name = "release", .ret_value = &job.ask.release},
        {.name = "unverified", .ret_set = &job.ask.unverified},
    };
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &job.paths);
    const char *problem = r == 0 ? problem_of(&job) : NULL;

    if (r != 0 || problem) {
        return r != 0 ? r : cmd_usage(self, problem);
    }
    job.ask.now_s = (uint64_t)(clock_utc_ms() / 1000);
    r = job.key ? bundle_file_key(job.key, &job.ask.key) : 0;
    r = r == 0 ? read_files(&job) : r;
    r = r == 0 ? import(&job) : r;
    r = r == 0 && job.kind->policy ? check(&job) : r;
    r = r == 0 ? write_text(&job) : r;
    r = r == 0 && job.json ? write_json(&job) : r;
    job_done(&job);
    return r == 0 ? CMD_YES : CMD_NO;
}

const struct cmd cmd_policy_import = {
    .name = "policy import",
    .args = "--kind KIND [--name NAME]… [--published DATE]… [--component NAME --release VERSION]\n"
            "       [--key PUBLIC | --unverified] [--out FILE] [--json] FILE…",
    .summary = "reference values of others as policy text",
    .help =
        "Prints sets and releases for a person to read, and to put beside the rules that name\n"
        "them. A comment says where each comes from, and what of the file no policy can say.\n"
        "The text compiles; nothing is taken of a file that is not of its form to the last "
        "byte.\n\n"
        "  --kind       corim: CoRIM files, unsigned or signed. Each reference triple of a CoMID "
        "tag\n"
        "               becomes a release of what it measures, named by model, layer and index, "
        "the\n"
        "               vendor and the version; files of a CoSWID tag become a set of digests. "
        "What\n"
        "               is of one machine alone, keys, endorsements and whole PCR values are told\n"
        "               and left out.\n"
        "               dbx: updates of Secure Boot's revocation list as they are published, the\n"
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
        "               keys: public keys and certificates, PEM or DER, that sign files. Each "
        "file\n"
        "               becomes a set for `signed` of an ima block. Only the key counts, not its\n"
        "               certificate's issuer or time.\n"
        "               rim: a TCG RIM bundle, the base RIM (XML) before the files that it lists.\n"
        "               Each must be given and fit size and hash; the support logs become a "
        "release\n"
        "               of fw, named by platform and firmware version, a variant a log.\n"
        "  --component  of corim and rim: all releases are of it; of pcrlock: all files are one "
        "release\n"
        "               of it, of the version --release, whose parts have the files' components\n"
        "               in their names: @os.kernel-efi-pcr4\n"
        "  --name       what a file becomes, once for each; made of the file's name unless given\n"
        "  --published  the day from which `for 14d then fail` counts, once for each\n"
        "  --key        of corim and rim: the signer's public key (PEM; P-256, of rim also RSA\n"
        "               and P-384); every CoRIM, or the base RIM, must be signed by it, and its\n"
        "               releases then have the source vendor; of our own profile the source\n"
        "               that they say (without a key never vendor)\n"
        "  --unverified of corim and rim: take a signed file without a key, as if it were not "
        "signed\n"
        "  --out        where to write; standard output unless given\n"
        "  --json       kind, releases, sets, digests (how many lines of a list), left_out, and "
        "the\n"
        "               text unless --out has it\n\n"
        "Exit status: 0 imported, 1 a file is not of its form or not signed by KEY, 2 usage.\n\n"
        "  assay policy import --kind rim --key maker.pub board.swidtag board.rimel\n"
        "  assay policy import --kind dbx --name dbx/2021-04 --published 2021-04-29 "
        "dbxupdate_x64.bin\n",
    .run = run,
};
