/* assay appraise: what a policy says of a boot, from files and without the service. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/ima-sets.h"
#include "base/clock.h"
#include "bundle-file.h"
#include "explain-text.h"
#include "flags.h"
#include "offline-quote.h"

struct options {
    const char *evidence, *site, *log, *userspace, *bundle, *key, *class_name, *sets;
    bool json, verbose;
    struct flag_words groups;
};

static json_t *
unchecked_json(const struct offline *o, const struct bundle_file *bundle)
{
    json_t *list = json_array();

    for (size_t i = 0; i < o->n_unchecked; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "what", o->unchecked[i].what, "why",
                                              o->unchecked[i].why));
    }
    if (!bundle->vouched) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "what", "bundle", "why",
                                              "nobody's signature on the policy was checked"));
    }
    return list;
}

/* The object of explain.h and what is around it; NULL when memory ends. */
static json_t *
explained(const struct offline *o, const struct bundle_file *bundle)
{
    CLEANUP(free_p) uint8_t *room = malloc(EXPLAIN_ROOM);
    struct json_wr j = json_wr_init(room, room ? EXPLAIN_ROOM : 0);
    struct explain explain = {
        .verdict = &o->verdict,
        .tier = offline_tier(o),
        .ask = o->judged ? &o->boot : NULL,
        .told = &o->told,
    };
    struct bytes text;
    json_t *root;

    json_wr_object(&j);
    explain_write(&j, &explain);
    json_wr_end_object(&j);
    text = json_wr_done(&j);
    root = text.p ? json_loadb((const char *)text.p, text.len, 0, NULL) : NULL;
    if (!root ||
        json_object_set_new(root, "bundle",
                            json_pack("{s:I, s:s}", "sequence",
                                      (json_int_t)(bundle->seal.sequence & INT64_MAX), "signature",
                                      bundle->signature)) != 0 ||
        json_object_set_new(root, "not_checked", unchecked_json(o, bundle)) != 0) {
        json_decref(root);
        return NULL;
    }
    return root;
}

