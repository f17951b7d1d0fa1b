/* assay policy report: what each rule says of the devices. */
#include "cmd-policy.h"
#include "flags.h"
#include "rejudge/rejudge-report.h"
#include "rejudge/rejudge-run.h"

static const char *
problem_of(struct rejudge_report *report, const struct flag_words *words, const char *last)
{
    if (words->n > 1) {
        return "at most one bundle is wanted";
    }
    if (last && !rejudge_last(last, &report->last_s)) {
        return "--last takes days or hours: 7d, 12h";
    }
    report->word = words->n == 1 ? words->words[0] : "active";
    return rejudge_place_problem(&report->place);
}

static int
run_report(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct rejudge_report report = {.out = stdout};
    const char *last = NULL;
    const char *problem;
    const struct flag flags[] = {{.name = "last", .ret_value = &last},
                                 {.name = "class", .ret_value = &report.class_name},
                                 {.name = "json", .ret_set = &report.json},
                                 REJUDGE_PLACE_FLAGS(&report.place)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    problem = problem_of(&report, &words, last);
    if (problem) {
        return cmd_usage(self, problem);
    }
    return rejudge_report_run(&report) == 0 ? CMD_YES : CMD_NO;
}

const struct cmd cmd_policy_report = {
    .name = "policy report",
    .args = "[BUNDLE] " REJUDGE_PLACE_ARGS "\n"
            "       [--last 7d] [--class C] [--json]",
    .summary = "how many devices does each rule pass, and how many would it refuse?",
    .help =
        "Judges the evidence that the verifier keeps of each member by one bundle, and counts for\n"
        "each rule how many devices pass it, and how many it notes, warns of and would refuse, "
        "with\n"
        "the code and one device of the gravest. What would fail counts in mode observe as it "
        "does\n"
        "in mode enforce: this is what to read before `mode enforce` is written. BUNDLE is text,\n"
        "compiled or signed; without it, or with `active`, the bundle in the store. `code 205`\n"
        "in the place of a rule: that many are refused by what no rule says, as events that no\n"
        "rule claims, an age, or the token's floor; also of classes that have no policy.\n\n"
        "The store is only read, as by `assay policy test`, which names each device whose verdict\n"
        "another bundle would change.\n\n" REJUDGE_PLACE_HELP
        "  --last   only of devices whose evidence came within these days (d) or hours (h)\n"
        "  --class  only of this class\n"
        "  --json   one object: policies with their rules, counts\n\n"
        "Example:\n"
        "  $ assay policy report --class servers\n"
        "  policy servers version 1 (observe): 12 devices, 1 would fail\n"
        "  RULE     SLOT         PASS  NOTE  WARN  FAIL  WHY\n"
        "  fw       firmware     11    0     0     1     301 FW_UNKNOWN  as 1f2c88b0\n\n"
        "Exit status: 0 no device would be refused, 1 one would or none could be judged, "
        "2 usage.\n",
    .run = run_report,
};
