/* assay golden suggest: what enough devices show alike and the policy does not know. */
#include <stdlib.h>

#include "cmd-policy.h"
#include "flags.h"
#include "suggest/suggest-run.h"

enum { NEED_MAX = 100000 };

/* A number of at least 1, or false. */
static bool
read_number(const char *text, uint32_t *ret)
{
    size_t digits = strspn(text, "0123456789");
    long n = digits > 0 && digits < 7 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;

    if (n < 1 || n > NEED_MAX) {
        return false;
    }
    *ret = (uint32_t)n;
    return true;
}

static const char *
problem_of(struct suggest_run *run, const struct flag_words *words, const char *devices,
           const char *sites)
{
    if (words->n != 0) {
        return "no word is wanted";
    }
    if (devices && !read_number(devices, &run->need)) {
        return "--devices takes a number from 1 to 100000";
    }
    if (sites && !read_number(sites, &run->need_sites)) {
        return "--sites takes a number from 1 to 100000";
    }
    if (run->text && (run->say.json || run->say.all)) {
        return "--text prints the release alone";
    }
    return rejudge_place_problem(&run->place);
}

static int
run_suggest(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    struct suggest_run run = {
        .need = SUGGEST_DEVICES, .need_sites = SUGGEST_SITES, .say = {.out = stdout}};
    const char *devices = NULL;
    const char *sites = NULL;
    const char *problem;
    const struct flag flags[] = {{.name = "class", .ret_value = &run.class_name},
                                 {.name = "devices", .ret_value = &devices},
                                 {.name = "sites", .ret_value = &sites},
                                 {.name = "text", .ret_value = &run.text},
                                 {.name = "all", .ret_set = &run.say.all},
                                 {.name = "json", .ret_set = &run.say.json},
                                 REJUDGE_PLACE_FLAGS(&run.place)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    problem = problem_of(&run, &words, devices, sites);
    if (problem) {
        return cmd_usage(self, problem);
    }
    return suggest_run(&run) == 0 ? CMD_YES : CMD_NO;
}

const struct cmd cmd_golden_suggest = {
    .name = "golden suggest",
    .args = "[--class C] [--devices N] [--sites M] [--all] [--text ID]\n       "
            "[--json] " REJUDGE_PLACE_ARGS,
    .summary = "what enough devices show alike and the policy does not know yet",
    .help =
        "Looks through the evidence that the verifier keeps for values that the policy in force\n"
        "does not know, and names those that at least N devices of one class show alike at M\n"
        "sites, as one release that could be staged: what it would admit, who shows it since\n"
        "when, and what the kept evidence says if it were active. Nothing is changed: a person\n"
        "stages and promotes.\n"
        "\n"
        "A device counts if the chain of its EK is verified and its TPM's maker makes hardware,\n"
        "if the inventory has it, and if nothing of higher trust than the value (firmware, keys\n"
        "and state of Secure Boot) differs from its last accepted log, and no revoked value and\n"
        "nothing that breaks the firmware's profile is in its log. Of a release that is staged as\n"
        "its vendor's (`source vendor …`) one such device is enough. A site is a group that was\n"
        "made with --site; where no device stands at one, all stand at the same. Labels are the\n"
        "devices'.\n\n"
        "The release has no svn: where a rule asks for a floor, write the one that is "
        "right.\n\n" REJUDGE_PLACE_HELP "  --class    only of this class\n"
        "  --devices  how many must show it; 5\n"
        "  --sites    at how many sites they must stand; 2\n"
        "  --all      values too that are not suggested, and why\n"
        "  --text     the release of suggestion ID as policy text, staged, and nothing else\n"
        "  --json     one object: suggestions, others, counts; of at most 100 devices the ids\n\n"
        "Example:\n"
        "  $ assay golden suggest --class servers\n"
        "  suggestion 5c1f09ab  class servers  os/servers/suggested-5c1f09ab\n"
        "  $ assay golden suggest --text 5c1f09ab >> site.policy\n\n"
        "Exit status: 0 done, 1 refused or no such suggestion, 2 usage.\n",
    .run = run_suggest,
};
