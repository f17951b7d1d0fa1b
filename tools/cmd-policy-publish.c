/* assay policy publish, policy active */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "cmd-control.h"
#include "rejudge/rejudge-run.h"
#include "table.h"
#include "when.h"
#include "wire/bundle.h"

enum { WHY_ROOM = 1024 };
enum { SEALED_MAX = LIMIT_BUNDLE_BYTES + 4096 /* as the keeper takes it, store/store.h */ };

static const char *
end_text(char room[WHEN_ROOM], int64_t not_after_s)
{
    return not_after_s == 0 ? "for ever" : when_utc(room, not_after_s * 1000);
}

static int
say_published(const json_t *answer)
{
    struct said said = {0};
    bool fresh = said_yes(&said, answer, "published");
    int64_t sequence = said_must_int(&said, answer, "sequence");
    const char *digest = said_must_text(&said, answer, "digest");
    int64_t not_after_s = said_int(&said, answer, "not_after_s", 0);
    char room[WHEN_ROOM];

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout,
               fresh ? "bundle %" PRId64 " counts from now, until %s, sha256:%s"
                     : "bundle %" PRId64 " counted already, until %s, sha256:%s",
               sequence, end_text(room, not_after_s), digest);
    return 0;
}

struct publish {
    struct ask ask;
    struct rejudge_run run;
    struct rejudge_tally tally;
    bool untested;
    const char *accept;    /* --accept-failures, or NULL */
    const char *why;       /* --why, or NULL */
    char reason[WHY_ROOM]; /* both for the audit row */
    long accepted;
    char numbers[4][24]; /* words of the test */
    char old[65];
};

/* The whole fleet by both bundles. Says why not on stderr. */
static int
try_bundle(struct publish *publish)
{
    const struct rejudge_tally *tally = &publish->tally;
    int r;

    publish->run.words[REJUDGE_OLD] = "active";
    publish->run.sealed = publish->ask.file;
    publish->run.say = (struct rejudge_say){.out = stderr, .fails_only = true};
    r = rejudge_run(&publish->run, &publish->tally);
    if (r != 0) {
        fprintf(stderr, r == REJUDGE_NO_NAME
                            ? "assay: not published\n"
                            : "assay: the bundle could not be tried on kept evidence, so it is not "
                              "published; --untested publishes it all the same\n");
        return 1;
    }
    if (tally->judged == 0 && tally->members > 0) {
        fprintf(stderr, "assay: not published: of no device is there evidence to try it on; "
                        "--untested publishes it all the same\n");
        return 1;
    }
    if (tally->fails - tally->acknowledged > (uint64_t)publish->accepted) {
        fprintf(stderr,
                "assay: not published: these %" PRIu64 " devices would get no token any more",
                tally->fails);
        if (tally->acknowledged > 0) {
            fprintf(stderr, ", %" PRIu64 " of them by what was acknowledged", tally->acknowledged);
        }
        fprintf(stderr, "; --accept-failures %" PRIu64 " publishes it all the same\n",
                tally->fails - tally->acknowledged);
        return 1;
    }
    return 0;
}

/* What the keeper writes down of the test, and by which it knows that nothing came in between. */
static void
test_words(struct publish *publish)
{
    const struct rejudge_tally *tally = &publish->tally;
    const uint64_t numbers[] = {tally->judged, rejudge_not_judged(tally), tally->worse,
                                tally->fails};

    ask_word(&publish->ask,
             tally->has_old ? hex_write(publish->old, BYTES_OF(tally->old_digest)) : "none");
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        snprintf(publish->numbers[i], sizeof(publish->numbers[i]), "%" PRIu64, numbers[i]);
        ask_word(&publish->ask, publish->numbers[i]);
    }
}

/* What was acknowledged stands in the audit row before the reason; the keeper says how long both
 * may be. */
static const char *
reason(struct publish *publish)
{
    const char *rules = publish->run.acknowledged;

    if (!rules) {
        return publish->why;
    }
    snprintf(publish->reason, sizeof(publish->reason), "acknowledged %s%s%s", rules,
             publish->why ? ": " : "", publish->why ? publish->why : "");
    return publish->reason;
}

static int
publish_file(const char *path, struct publish *publish)
{
    struct ask *ask = &publish->ask;
    struct bytes in = BYTES_NULL;
    int code = CMD_NO;

    if (cmd_read_file(path, SEALED_MAX, &in) != 0) {
        return CMD_NO;
    }
    ask->has_file = true;
    ask->file = in;
    if (in.len > 0 && !bundle_is_signed(in)) {
        ask_complain("this is no signed bundle: assay policy compile, then assay policy sign");
    } else if (publish->untested || try_bundle(publish) == 0) {
        ask_word(ask, "policy");
        ask_word(ask, "publish");
        ask_word(ask, publish->untested ? "untested" : "tested");
        if (!publish->untested) {
            test_words(publish);
        }
        if (reason(publish)) {
            ask_word(ask, reason(publish));
        }
        code = ask_and_say(ask, say_published);
    }
    free((void *)(uintptr_t)in.p);
    return code;
}

