/* assay device group: which groups devices are in, of few by name or of a fleet by file. */
#include <stdio.h>
#include <stdlib.h>

#include "base/name.h"
#include "cmd-control.h"
#include "inventory.h"
#include "table.h"

enum { FILE_MAX = 16 * 1024 * 1024, WORD_ROOM = 80 };

struct job {
    struct ask ask;
    bool dry_run;
    struct flag_words add;
    struct flag_words remove;
    size_t n_changed, n_kept, n_failed;
    json_t *devices; /* the keeper's answer for each that was changed, or would be */
};

/* Words of one question, with their sign; asks refer to them. */
struct signs {
    size_t n;
    char words[FLAGS_WORDS_MAX][WORD_ROOM];
};

static void
put_sign(struct signs *signs, char sign, struct bytes name)
{
    if (signs->n < FLAGS_WORDS_MAX) {
        snprintf(signs->words[signs->n++], WORD_ROOM, "%c%.*s", sign, (int)name.len,
                 (const char *)name.p);
    }
}

/* The words of --add and --remove. */
static void
signs_of_flags(const struct job *job, struct signs *ret)
{
    for (size_t i = 0; i < job->remove.n; i++) {
        put_sign(ret, '-', bytes_str(job->remove.words[i]));
    }
    for (size_t i = 0; i < job->add.n; i++) {
        put_sign(ret, '+', bytes_str(job->add.words[i]));
    }
}

/* A file's row says all groups of its device. */
static void
signs_of_row(const struct inventory_row *row, struct signs *ret)
{
    struct bytes left = row->groups;
    struct bytes name;

    put_sign(ret, '=', bytes_str(""));
    while (inventory_group(&left, &name)) {
        put_sign(ret, '+', name);
    }
}

static int
ask_change(const struct job *job, const char *id, const struct signs *signs, json_t **ret_answer)
{
    struct ask ask = {.socket = job->ask.socket};
    char room[ASK_ID_ROOM];

    ask_word(&ask, "device");
    ask_word(&ask, "group");
    ask_word(&ask, ask_id(room, id));
    for (size_t i = 0; i < signs->n; i++) {
        ask_word(&ask, signs->words[i]);
    }
    if (job->dry_run) {
        ask_word(&ask, "dry-run");
    }
    return ask_keeper(&ask, ret_answer);
}

/* " +a -b" of one list. */
static size_t
tell_names(struct said *said, char *out, size_t cap, char sign, const json_t *names)
{
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(names) && len < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, " %c%s", sign,
                                said_item_text(said, names, i, "groups"));
    }
    return len < cap ? len : cap - 1;
}

/* One line of the report, or one object of it. Returns 0, or 1 after a message on stderr. */
static int
report(struct job *job, json_t *answer)
{
    struct said said = {0};
    char id[ASK_SHORT_ROOM];
    char text[TABLE_CELL_MAX] = "";
    const char *full = said_must_text(&said, answer, "id");
    const json_t *added = said_must_list(&said, answer, "added");
    const json_t *removed = said_must_list(&said, answer, "removed");
    size_t len = tell_names(&said, text, sizeof(text), '-', removed);

    (void)tell_names(&said, text + len, sizeof(text) - len, '+', added);
    if (said_wrong(&said)) {
        return 1;
    }
    if (json_array_size(added) + json_array_size(removed) == 0) {
        job->n_kept++;
        return 0;
    }
    job->n_changed++;
    if (job->ask.json) {
        json_array_append(job->devices, answer);
    } else {
        table_line(stdout, "device %s%s%s", ask_short_id(id, full), job->dry_run ? " would be" : "",
                   text);
    }
    return 0;
}

/* What fails is named, and the others go on: each is a decision of its own. */
static void
change_or_tell(struct job *job, const char *id, const struct signs *signs, size_t line)
{
    json_t *answer = NULL;
    char where[32] = "";

    if (ask_change(job, id, signs, &answer) != CMD_YES || report(job, answer) != 0) {
        if (line > 0) {
            snprintf(where, sizeof(where), "line %zu: ", line);
        }
        table_line(stderr, "assay: %snot changed: %s", where, id);
        job->n_failed++;
    }
    json_decref(answer);
}

/* A row that says nothing of groups may be of a file that was meant for something else. */
static bool
all_say_groups(const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->n; i++) {
        if (!inventory->rows[i].has_groups) {
            fprintf(stderr, "assay: line %zu: it has no third column, of groups\n",
                    inventory->rows[i].line);
            return false;
        }
    }
    return true;
}

