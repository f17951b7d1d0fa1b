/* assay appraise: what a policy says of a boot, from files and without the service. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bundle-file.h"
#include "explain-text.h"
#include "flags.h"
#include "offline.h"

struct options {
    const char *log, *userspace, *bundle, *key, *class_name;
    bool json, verbose;
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
run_bundle(const struct bundle_file *bundle, const struct options *options, uint64_t now_s)
{
    CLEANUP(free_p) struct offline *o = calloc(1, sizeof(*o));
    struct offline_ask ask = {.book = bundle->book, .now_s = now_s};
    int r = bundle_file_policy(bundle, options->class_name, &ask.policy);

    if (!o || r != 0) {
        return CMD_NO;
    }
    r = judge_log(o, &ask, options);
    if (r < 0) {
        fprintf(stderr, "assay appraise: %s\n", strerror(-r));
    }
    r = r == 0 ? tell(o, bundle, options) : CMD_NO;
    offline_done(o);
    return r;
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct options options = {0};
    const struct flag flags[] = {
        {.name = "log", .ret_value = &options.log},
        {.name = "userspace", .ret_value = &options.userspace},
        {.name = "bundle", .ret_value = &options.bundle},
        {.name = "key", .ret_value = &options.key},
        {.name = "class", .ret_value = &options.class_name},
        {.name = "json", .ret_set = &options.json},
        {.name = "verbose", .ret_set = &options.verbose},
    };
    uint64_t now_s = (uint64_t)(clock_utc_ms() / 1000);
    struct bundle_file bundle;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 0 || !options.log || !options.bundle) {
        return cmd_usage(self, "--log and --bundle are wanted");
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
    .args = "--log FILE [--userspace FILE] --bundle BUNDLE [--class C] [--key PUBLIC]\n"
            "       [--verbose] [--json]",
    .summary = "judge a boot by a policy, without the service",
    .help =
        "The judgement is the service's own: the first cause with its rule, event, what was\n"
        "measured and what would have passed, all else that was found with its effect, what the\n"
        "boot said of itself, and what cannot be checked here.\n\n"
        "  --log        a firmware event log, judged by policy alone: no quote vouches for it\n"
        "  --userspace  systemd's log of the same boot (tpm2-measure.log)\n"
        "  --bundle     as `assay policy compile` or `assay policy sign` writes it\n"
        "  --key        the bundle must be signed by this public key (PEM)\n"
        "  --class      whose policy judges; not needed where the bundle has one of any class\n"
        "  --verbose    every rule, with what it saw and would have let pass\n\n"
        "Rules that pin have nothing to compare with here: they pass, and are named.\n"
        "Exit status: 0 affirming or warning, 1 contraindicated, or the files cannot be read,\n"
        "2 usage.\n\n"
        "  assay appraise --log binary_bios_measurements --bundle site.bundle --class t14g3\n",
    .run = run,
};
