/* assay golden learn, assay golden show: what a class takes for good. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd-control.h"
#include "cmd-policy.h"
#include "formats/evtype.h"
#include "rejudge/rejudge-open.h"
#include "table.h"

enum { DIGEST_SHOWN = 16, ID_ROOMS = FLAGS_WORDS_MAX };

struct golden {
    struct ask ask;
    struct flag_words devices;
    char rooms[ID_ROOMS][ASK_ID_ROOM];
    const char *class_name;
    bool yes;
    char confirm[sizeof("confirm=") + 64]; /* the word that admits what was shown */
};

static void
ref_row(struct said *said, struct table *table, const json_t *ref)
{
    char room[EVTYPE_NAME_MAX];
    char id[ASK_SHORT_ROOM];
    int64_t type = said_must_int(said, ref, "type");
    const char *device = said_text(said, ref, "device");

    table_cell(table, "%" PRId64, said_must_int(said, ref, "pcr"));
    table_cell(table, "%s",
               type >= 0 && type <= UINT32_MAX ? evtype_name((uint32_t)type, room) : "?");
    table_cell(table, "%.*s", DIGEST_SHOWN, said_must_text(said, ref, "digest"));
    table_cell(table, "%s%s%s", said_text(said, ref, "label"), device[0] ? "  from " : "",
               device[0] ? ask_short_id(id, device) : "");
}

static int
print_refs(struct said *said, json_t *refs)
{
    static const char *const heads[] = {"PCR", "TYPE", "DIGEST", "WHAT IT WAS"};
    CLEANUP(table_freep) struct table *table = table_new(ARRAY_LEN(heads));

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        table_cell(table, "%s", heads[i]);
    }
    for (size_t i = 0; i < json_array_size(refs); i++) {
        ref_row(said, table, said_item(said, refs, i, "refs"));
    }
    return said_wrong(said) ? 1 : json_array_size(refs) == 0 ? 0 : table_print(table, stdout);
}

static int
say_refs(const json_t *answer)
{
    struct said said = {0};
    const char *name = said_must_text(&said, answer, "class");
    int64_t version = said_must_int(&said, answer, "version");
    json_t *refs = said_must_list(&said, answer, "refs");

    if (print_refs(&said, refs) != 0) {
        return 1;
    }
    table_line(stdout, "class %s: golden values: %zu, version %" PRId64, name,
               json_array_size(refs), version);
    return 0;
}

static int
show_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    const char *class_name = NULL;
    const struct flag flags[] = {{.name = "class", .ret_value = &class_name}, ASK_FLAGS(&ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 0 || !class_name) {
        return cmd_usage(self, "--class is needed, and no other word");
    }
    ask_word(&ask, "golden");
    ask_word(&ask, "show");
    ask_word(&ask, class_name);
    return ask_and_say(&ask, say_refs);
}

static int
ask_learn(struct golden *g, bool confirm, json_t **ret_answer)
{
    struct ask ask = g->ask;

    ask_word(&ask, "golden");
    ask_word(&ask, "learn");
    ask_word(&ask, g->class_name);
    for (size_t i = 0; i < g->devices.n; i++) {
        ask_word(&ask, ask_id(g->rooms[i], g->devices.words[i]));
    }
    if (confirm) {
        ask_word(&ask, g->confirm);
    }
    return ask_keeper(&ask, ret_answer);
}

static void
say_judged(struct said *said, json_t *judged)
{
    char id[ASK_SHORT_ROOM];

    for (size_t i = 0; i < json_array_size(judged); i++) {
        const json_t *one = said_item(said, judged, i, "judged");

        table_line(stdout, "device %s is %s now", ask_short_id(id, said_must_text(said, one, "id")),
                   said_must_text(said, one, "tier"));
    }
}

/* Between the list and the yes a device may have brought another boot: then what was added is not
 * what was shown, and the operator must hear of it. */
static int
say_added(const json_t *answer, size_t n_shown)
{
    struct said said = {0};
    int64_t added = said_must_int(&said, answer, "added");
    int64_t version = said_must_int(&said, answer, "version");

    if (said_wrong(&said)) {
        return CMD_NO;
    }
    table_line(stdout, "added %" PRId64 ", version %" PRId64, added, version);
    say_judged(&said, said_list(&said, answer, "judged"));
    if (said_wrong(&said)) {
        return CMD_NO;
    }
    if (added != (int64_t)n_shown) {
        fprintf(stderr,
                "assay: %zu were shown but %" PRId64 " added: a device brought another boot in "
                "between; look at `assay golden show`\n",
                n_shown, added);
        return CMD_NO;
    }
    return CMD_YES;
}

static int
confirm(struct golden *g, size_t n_shown)
{
    json_t *answer = NULL;
    int code = ask_learn(g, true, &answer);

    if (code != CMD_YES) {
        return code;
    }
    if (g->ask.json) {
        return cmd_print_json(answer) == 0 ? CMD_YES : CMD_NO;
    }
    code = say_added(answer, n_shown);
    json_decref(answer);
    return code;
}