static int
change_file(struct job *job, const char *path)
{
    struct inventory inventory = {0};
    struct bytes file = BYTES_NULL;
    int code = CMD_NO;

    if (cmd_read_file(path, FILE_MAX, &file) != 0) {
        return CMD_NO;
    }
    if (inventory_read(file, &inventory) == 0 && all_say_groups(&inventory)) {
        code = CMD_YES;
        for (size_t i = 0; i < inventory.n; i++) {
            struct inventory_row *row = &inventory.rows[i];
            struct signs signs = {.n = 0};

            row->word[INVENTORY_FINGERPRINT] = '\0';
            signs_of_row(row, &signs);
            change_or_tell(job, row->word, &signs, row->line);
        }
    } else if (inventory.n_bad + inventory.n > 0) {
        fprintf(stderr, "assay: nothing was changed\n");
    }
    inventory_done(&inventory);
    free((void *)(uintptr_t)file.p);
    return code;
}

static int
finish(struct job *job)
{
    int code = job->n_failed == 0 ? CMD_YES : CMD_NO;

    if (!job->ask.json) {
        printf("%s %zu, as they were %zu, failed %zu\n", job->dry_run ? "would change" : "changed",
               job->n_changed, job->n_kept, job->n_failed);
        return code;
    }
    return cmd_print_json(json_pack("{s:b, s:I, s:I, s:I, s:O}", "dry_run", job->dry_run, "changed",
                                    (json_int_t)job->n_changed, "kept", (json_int_t)job->n_kept,
                                    "failed", (json_int_t)job->n_failed, "devices",
                                    job->devices)) == 0
               ? code
               : CMD_NO;
}

static int
change_many(struct job *job, const struct flag_words *ids, const char *path)
{
    struct signs signs = {.n = 0};
    int code = CMD_YES;

    job->devices = json_array();
    if (path) {
        code = change_file(job, path);
    }
    signs_of_flags(job, &signs);
    for (size_t i = 0; i < ids->n; i++) {
        change_or_tell(job, ids->words[i], &signs, 0);
    }
    code = code == CMD_YES ? finish(job) : code;
    json_decref(job->devices);
    return code;
}

static bool
names_good(const struct flag_words *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (!name_good(bytes_str(names->words[i]))) {
            return false;
        }
    }
    return true;
}

static int
group_run(const struct cmd *self, int argc, char **argv)
{
    struct job job = {0};
    struct flag_words words = {0};
    const char *path = NULL;
    const struct flag flags[] = {{.name = "add", .list = &job.add},
                                 {.name = "remove", .list = &job.remove},
                                 {.name = "file", .ret_value = &path},
                                 {.name = "dry-run", .ret_set = &job.dry_run},
                                 ASK_FLAGS(&job.ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);
    size_t n_changes = job.add.n + job.remove.n;

    if (r != 0) {
        return r;
    }
    if (path ? words.n + n_changes > 0 : words.n == 0 || n_changes == 0) {
        return cmd_usage(self, "devices and --add or --remove are needed, or --file alone");
    }
    if (n_changes > FLAGS_WORDS_MAX || !names_good(&job.add) || !names_good(&job.remove)) {
        return cmd_usage(self, "groups are named by " NAME_RULE ", 60 at most");
    }
    return change_many(&job, &words, path);
}

const struct cmd cmd_device_group = {
    .name = "device group",
    .args = "{ID… {--add GROUP | --remove GROUP}… | --file CSV} [--dry-run]\n       " ASK_ARGS,
    .summary = "put devices into groups, or take them out",
    .help =
        "A device is in 8 groups at most, and stands at one site: --add and --remove in one\n"
        "command take it from one to another. Where policies are for groups, it is judged by that\n"
        "of its groups from its next evidence on; a second one for it is refused here.\n\n"
        "CSV (- is standard input) has a line FINGERPRINT,CLASS,GROUPS for each device, as for\n"
        "`assay device import`; GROUPS are names with a blank between. The device is in these\n"
        "and in no others then; the class is not looked at. If a line is bad, it is named and\n"
        "nothing is changed.\n\n"
        "Each device that is changed is told, one that is so already is left alone, one that\n"
        "cannot be is named and the others go on: give the same list again. --dry-run changes\n"
        "nothing and tells what would.\n\n" ASK_HELP "Example:\n"
        "  $ assay device group 3fa94c10 77d20b5e --add pilots --remove berlin\n"
        "  device 3fa94c10 -berlin +pilots\n"
        "  changed 1, as they were 1, failed 0\n\n"
        "Exit status: 0 done, 1 not all, 2 usage.\n",
    .run = group_run,
};
