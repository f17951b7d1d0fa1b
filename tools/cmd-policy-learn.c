/* assay policy learn: boots that somebody trusts to a policy that a person then edits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "appraise/boot.h"
#include "base/file.h"
#include "cmd-policy.h"
#include "formats/tpm-selection.h"
#include "learn-from.h"
#include "policy/policy-compile.h"
#include "rejudge/rejudge-child.h"
#include "wire/bundle-part.h"

struct job {
    const struct cmd *self;
    const char *class_name, *name, *version, *bank, *pcrs, *out, *source;
    bool json;
    struct flag_words logs, userspace; /* with devices: logs are more of them */
    struct flag_words devices;
    struct rejudge_place place;
    struct learn_options options;
    int fd; /* where a child leaves the policy's text; -1: there is no child */

    struct hasher *hasher;
    size_t n;
    struct boot_file *boots[LEARN_BOOTS_MAX];
    char *text;
    size_t text_len;
    struct rulebook *book; /* of the text */
    struct boot_room *room;
    bool refused; /* what was learnt refuses a boot that it was learnt from */
    json_t *told; /* one object a boot */
};

static void
job_done(struct job *job)
{
    for (size_t i = 0; i < job->n; i++) {
        boot_file_free(job->boots[i]);
    }
    rulebook_free(job->book);
    boot_room_free(job->room);
    hasher_freep(&job->hasher);
    json_decref(job->told);
    free(job->text);
}

/* ---- what is asked ---- */

static bool
take_version(struct job *job)
{
    char *end = NULL;
    unsigned long version = job->version ? strtoul(job->version, &end, 10) : 1;

    job->options.version = (uint32_t)version;
    return version > 0 && version <= UINT32_MAX && (!end || *end == '\0');
}

static bool
take_pcrs(struct job *job)
{
    char text[160];
    struct tpm_selections selections;

    snprintf(text, sizeof(text), "sha256:%s", job->pcrs);
    if (strlen(job->pcrs) > sizeof(text) - 8 ||
        tpm_selections_text(bytes_str(text), &selections) != 0 || selections.n != 1) {
        return false;
    }
    job->options.pcrs = selections.bank[0].mask;
    return job->options.pcrs != 0 && job->options.pcrs <= 0xffff;
}

/* KIND:NAME; where is no source, none is taken. */
static bool
take_source(struct job *job)
{
    const char *colon = job->source ? strchr(job->source, ':') : NULL;
    struct learn_options *options = &job->options;

    if (!colon) {
        return !job->source;
    }
    options->source_kind = bytes_of(job->source, (size_t)(colon - job->source));
    options->source = bytes_str(colon + 1);
    return part_is_name(options->source_kind) && part_is_name(options->source);
}

static const char *
problem_of(struct job *job)
{
    job->name = job->name ? job->name : job->class_name;
    job->options.class_name = job->class_name;
    job->options.name = job->name;
    job->options.bank = job->bank ? hash_from_name(bytes_str(job->bank)) : HASH_N;
    if (!job->class_name || (job->logs.n == 0 && job->devices.n == 0)) {
        return "--class and at least one log, or --from with a device, are wanted";
    }
    if (job->devices.n == 0 && (job->place.store || job->place.conf)) {
        return "--store and --conf say where devices of --from are kept";
    }
    if (job->devices.n > 0 && job->devices.n + job->logs.n > FLAGS_WORDS_MAX) {
        return "one command learns from 60 devices at most";
    }
    if (job->devices.n > 0 && job->userspace.n > 0) {
        return "--userspace is of logs that are files; of a device the verifier keeps it";
    }
    if (!policy_learn_name(job->class_name) || !policy_learn_name(job->name)) {
        return "a class and a policy are named by at most 32 of A-Z a-z 0-9 . _ / : + ~ -";
    }
    if (job->userspace.n > 0 && job->userspace.n != job->logs.n) {
        return "--userspace is given for no log or for each, in their order";
    }
    if (job->bank && job->options.bank == HASH_N) {
        return "--bank is a hash such as sha256";
    }
    if (!take_source(job)) {
        return "--source is KIND:NAME, as in vendor:lenovo";
    }
    if (!take_version(job)) {
        return "--version is a number from 1 on";
    }
    return job->pcrs && !take_pcrs(job) ? "--pcrs is a list such as 0-9,14, none above 15" : NULL;
}

/* ---- boots ---- */

static bool
all_have(const struct job *job, enum hash bank)
{
    for (size_t i = 0; i < job->n; i++) {
        if (event_log_bank(&job->boots[i]->firmware.log, bank) ==
            job->boots[i]->firmware.log.n_banks) {
            return false;
        }
    }
    return true;
}

