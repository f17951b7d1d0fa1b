/* assay status */
#include <inttypes.h>
#include <stdio.h>

#include "cmd-control.h"
#include "table.h"
#include "when.h"

/* "2 pending, 10 fresh": what there is none of is left out. */
static void
counts_cell(struct said *said, struct table *table, json_t *devices)
{
    char text[TABLE_CELL_MAX] = "";
    size_t len = 0;
    const char *state;
    json_t *n;

    json_object_foreach(devices, state, n)
    {
        int64_t count = said_must_int(said, devices, state);

        if (count != 0 && len < sizeof(text)) {
            int more = snprintf(text + len, sizeof(text) - len, "%s%" PRId64 " %s",
                                len > 0 ? ", " : "", count, state);

            len += more > 0 ? (size_t)more : 0;
        }
    }
    table_cell(table, "%s", len > 0 ? text : "none");
}

/* A bundle that must not be used is an alarm: nobody is judged by another in its place. */
static void
policy_cell(struct said *said, struct table *table, const json_t *policy)
{
    const char *state = said_text(said, policy, "state");
    int64_t sequence = said_int(said, policy, "sequence", 0);

    if (strcmp(state, "broken") == 0 || strcmp(state, "expired") == 0) {
        table_cell(table, "ALARM: bundle %" PRId64 " %s, devices are refused: assay policy active",
                   sequence, state[0] == 'b' ? "must not be used" : "has expired");
    } else if (strcmp(state, "ready") == 0) {
        table_cell(table, "bundle %" PRId64, sequence);
    } else if (strcmp(state, "none") == 0) {
        table_cell(table, "none published");
    } else {
        table_cell(table, "%s", state[0] ? state : "-");
    }
}

static int
say_status(const json_t *answer)
{
    CLEANUP(table_freep) struct table *table = table_new(2);
    struct said said = {0};
    char age[WHEN_ROOM];

    table_cell(table, "site");
    table_cell(table, "%s", said_must_text(&said, answer, "site"));
    table_cell(table, "verifier");
    table_cell(table, "%s, up for %s", said_must_text(&said, answer, "version"),
               when_age(age, said_must_int(&said, answer, "uptime_s")));
    table_cell(table, "devices");
    counts_cell(&said, table, said_object(&said, answer, "devices"));
    table_cell(table, "policy");
    policy_cell(&said, table, said_object(&said, answer, "policy"));
    return said_wrong(&said) ? 1 : table_print(table, stdout);
}

static int
status_run(const struct cmd *self, int argc, char **argv)
{
    return ask_plain(self, argc, argv, "status", NULL, say_status);
}

const struct cmd cmd_status = {
    .name = "status",
    .args = ASK_ARGS,
    .summary = "whether the verifier is there, and how many devices it knows",
    .help = ASK_HELP "Example:\n"
                     "  $ assay status\n"
                     "  site      berlin.example\n"
                     "  verifier  0.1.0, up for 5 h\n"
                     "  devices   2 pending, 117 fresh, 1 failed\n"
                     "  policy    bundle 15\n\n"
                     "Exit status: 0 it is there, 1 it is not, 2 usage.\n",
    .run = status_run,
};