static const char *
problem_of(struct publish *publish, const struct flag_words *words)
{
    const struct rejudge_place *place = &publish->run.place;
    const char *accept = publish->accept;

    if (words->n != 1) {
        return "one signed bundle is wanted";
    }
    if (publish->untested && (accept || publish->run.acknowledged || place->store || place->conf)) {
        return "--untested tries nothing: the other options are for the test";
    }
    if (accept) {
        size_t digits = strspn(accept, "0123456789");

        if (digits == 0 || digits > 9 || accept[digits] != '\0') {
            return "--accept-failures takes a number of devices";
        }
        publish->accepted = strtol(accept, NULL, 10);
    }
    return rejudge_place_problem(place);
}

static int
publish_run(const struct cmd *self, int argc, char **argv)
{
    static struct publish publish; /* large */
    struct flag_words words = {0};
    const struct flag flags[] = {{.name = "untested", .ret_set = &publish.untested},
                                 {.name = "accept-failures", .ret_value = &publish.accept},
                                 {.name = "acknowledge", .ret_value = &publish.run.acknowledged},
                                 {.name = "why", .ret_value = &publish.why},
                                 REJUDGE_PLACE_FLAGS(&publish.run.place),
                                 ASK_FLAGS(&publish.ask)};
    const char *problem;
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    problem = problem_of(&publish, &words);
    return problem ? cmd_usage(self, problem) : publish_file(words.words[0], &publish);
}

static void
classes_cell(struct said *said, struct table *table, json_t *classes, const char *group)
{
    char text[TABLE_CELL_MAX] = "";
    size_t n = json_array_size(classes);
    size_t len = 0;

    for (size_t i = 0; i < n && len < sizeof(text); i++) {
        int more = snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "",
                            said_item_text(said, classes, i, "classes"));

        len += more > 0 ? (size_t)more : 0;
    }
    table_cell(table, "%s%s%s", n > 0 ? text : "-", group[0] ? " group " : "", group);
}

static struct table *
policies_table(struct said *said, const json_t *answer)
{
    static const char *const heads[] = {"POLICY", "VERSION", "MODE", "RULES", "CLASSES"};
    struct table *table = table_new(ARRAY_LEN(heads));
    json_t *policies = said_must_list(said, answer, "policies");

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        table_cell(table, "%s", heads[i]);
    }
    for (size_t i = 0; i < json_array_size(policies); i++) {
        json_t *policy = said_item(said, policies, i, "policies");

        table_cell(table, "%s", said_must_text(said, policy, "name"));
        table_cell(table, "%" PRId64, said_must_int(said, policy, "version"));
        table_cell(table, "%s", said_must_text(said, policy, "mode"));
        table_cell(table, "%" PRId64, said_must_int(said, policy, "rules"));
        classes_cell(said, table, said_must_list(said, policy, "classes"),
                     said_text(said, policy, "group"));
    }
    return table;
}

static void
row(struct table *table, const char *name, const char *value)
{
    table_cell(table, "%s", name);
    table_cell(table, "%s", value);
}

static void
state_rows(struct said *said, struct table *table, const json_t *answer, const char *state)
{
    bool broken = strcmp(state, "broken") == 0;
    char room[WHEN_ROOM];

    table_cell(table, "bundle");
    table_cell(table, "%" PRId64 "%s", said_must_int(said, answer, "sequence"),
               broken                          ? ", BROKEN: it must not be used"
               : strcmp(state, "expired") == 0 ? ", EXPIRED"
                                               : "");
    if (broken) {
        table_cell(table, "why");
        table_cell(table, "%s [%s]", said_must_text(said, answer, "why"),
                   said_must_text(said, answer, "rule"));
    } else {
        row(table, "issued", when_utc(room, said_must_int(said, answer, "issued_s") * 1000));
        row(table, "until", end_text(room, said_must_int(said, answer, "not_after_s")));
        table_cell(table, "holds");
        table_cell(table, "%" PRId64 " sets, %" PRId64 " digests",
                   said_must_int(said, answer, "sets"), said_must_int(said, answer, "digests"));
    }
    row(table, "published", when_utc(room, said_must_int(said, answer, "loaded_ms")));
    row(table, "sha256", said_must_text(said, answer, "digest"));
}