/* SHA-256 if all logs have it, else the first bank of the first log that all have. */
static void
choose_bank(struct job *job)
{
    const struct event_log *first = &job->boots[0]->firmware.log;

    if (job->options.bank != HASH_N) {
        return;
    }
    job->options.bank = HASH_SHA256;
    for (size_t i = 0; i < first->n_banks && !all_have(job, job->options.bank); i++) {
        job->options.bank = first->banks[i];
    }
}

static void
choose_pcrs(struct job *job)
{
    for (size_t i = 0; i < job->n && !job->pcrs; i++) {
        job->options.pcrs |= policy_learn_pcrs(&job->boots[i]->firmware.log);
        if (boot_file_userspace(job->boots[i])) {
            job->options.pcrs |= policy_learn_pcrs(boot_file_userspace(job->boots[i]));
        }
    }
}

/* from: devices' logs, NULL: files. */
static int
read_boots(struct job *job, struct learn_from *from)
{
    for (size_t i = 0; i < (from ? from->n : job->logs.n); i++) {
        const char *userspace = job->userspace.n > 0 ? job->userspace.words[i] : NULL;
        struct boot_file *boot = from ? learn_from_boot(from, i, job->hasher)
                                      : boot_file_new(job->hasher, job->logs.words[i], userspace);

        if (!boot) {
            return 1;
        }
        job->boots[job->n++] = boot;
    }
    return 0;
}

