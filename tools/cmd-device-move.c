/* assay device move: one device, or many at once, into another class. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd-control.h"
#include "inventory.h"
#include "table.h"

enum { FILE_MAX = 16 * 1024 * 1024 };

struct job {
    struct ask ask;
    bool dry_run;
    size_t n_moved, n_kept, n_failed;
    json_t *devices; /* {id, from, to} of each that was moved, or would be */
};

static int
say_moved(const json_t *answer)
{
    char id[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, answer, "id");
    const char *state = said_must_text(&said, answer, "state");
    const char *class_name = said_must_text(&said, answer, "class");
    int64_t unpinned = said_int(&said, answer, "unpinned", 0);

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, "device %s is %s now, in the class %s", ask_short_id(id, full), state,
               class_name);
    ask_unpinned_line(unpinned);
    return 0;
}

/* device VERB ID [CLASS]; returns an exit code. */
static int
ask_about(const struct job *job, const char *verb, const char *id, const char *class_name,
          json_t **ret_answer)
{
    struct ask ask = {.socket = job->ask.socket};
    char room[ASK_ID_ROOM];

    ask_word(&ask, "device");
    ask_word(&ask, verb);
    ask_word(&ask, ask_id(room, id));
    if (class_name) {
        ask_word(&ask, class_name);
    }
    return ask_keeper(&ask, ret_answer);
}

/* One line of the report, or one object of it. Returns 0, or 1 after a message on stderr. */
static int
report(struct job *job, const json_t *device, const char *class_name)
{
    char id[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, device, "id");
    const char *from = said_text(&said, device, "class");

    if (said_wrong(&said)) {
        return 1;
    }
    if (job->ask.json) {
        json_array_append_new(job->devices,
                              json_pack("{s:o, s:o, s:o}", "id", cmd_text_json(bytes_str(full)),
                                        "from", cmd_text_json(bytes_str(from)), "to",
                                        cmd_text_json(bytes_str(class_name))));
    } else {
        table_line(stdout, "device %s %s from %s to %s", ask_short_id(id, full),
                   job->dry_run ? "would move" : "moved", from[0] ? from : "no class", class_name);
    }
    return 0;
}

/* A device that is in the class already is left alone, so that a list may be given again. Returns
 * an exit code. */
static int
move_one(struct job *job, const char *id, const char *class_name)
{
    json_t *device = NULL;
    json_t *answer = NULL;
    struct said said = {0};
    int code = ask_about(job, "show", id, NULL, &device);

    if (code != CMD_YES) {
        return code;
    }
    if (strcmp(said_text(&said, device, "class"), class_name) == 0) {
        job->n_kept++;
    } else {
        code = job->dry_run ? CMD_YES : ask_about(job, "move", id, class_name, &answer);
        if (code == CMD_YES) {
            code = report(job, device, class_name) == 0 ? CMD_YES : CMD_NO;
        }
        job->n_moved += code == CMD_YES;
    }
    json_decref(answer);
    json_decref(device);
    return code;
}

/* What fails is named, and the others are moved: each is a decision of its own. */
static void
move_or_tell(struct job *job, const char *id, const char *class_name, size_t line)
{
    char where[32] = "";

    if (move_one(job, id, class_name) == CMD_YES) {
        return;
    }
    if (line > 0) {
        snprintf(where, sizeof(where), "line %zu: ", line);
    }
    table_line(stderr, "assay: %snot moved: %s", where, id);
    job->n_failed++;
}

static int
move_file(struct job *job, const char *path)
{
    struct inventory inventory = {0};
    struct bytes file = BYTES_NULL;
    int code = CMD_NO;

    if (cmd_read_file(path, FILE_MAX, &file) != 0) {
        return CMD_NO;
    }
    if (inventory_read(file, &inventory) == 0) {
        code = CMD_YES;
        for (size_t i = 0; i < inventory.n; i++) {
            char *word = inventory.rows[i].word; /* fingerprint, comma, class */

            word[INVENTORY_FINGERPRINT] = '\0';
            move_or_tell(job, word, word + INVENTORY_FINGERPRINT + 1, inventory.rows[i].line);
        }
    } else if (inventory.n_bad > 0) {
        fprintf(stderr, "assay: nothing was moved\n");
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
        printf("%s %zu, already there %zu, failed %zu\n", job->dry_run ? "would move" : "moved",
               job->n_moved, job->n_kept, job->n_failed);
        return code;
    }
    return cmd_print_json(json_pack("{s:b, s:I, s:I, s:I, s:O}", "dry_run", job->dry_run, "moved",
                                    (json_int_t)job->n_moved, "kept", (json_int_t)job->n_kept,
                                    "failed", (json_int_t)job->n_failed, "devices",
                                    job->devices)) == 0
               ? code
               : CMD_NO;
}

static int
move_many(struct job *job, const struct flag_words *ids, const char *class_name, const char *path)
{
    int code = CMD_YES;

    job->devices = json_array();
    if (path) {
        code = move_file(job, path);
    }
    for (size_t i = 0; i < ids->n; i++) {
        move_or_tell(job, ids->words[i], class_name, 0);
    }
    code = code == CMD_YES ? finish(job) : code;
    json_decref(job->devices);
    return code;
}

static int
move_run(const struct cmd *self, int argc, char **argv)
{
    struct job job = {0};
    struct flag_words words = {0};
    const char *class_name = NULL;
    const char *path = NULL;
    char room[ASK_ID_ROOM];
    const struct flag flags[] = {{.name = "class", .ret_value = &class_name},
                                 {.name = "file", .ret_value = &path},
                                 {.name = "dry-run", .ret_set = &job.dry_run},
                                 ASK_FLAGS(&job.ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (path ? words.n > 0 || class_name : words.n == 0 || !class_name) {
        return cmd_usage(self, "devices and --class are needed, or --file alone");
    }
    if (path || words.n > 1 || job.dry_run) {
        return move_many(&job, &words, class_name, path);
    }
    ask_word(&job.ask, "device");
    ask_word(&job.ask, "move");
    ask_word(&job.ask, ask_id(room, words.words[0]));
    ask_word(&job.ask, class_name);
    return ask_and_say(&job.ask, say_moved);
}

const struct cmd cmd_device_move = {
    .name = "device move",
    .args = "{ID… --class CLASS | --file CSV} [--dry-run]\n       " ASK_ARGS,
    .summary = "make members of one class members of another",
    .help =
        "For a machine that has another use or other hardware now. It is provisional until its\n"
        "next accepted evidence, which the new class judges; what was pinned for it is dropped,\n"
        "and that evidence pinned. A quarantined device stays quarantined.\n\n"
        "CSV (- is standard input) has a line FINGERPRINT,CLASS for each device, as for `assay\n"
        "device import`; if a line is bad, it is named and nothing is moved. Of many devices each\n"
        "that is moved is told, one that is in the class already is left alone, one that cannot\n"
        "be moved is named and the others go on: give the same list again. --dry-run changes\n"
        "nothing and tells what would.\n\n" ASK_HELP "Example:\n"
        "  $ assay device move 3fa94c10 --class servers\n"
        "  device 3fa94c10 is provisional now, in the class servers\n"
        "  pinned values dropped: 7\n"
        "  $ assay device move --file devices.csv --dry-run\n"
        "  device 3fa94c10 would move from laptops to servers\n"
        "  would move 1, already there 127, failed 0\n\n"
        "Exit status: 0 done, 1 not all, 2 usage.\n",
    .run = move_run,
};
