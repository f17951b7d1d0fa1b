/* assay store backup */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/name.h"
#include "cmd-control.h"

enum { TURN_MS = 100 };

/* The keeper copies between its turns; ending this command does not end that. */
static int
wait_for(const struct ask *from, json_t **answer)
{
    const struct timespec turn = {0, TURN_MS * 1000000L};
    struct said said = {0};
    int code = CMD_YES;

    while (code == CMD_YES && strcmp(said_must_text(&said, *answer, "state"), "running") == 0) {
        struct ask ask = {.socket = from->socket};

        json_decref(*answer);
        *answer = NULL;
        nanosleep(&turn, NULL);
        ask_word(&ask, "store");
        ask_word(&ask, "state");
        code = ask_keeper(&ask, answer);
    }
    return said_wrong(&said) ? CMD_NO : code;
}

static int
say(const struct ask *ask, json_t *answer)
{
    struct said said = {0};
    const char *path = said_must_text(&said, answer, "path");
    bool done = strcmp(said_must_text(&said, answer, "state"), "done") == 0;

    if (said_wrong(&said)) {
        return CMD_NO;
    }
    if (ask->json) {
        return cmd_print_json(json_incref(answer)) == 0 && done ? CMD_YES : CMD_NO;
    }
    if (!done) {
        ask_complain(said_text(&said, answer, "why"));
        return CMD_NO;
    }
    printf("%s\n", path);
    return CMD_YES;
}

static int
backup_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    json_t *answer = NULL;
    int code = ask_plain_args(self, argc, argv, &ask, &words, 1);

    if (code != 0) {
        return code;
    }
    if (!name_good(bytes_str(words.words[0]))) {
        return cmd_usage(self, "a name is needed, no path: " NAME_RULE);
    }
    ask_word(&ask, "store");
    ask_word(&ask, "backup");
    ask_word(&ask, words.words[0]);
    code = ask_keeper(&ask, &answer);
    if (code == CMD_YES) {
        code = wait_for(&ask, &answer);
    }
    if (code == CMD_YES) {
        code = say(&ask, answer);
    }
    json_decref(answer);
    return code;
}

const struct cmd cmd_store_backup = {
    .name = "store backup",
    .args = "NAME " ASK_ARGS,
    .summary = "a copy of the store while the service runs",
    .help =
        "The verifier makes it, in the folder `backups` beside its store, mode 0600, and never\n"
        "over a file that is there; devices are answered meanwhile. Prints where it is.\n\n"
        "To restore one: stop the verifier; move verifier.db, verifier.db-wal and\n"
        "verifier.db-shm away; copy the backup to verifier.db, with its owner; move\n"
        "verifier.db.head away too, as the backup lacks the rows since, and keep it; start.\n"
        "What was attested since is attested again; what operators said since is forgotten,\n"
        "a policy bundle too (publish the last one again), and so are challenges that were\n"
        "used: a verdict of the last minutes may be given twice.\n\n" ASK_HELP "Example:\n"
        "  $ assay store backup monday.db\n"
        "  /var/lib/assay/store/backups/monday.db\n\n"
        "Exit status: 0 made, 1 not, 2 usage.\n",
    .run = backup_run,
};