static int
place_boots(struct job *job)
{
    choose_bank(job);
    choose_pcrs(job);
    for (size_t i = 0; i < job->n; i++) {
        struct pcr_set quoted = {job->options.bank, job->options.pcrs};

        if (boot_file_place(job->boots[i], job->hasher, quoted) != 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- learning ---- */

static int
say_why(const struct job *job, int r, size_t boot)
{
    const char *path = job->boots[boot]->path;

    if (r == LEARN_E_BANK) {
        fprintf(stderr, "assay: %s has no %s bank, and another boot no other\n", path,
                hash_name(job->options.bank));
    } else if (r == LEARN_E_CODE) {
        fprintf(stderr,
                "assay: %s tells in these PCRs of no image, kernel or initrd: nothing to learn\n",
                path);
    } else {
        fprintf(stderr, "assay: cannot learn: no memory, or cannot hash\n");
    }
    return 1;
}

static int
learn(struct job *job)
{
    static struct learn_boot boots[LEARN_BOOTS_MAX];
    FILE *out = open_memstream(&job->text, &job->text_len);
    size_t boot = 0;
    int r = -1;

    for (size_t i = 0; i < job->n; i++) {
        boots[i] = (struct learn_boot){
            .log = &job->boots[i]->firmware.log,
            .userspace = boot_file_userspace(job->boots[i]),
            .map = &job->boots[i]->map,
            .facts = &job->boots[i]->facts,
        };
    }
    if (out) {
        r = policy_learn(out, job->hasher, &job->options, boots, job->n, &boot);
        r = fclose(out) == 0 ? r : -1;
    }
    return r == 0 ? 0 : say_why(job, r, boot);
}

/* What was learnt, as the service would load it. */
static int
load(struct job *job)
{
    static struct policy_say say; /* large */
    struct bundle *bundle = malloc(sizeof(*bundle));
    struct policy_memory *memory = NULL;
    uint8_t *room = malloc(LIMIT_BUNDLE_BYTES);
    struct wr wr = wr_init(room, room ? LIMIT_BUNDLE_BYTES : 0);
    int r = -1;

    if (bundle && room) {
        r = policy_compile(bytes_of(job->text, job->text_len), bundle, &memory, &say);
    }
    if (r == 0) {
        bundle_write(&wr, bundle);
        r = wr_done(&wr).p ? rulebook_new(wr_done(&wr), &job->book, NULL) : -1;
    }
    for (size_t i = 0; r > 0 && i < say.n; i++) {
        fprintf(stderr, "assay: line %u: %s\n", say.items[i].line, say.items[i].text);
    }
    if (r != 0) {
        fprintf(stderr, "assay: these boots are more than a policy can say\n");
    }
    policy_memory_free(memory);
    free(bundle);
    free(room);
    return r == 0 ? 0 : 1;
}

/* ---- what it says of its own boots ---- */

static json_t *
reasons_json(const struct verdict *verdict)
{
    static const char *const effects[] = {"fail", "warn", "note"};
    json_t *list = json_array();

    for (size_t i = 0; i < verdict->n_reasons; i++) {
        json_array_append_new(list, json_pack("{s:i, s:s, s:s}", "code", verdict->reasons[i],
                                              "name", reason_name(verdict->reasons[i]), "effect",
                                              effects[verdict->effects[i]]));
    }
    return list;
}

static void
tell(struct job *job, const struct boot_file *boot, const struct verdict *verdict)
{
    const char *tier = tier_name(verdict_tier(verdict));

    json_array_append_new(job->told,
                          json_pack("{s:o, s:s, s:o}", "log", cmd_text_json(bytes_str(boot->path)),
                                    "tier", tier, "reasons", reasons_json(verdict)));
    if (job->json) {
        return;
    }
    fprintf(stderr, "%s: %s", boot->path, tier);
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        fprintf(stderr, "%s %u %s", i > 0 ? "," : ":", verdict->reasons[i],
                reason_name(verdict->reasons[i]));
    }
    fprintf(stderr, "\n");
}

static int
judge(struct job *job, const struct boot_file *boot)
{
    struct boot_ask ask = {
        .book = job->book,
        .log = &boot->firmware.log,
        .userspace = boot_file_userspace(boot),
        .may_pin = true, /* and nothing of what was learnt has a date */
    };
    struct verdict verdict = {0};
    struct boot_told told;
    int r;

    /* there is no quote: what a policy does not judge is taken as good */
#define VERDICT_FIELD(name) verdict.name = CHECK_PASSED;
    VERDICT_CHECKS(VERDICT_FIELD)
#undef VERDICT_FIELD
    r = events_check(job->hasher, &boot->firmware.log, job->options.bank, &verdict);
    r = r == 0 ? boot_judge(job->room, job->hasher, &ask, &verdict, &told) : r;
    if (r != 0) {
        fprintf(stderr, "assay: cannot hash\n");
        return 1;
    }
    job->refused = job->refused || verdict_tier(&verdict) > TIER_WARNING;
    tell(job, boot, &verdict);
    return 0;
}

static int
judge_all(struct job *job)
{
    int r = 0;

    job->room = boot_room_new();
    job->told = json_array();
    for (size_t i = 0; job->room && r == 0 && i < job->n; i++) {
        r = judge(job, job->boots[i]);
    }
    return job->room ? r : 1;
}

/* Where the text goes to: a file, stdout, or as a child's to who began it. */
static int
put_text(const struct job *job, struct bytes text)
{
    if (job->fd >= 0) {
        ssize_t n = write(job->fd, text.p, text.len);

        return n < 0 ? -errno : (size_t)n == text.len ? 0 : -EIO;
    }
    if (job->out) {
        return file_replace(job->out, 0644, text);
    }
    return job->json || (fwrite(text.p, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
               ? 0
               : -EIO;
}

static int
say_unwritten(const struct job *job, int r)
{
    fprintf(stderr, "assay: cannot write %s: %s\n", job->out ? job->out : "the policy",
            strerror(-r));
    return 1;
}

static int
write_text(struct job *job)
{
    int r = put_text(job, bytes_of(job->text, job->text_len));

    if (r < 0) {
        return say_unwritten(job, r);
    }
    return job->json ? cmd_print_json(json_pack("{s:b, s:s, s:O}", "ok", !job->refused, "policy",
                                                job->text, "boots", job->told))
                     : 0;
}

/* ---- the whole ---- */

static int
make(struct job *job, struct learn_from *from)
{
    int r = read_boots(job, from);

    r = r == 0 ? place_boots(job) : r;
    r = r == 0 ? learn(job) : r;
    r = r == 0 ? load(job) : r;
    r = r == 0 ? judge_all(job) : r;
    r = r == 0 ? write_text(job) : r;
    return r == 0 && !job->refused ? CMD_YES : CMD_NO;
}

static int
from_files(struct job *job)
{
    int code;

    job->hasher = hasher_new();
    code = job->hasher ? make(job, NULL) : CMD_NO;
    job_done(job);
    return code;
}

/* In the child: what devices sent is read where nothing can be opened any more. */
static int
work(void *context, struct rejudge_tally *unused)
{
    static struct learn_from from; /* ends with the process */
    struct job *job = context;
    int r = learn_from_load(&job->place, job->class_name, &job->devices, &from);

    (void)unused;
    if (r != 0) {
        learn_from_done(&from);
        return r;
    }
    json_object_seed(0); /* reads a file */
    job->hasher = hasher_new();
    r = job->hasher ? rejudge_confine() : -ENOMEM;
    if (r < 0) {
        fprintf(stderr, "assay: %s\n", strerror(-r));
    }
    r = r == 0 ? make(job, &from) : CMD_NO;
    learn_from_done(&from);
    return r; /* the boots end with the process */
}

/* What the child left: the text as a whole, or nothing. */
static int
take_text(struct job *job, int fd)
{
    off_t len = lseek(fd, 0, SEEK_END);
    char *text = len > 0 ? malloc((size_t)len) : NULL;
    int r = len < 0 ? -errno : len > 0 && !text ? -ENOMEM : 0;

    job->fd = -1;
    if (text) {
        r = pread(fd, text, (size_t)len, 0) == len ? put_text(job, bytes_of(text, (size_t)len))
                                                   : -EIO;
    }
    free(text);
    return r < 0 ? say_unwritten(job, r) : 0;
}

static int
from_devices(struct job *job)
{
    struct rejudge_tally unused;
    int code, fd;

    for (size_t i = 0; i < job->logs.n; i++) {
        job->devices.words[job->devices.n++] = job->logs.words[i];
    }
    job->fd = memfd_create("policy", MFD_CLOEXEC);
    if (job->fd < 0) {
        fprintf(stderr, "assay: %s\n", strerror(errno));
        return CMD_NO;
    }
    fd = job->fd;
    code = rejudge_child(work, job, &unused);
    if (take_text(job, fd) != 0) {
        code = CMD_NO;
    }
    close(fd);
    return code;
}

static int
learn_run(struct job *job)
{
    const char *problem = problem_of(job);

    problem = problem ? problem : rejudge_place_problem(&job->place);
    if (problem) {
        return cmd_usage(job->self, problem);
    }
    return job->devices.n > 0 ? from_devices(job) : from_files(job);
}

int
cmd_policy_learn_from(const struct cmd *self, const char *class_name,
                      const struct flag_words *devices, const struct rejudge_place *place,
                      const char *out, bool json)
{
    struct job job = {.self = self,
                      .class_name = class_name,
                      .devices = *devices,
                      .place = *place,
                      .out = out,
                      .json = json,
                      .fd = -1};

    return learn_run(&job);
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct job job = {.self = self, .fd = -1};
    const struct flag flags[] = {
        {.name = "bank", .ret_value = &job.bank},
        {.name = "class", .ret_value = &job.class_name},
        {.name = "from", .list = &job.devices},
        {.name = "json", .ret_set = &job.json},
        {.name = "name", .ret_value = &job.name},
        {.name = "out", .ret_value = &job.out},
        {.name = "pcrs", .ret_value = &job.pcrs},
        {.name = "source", .ret_value = &job.source},
        {.name = "userspace", .list = &job.userspace},
        {.name = "version", .ret_value = &job.version},
        REJUDGE_PLACE_FLAGS(&job.place),
    };
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &job.logs);

    return r == 0 ? learn_run(&job) : r;
}

const struct cmd cmd_policy_learn = {
    .name = "policy learn",
    .args = "--class CLASS [--name NAME] [--version N] [--bank BANK] [--pcrs LIST]\n"
            "       [--source KIND:NAME] [--out FILE] [--json]\n"
            "       [--userspace FILE]… LOG… | --from ID… " REJUDGE_PLACE_ARGS,
    .summary = "make a policy of boots that are known to be good",
    .help =
        "Each LOG is a firmware event log as the kernel keeps it, of one boot of a machine that\n"
        "you trust; with --from it is the last genuine boot that the verifier keeps of a device,\n"
        "read as root in a process that can open nothing more. The policy allows what these\n"
        "boots did. What all have alike becomes sets and releases, what differs is pinned for "
        "each\n"
        "device or left open, and every rule says in a comment what it rests on. Read it before\n"
        "you sign it: a boot that was not good is allowed as well.\n\n"
        "  --class      the class of devices that the policy is for\n"
        "  --name       of the policy, its releases and sets; the class's unless given\n"
        "  --version    of the policy; 1\n"
        "  --bank       sha256 if all logs have it, else the first that all have\n"
        "  --pcrs       what shall be quoted; of PCR 0 to 15 those with events\n"
        "  --source     who vouches for the boots, told in their releases: vendor:lenovo for the\n"
        "               log that a maker publishes as its reference (TCG support RIM)\n"
        "  --userspace  systemd's log of a boot, tpm2-measure.log; once for each LOG, in order\n"
        "  --from       a member's id or fingerprint, or the beginning of it, 8 digits at least\n"
        "  --out        where to write; standard output unless given\n"
        "  --json       the policy and the verdicts as one value\n" REJUDGE_PLACE_HELP
        "\nstderr tells what the policy says of each of these boots. Exit status: 0 it lets them\n"
        "all pass, 1 it does not or nothing could be learnt, 2 usage, no such device, no such\n"
        "store.\n\n"
        "  assay policy learn --class laptops --out laptops.policy one.bin two.bin\n"
        "  assay policy learn --class laptops --out laptops.policy --from 3fa94c10 77d20b5e\n"
        "  assay policy check laptops.policy\n",
    .run = run,
};