static int
print_text(const json_t *root, const struct options *options)
{
    const json_t *unchecked = json_object_get(root, "not_checked");

    explain_text(stdout, root, options->verbose);
    for (size_t i = 0; i < json_array_size(unchecked); i++) {
        const json_t *one = json_array_get(unchecked, i);

        explain_text_line(stdout, "not checked", "%s: %s",
                          json_string_value(json_object_get(one, "what")),
                          json_string_value(json_object_get(one, "why")));
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

/* Prints the verdict; the exit status is its. */
static int
tell(const struct offline *o, const struct bundle_file *bundle, const struct options *options)
{
    enum tier tier = offline_tier(o);
    json_t *root = explained(o, bundle);
    int r;

    if (!root) {
        fprintf(stderr, "assay: no memory for what is to be told\n");
        return CMD_NO;
    }
    if (options->json) {
        r = cmd_print_json(root);
    } else {
        r = print_text(root, options);
        json_decref(root);
    }
    return r == 0 && (tier == TIER_AFFIRMING || tier == TIER_WARNING) ? CMD_YES : CMD_NO;
}

static int
judge_log(struct offline *o, const struct offline_ask *ask, const struct options *options)
{
    struct bytes firmware = BYTES_NULL;
    struct bytes userspace = BYTES_NULL;
    int r = cmd_read_file(options->log, LIMIT_LOG_BYTES, &firmware);

    if (r == 0 && options->userspace) {
        r = cmd_read_file(options->userspace, LIMIT_LOG_BYTES, &userspace);
    }
    r = r == 0 ? offline_log_judge(o, ask, firmware, userspace) : r;
    o->files[0] = firmware; /* the verdict has views into them */
    o->files[1] = userspace;
    return r;
}

static int
judge_support(struct offline *o, const struct offline_ask *ask, struct support *support,
              const struct options *options)
{
    struct fault fault = {0};
    int r = support_open(options->evidence, support, &fault);

    return r < 0 ? 1 : offline_quote_judge(o, ask, support, &fault);
}

/* Sets that are not at hand are named; rules that need them refuse. */
static int
open_sets(struct hasher *hasher, const struct bundle *bundle, const char *folder,
          struct ima_sets *ret)
{
    int r = hasher ? ima_sets_open(hasher, bundle, folder, ret) : -ENOMEM;

    if (r < 0) {
        fprintf(stderr, "assay appraise: %s\n", strerror(-r));
    } else if (ret->n_absent > 0) {
        const struct bundle_set *set = &bundle->sets[ret->absent];
        char name[IMA_SETS_NAME_ROOM];

        fprintf(stderr, "assay appraise: set %.*s (%s) is not at hand: %s\n", (int)set->name.len,
                (const char *)set->name.p, ima_sets_name(set->file, name), ret->why);
    }
    return r;
}

static int
run_sets(const struct bundle_file *bundle, const struct ima_sets *sets,
         const struct options *options, uint64_t now_s)
{
    CLEANUP(free_p) struct offline *o = calloc(1, sizeof(*o));
    struct offline_ask ask = {
        .book = bundle->book, .now_s = now_s, .files = sets->sets, .site = options->site};
    struct support support = {0};
    struct bytes groups[BUNDLE_FILE_GROUPS];
    int r;

    for (size_t i = 0; i < options->groups.n; i++) {
        groups[i] = bytes_str(options->groups.words[i]);
    }
    r = bundle_file_policy(bundle, options->class_name, groups, options->groups.n, &ask.policy);
    if (!o || r != 0) {
        return CMD_NO;
    }
    r = options->log ? judge_log(o, &ask, options) : judge_support(o, &ask, &support, options);
    if (r < 0) {
        fprintf(stderr, "assay appraise: %s\n", strerror(-r));
    }
    r = r == 0 ? tell(o, bundle, options) : CMD_NO;
    offline_done(o);
    support_done(&support);
    return r;
}

static int
run_bundle(const struct bundle_file *bundle, const struct options *options, uint64_t now_s)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(free_p) struct ima_sets *sets = calloc(1, sizeof(*sets));
    int r = sets ? open_sets(hasher, rulebook_bundle(bundle->book), options->sets, sets) : -ENOMEM;

    r = r == 0 ? run_sets(bundle, sets, options, now_s) : CMD_NO;
    if (sets) {
        ima_sets_done(sets);
    }
    return r;
}

/* NULL, or what is wrong with the command line. */
static const char *
problem_of(struct options *options, const struct flag_words *words)
{
    options->evidence = words->n > 0 ? words->words[0] : NULL;
    if (words->n > 1 || !options->bundle || !options->evidence == !options->log) {
        return "--bundle and either EVIDENCE or --log are wanted";
    }
    if (options->userspace && !options->log) {
        return "--userspace belongs to --log: EVIDENCE has its own";
    }
    if (options->site &&
        (!options->evidence || options->site[0] == '\0' || strlen(options->site) > LIMIT_SITE)) {
        return "--site is a site's name, and belongs to EVIDENCE";
    }
    if (options->groups.n > (options->class_name ? BUNDLE_FILE_GROUPS : 0)) {
        return "--group is beside --class, 8 times at most";
    }
    return NULL;
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct options options = {0};
    const struct flag flags[] = {
        {.name = "site", .ret_value = &options.site},
        {.name = "log", .ret_value = &options.log},
        {.name = "userspace", .ret_value = &options.userspace},
        {.name = "bundle", .ret_value = &options.bundle},
        {.name = "key", .ret_value = &options.key},
        {.name = "class", .ret_value = &options.class_name},
        {.name = "group", .list = &options.groups},
        {.name = "sets", .ret_value = &options.sets},
        {.name = "json", .ret_set = &options.json},
        {.name = "verbose", .ret_set = &options.verbose},
    };
    uint64_t now_s = (uint64_t)(clock_utc_ms() / 1000);
    struct bundle_file bundle;
    const char *problem;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    problem = problem_of(&options, &words);
    if (problem) {
        return cmd_usage(self, problem);
    }
    if (bundle_file_open(options.bundle, options.key, now_s, &bundle) != 0) {
        return CMD_NO;
    }
    r = run_bundle(&bundle, &options, now_s);
    bundle_file_done(&bundle);
    return r;
}

extern const struct cmd cmd_appraise;
const struct cmd cmd_appraise = {
    .name = "appraise",
    .args = "EVIDENCE | --log FILE [--userspace FILE]\n"
            "       --bundle BUNDLE [--class C [--group G]…] [--key PUBLIC] [--site SITE]\n"
            "       [--sets DIR] [--verbose] [--json]",
    .summary = "judge a boot by a policy, without the service",
    .help =
        "EVIDENCE is a support bundle as `assay-attestor --collect` writes it, or a folder with "
        "its\n"
        "files. Quote, logs and policy are judged by the service's own functions: the first cause\n"
        "with its rule, event, what was measured and what would have passed, all else that was\n"
        "found with its effect, what the boot said of itself, and what cannot be checked here:\n"
        "freshness, membership, whether the key is of a genuine TPM (`assay ek check`).\n\n"
        "  --log        a firmware event log, judged by policy alone: no quote vouches for it\n"
        "  --userspace  systemd's log of the same boot (tpm2-measure.log)\n"
        "  --bundle     as `assay policy compile` or `assay policy sign` writes it\n"
        "  --key        the bundle must be signed by this public key (PEM)\n"
        "  --class      whose policy judges; not needed where the bundle has one of any class\n"
        "  --group      that the device is in: a policy for it comes before that of the class\n"
        "  --site       that the quote must be for; without it, the one that info.json names\n"
        "  --sets       folder of the sets of files that the bundle names: HEX.set, as `assay ima "
        "set\n"
        "               make` writes them into it\n"
        "  --verbose    every rule, with what it saw and would have let pass\n\n"
        "Rules that pin have nothing to compare with here: they pass, and are named.\n"
        "Exit status: 0 affirming or warning, 1 contraindicated, or the files cannot be read,\n"
        "2 usage.\n\n"
        "  assay appraise support.tar --bundle site.bundle --class t14g3\n"
        "  assay appraise --log binary_bios_measurements --bundle site.bundle --class t14g3\n",
    .run = run,
};
