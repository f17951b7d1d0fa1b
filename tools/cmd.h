/* The CLI's subcommands: one table in assay.c, one file a noun (cmd-log.c: `assay log …`). */
#pragma once

#include <jansson.h>

#include "base/fault.h"

/* Exit codes of every subcommand. No outside byte ever gives CMD_USAGE (but `device explain`, whose
 * 1 is a verdict: what broke is 2) or a signal. */
enum { CMD_YES = 0, CMD_NO = 1, CMD_USAGE = 2 };

struct cmd {
    const char *name;    /* "log show" */
    const char *args;    /* "FILE [--json]" */
    const char *summary; /* one line, no full stop */
    const char *help;    /* what it prints, what the exit codes mean, an example */
    int (*run)(const struct cmd *self, int argc,
               char **argv); /* argv[0] is the last word of name */
};

/* Prints usage to stderr and returns CMD_USAGE; `problem` may be NULL. */
int cmd_usage(const struct cmd *self, const char *problem);

/* A path for a message: names of files are anybody's bytes. Returns room. */
#define CMD_PATH_ROOM 1024u
const char *cmd_path(const char *path, char room[CMD_PATH_ROOM]);

/* Reads a whole file of at most `limit` bytes ("-" is standard input); files that report size 0, as
 * securityfs does, are read to their end. Returns 0 and *ret (free with free()), or 1 after a
 * message on stderr. */
MUST_CHECK int cmd_read_file(const char *path, size_t limit, struct bytes *ret);

/* Prints one JSON value with a newline and takes it. Returns 0, or 1 when standard output fails. */
int cmd_print_json(json_t *take_value);

/* {code, rule, clause, text, event, offset}: event is null when the fault names none. */
json_t *cmd_fault_json(const struct fault *fault);

/* "LOG_PARSE (202), evlog-short: the log ends inside an event [event 3, offset 99; clause]" */
void cmd_fault_print(const struct fault *fault);

/* A JSON string of outside bytes, escaped (base/text.h). */
json_t *cmd_text_json(struct bytes in);

/* Lower-case hex as a JSON string. */
json_t *cmd_hex_json(struct bytes in);

extern const struct cmd *const cmd_table[];