static int
say_active(const json_t *answer, const char *state)
{
    CLEANUP(table_freep) struct table *table = table_new(2);
    CLEANUP(table_freep) struct table *policies = NULL;
    struct said said = {0};
    bool broken = strcmp(state, "broken") == 0;

    state_rows(&said, table, answer, state);
    policies = broken ? NULL : policies_table(&said, answer);
    if (said_wrong(&said) || table_print(table, stdout) != 0) {
        return 1;
    }
    if (broken) {
        return 0;
    }
    printf("\n");
    return table_print(policies, stdout);
}

/* What is wrong with a state, on stderr; 0 for the one that is right. */
static int
complain(const json_t *answer, const char *state)
{
    struct said said = {0};

    if (strcmp(state, "ready") == 0) {
        return 0;
    }
    if (strcmp(state, "none") == 0) {
        ask_complain(said_int(&said, answer, "keys", 0) > 0
                         ? "no bundle was ever published"
                         : "no bundle was ever published, and this site has no policy key: assay "
                           "key rotate policy");
    } else if (strcmp(state, "broken") == 0) {
        ask_complain("the bundle must not be used: sign it with a present policy key and a higher "
                     "sequence, and publish it");
    } else if (strcmp(state, "expired") == 0) {
        ask_complain("the bundle has expired: sign it with a higher sequence and a later end, and "
                     "publish it");
    } else {
        said.wrong = "state";
        (void)said_wrong(&said);
    }
    return 1;
}

static int
active_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    struct said said = {0};
    json_t *answer = NULL;
    const char *state;
    int wrong;
    int r = ask_plain_args(self, argc, argv, &ask, &words, 0);

    if (r != 0) {
        return r;
    }
    ask_word(&ask, "policy");
    ask_word(&ask, "active");
    r = ask_keeper(&ask, &answer);
    if (r != CMD_YES) {
        return r;
    }
    state = said_must_text(&said, answer, "state");
    wrong = said_wrong(&said) ? 1 : complain(answer, state);
    if (ask.json) {
        return cmd_print_json(answer) == 0 && !wrong ? CMD_YES : CMD_NO;
    }
    r = strcmp(state, "ready") == 0 || strcmp(state, "broken") == 0 || strcmp(state, "expired") == 0
            ? say_active(answer, state)
            : 1;
    json_decref(answer);
    return r == 0 && fflush(stdout) == 0 && !wrong ? CMD_YES : CMD_NO;
}

const struct cmd cmd_policy_publish = {
    .name = "policy publish",
    .args = "BUNDLE [--accept-failures N] [--acknowledge NAME,...]\n"
            "       " REJUDGE_PLACE_ARGS "\n"
            "       [--untested] [--why TEXT] " ASK_ARGS,
    .summary = "have the verifier judge by a signed bundle from now on",
    .help =
        "BUNDLE was signed by `assay policy sign` with a policy key of this site, and its\n"
        "sequence is higher than that of the bundle that counts. The verifier checks it as a\n"
        "whole, stores it and judges by it from its next turn; a backup of the store has it\n"
        "too. The same bundle once more is fine.\n\n"
        "Before, it is tried on the evidence that the verifier keeps, as `assay policy test\n"
        "active BUNDLE` does; where devices would get no token any more they are listed and\n"
        "nothing is published. The audit log has what the test said, or that there was none.\n"
        "\n"
        "  --accept-failures  publish though as many as N devices would get no token\n"
        "  --acknowledge      publish though devices would get none by these rules and by nothing\n"
        "                     else; what no rule refuses by is named as `code 801`\n"
        "  --untested         publish without a test\n"
        "  --why              the reason, for the audit log, which also names each release\n"
        "                     that has another state or other days now\n" REJUDGE_PLACE_HELP
            ASK_HELP "Example:\n"
        "  $ assay policy compile site.policy --out site.bundle\n"
        "  $ assay policy sign site.bundle --key policy.key --sequence 15\n"
        "  $ assay policy publish site.bundle\n\n"
        "Exit status: 0 it counts, 1 refused, 2 usage.\n",
    .run = publish_run,
};

const struct cmd cmd_policy_active = {
    .name = "policy active",
    .args = ASK_ARGS,
    .summary = "the bundle that the verifier judges by",
    .help = "BROKEN: the stored bundle is not signed by a present policy key, or is not what this\n"
            "verifier loads. EXPIRED: its end has passed. In both cases no other policy takes its\n"
            "place: sign one with a higher sequence and publish it.\n\n" ASK_HELP "Example:\n"
            "  $ assay policy active\n"
            "  bundle     15\n"
            "  issued     2026-11-27 21:02 UTC\n\n"
            "Exit status: 0 it is judged by, 1 there is none, BROKEN, EXPIRED or refused, 2 usage."
            "\n",
    .run = active_run,
};
