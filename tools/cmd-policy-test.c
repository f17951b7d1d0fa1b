/* assay policy test: whose verdict would another bundle change? */
#include "cmd-policy.h"
#include "flags.h"
#include "rejudge/rejudge-run.h"

static const char *
problem_of(struct rejudge_run *run, const struct flag_words *words, const char *last)
{
    if (words->n != 2) {
        return "two bundles are wanted: OLD, which may be `active`, and NEW";
    }
    if (last && !rejudge_last(last, &run->last_s)) {
        return "--last takes days or hours: 7d, 12h";
    }
    run->words[REJUDGE_OLD] = words->words[0];
    run->words[REJUDGE_NEW] = words->words[1];
    return rejudge_place_problem(&run->place);
}

static int
run_test(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct rejudge_run run = {.say = {.out = stdout}};
    struct rejudge_tally tally;
    const char *last = NULL;
    const char *problem;
    const struct flag flags[] = {{.name = "last", .ret_value = &last},
                                 {.name = "class", .ret_value = &run.class_name},
                                 {.name = "json", .ret_set = &run.say.json},
                                 REJUDGE_PLACE_FLAGS(&run.place)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    problem = problem_of(&run, &words, last);
    if (problem) {
        return cmd_usage(self, problem);
    }
    return rejudge_run(&run, &tally) == 0 && tally.fails == 0 ? CMD_YES : CMD_NO;
}

const struct cmd cmd_policy_test = {
    .name = "policy test",
    .args = "OLD NEW " REJUDGE_PLACE_ARGS "\n"
            "       [--last 7d] [--class C] [--json]",
    .summary = "whose verdict would another bundle change?",
    .help =
        "Judges the evidence that the verifier keeps of each member by two bundles, and prints\n"
        "each device whose verdict changes: both tiers, and the rule, event and value that "
        "decide;\n"
        "then how many stay as they are, and who cannot be judged by what is kept, and why. OLD\n"
        "and NEW are text, compiled or signed; `active` is the bundle in the store, without which\n"
        "classes are judged by their reference events. Signatures are not looked at.\n\n"
        "The store is only read, beside a verifier that runs: as root, in a process of its own\n"
        "that can open nothing more. What no bundle decides (signature, order of boots) held when\n"
        "the evidence came, and is taken to hold; ages are as they were "
        "then.\n\n" REJUDGE_PLACE_HELP
        "  --last   only of devices whose evidence came within these days (d) or hours (h)\n"
        "  --class  only of this class\n"
        "  --json   one object: devices, counts\n\n"
        "Exit status: 0 none would lose its token, 1 some would or nothing could be judged, "
        "2 usage.\n\n"
        "  assay policy test active site.bundle\n"
        "  assay policy test v14.policy v15.policy --store monday.db --class laptops\n",
    .run = run_test,
};