static int
say_proposal(struct golden *g, json_t *answer, size_t *ret_n)
{
    struct said said = {0};
    json_t *refs = said_must_list(&said, answer, "would_add");
    int64_t known = said_int(&said, answer, "known", 0);
    const char *proposal = said_text(&said, answer, "proposal");

    if (said_wrong(&said)) {
        return 1;
    }
    *ret_n = json_array_size(refs);
    if (proposal[0] != '\0') {
        snprintf(g->confirm, sizeof(g->confirm), "confirm=%.64s", proposal);
    }
    if (g->ask.json) {
        return cmd_print_json(json_incref(answer));
    }
    if (print_refs(&said, refs) != 0) {
        return 1;
    }
    table_line(stdout, "class %s: golden values: %zu new, %" PRId64 " known", g->class_name, *ret_n,
               known);
    return fflush(stdout);
}

static int
learn(struct golden *g)
{
    json_t *answer = NULL;
    size_t n = 0;
    int code;

    if (g->ask.json && g->yes) {
        return confirm(g, 0);
    }
    code = ask_learn(g, false, &answer);
    if (code != CMD_YES) {
        return code;
    }
    code = say_proposal(g, answer, &n) == 0 ? CMD_YES : CMD_NO;
    json_decref(answer);
    if (code != CMD_YES || n == 0) {
        return code;
    }
    return ask_agreed(&g->ask, g->yes,
                      "Every device of the class may boot these from now on. Add them?", "added")
               ? confirm(g, n)
               : CMD_NO;
}

static int
learn_run(const struct cmd *self, int argc, char **argv)
{
    struct golden g = {.confirm = "confirm"};
    struct rejudge_place place = {NULL, NULL};
    const char *out = NULL;
    const struct flag flags[] = {{.name = "class", .ret_value = &g.class_name},
                                 {.name = "from", .list = &g.devices},
                                 {.name = "out", .ret_value = &out},
                                 REJUDGE_PLACE_FLAGS(&place),
                                 {.name = "yes", .ret_set = &g.yes},
                                 ASK_FLAGS(&g.ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &g.devices);

    if (r != 0) {
        return r;
    }
    if (!g.class_name || g.devices.n == 0) {
        return cmd_usage(self, "--class and --from with one device at least are needed");
    }
    if (!out && (place.store || place.conf)) {
        return cmd_usage(self, "--store and --conf are for --out");
    }
    if (out && (g.yes || g.ask.socket)) {
        return cmd_usage(self, "--out writes a file and asks nobody: no --yes, no --socket");
    }
    return out ? cmd_policy_learn_from(self, g.class_name, &g.devices, &place, out, g.ask.json)
               : learn(&g);
}

const struct cmd cmd_golden_learn = {
    .name = "golden learn",
    .args = "--class CLASS --from ID… [--yes] " ASK_ARGS
            "\n       --class CLASS --from ID… --out FILE " REJUDGE_PLACE_ARGS " [--json]",
    .summary = "take the boots of named members as golden for their class",
    .help =
        "With --out it writes a policy to be read, edited, signed and published, which says for\n"
        "each slot what it rests on: as `assay policy learn --from`, which has more options. It\n"
        "is what a class of more than a few devices wants: docs/golden.md. Without it the boots\n"
        "are added to the class's reference events, which judge it while no policy names it:\n\n"
        "Reads the latest genuine evidence of the members that you name and shows which of their\n"
        "events the class does not know yet. On a terminal it then asks; --yes adds them without\n"
        "asking. Name only machines whose state you know: whatever they booted is good for all.\n"
        "With --json and without --yes it prints what it would add.\n\n" ASK_HELP
        "  --out     a file for the policy; the store is read for it, as root\n" REJUDGE_PLACE_HELP
        "\nExample:\n"
        "  $ assay golden learn --class laptops --from 3fa94c10 77d20b5e --out laptops.policy\n"
        "  $ assay golden learn --class laptops --from 3fa94c10 77d20b5e\n"
        "  PCR  TYPE                               DIGEST            WHAT IT WAS\n"
        "  4    EV_EFI_BOOT_SERVICES_APPLICATION   8d25a470c1b2e3f4  \\vmlinuz-6.12.57\n"
        "  class laptops: golden values: 1 new, 41 known\n"
        "  Every device of the class may boot these from now on. Add them? [y/N]\n\n"
        "Exit status: 0 added, or nothing to add; 1 not added; 2 usage. With --out 0 written, 1 "
        "no\n"
        "boot is kept or the policy refuses one of them, 2 usage, no such device, no such store.\n",
    .run = learn_run,
};

const struct cmd cmd_golden_show = {
    .name = "golden show",
    .args = "--class CLASS " ASK_ARGS,
    .summary = "what a class takes for good",
    .help = "One line a value: the PCR, the event's type, the beginning of its digest (whole with\n"
            "--json) and what it was when it was learned.\n\n" ASK_HELP "Example:\n"
            "  $ assay golden show --class laptops\n\n"
            "Exit status: 0 shown, 1 refused, 2 usage.\n",
    .run = show_run,
};
