/* The operator's end of the verifier's control socket (roles/control-wire.h): one connection, one
 * command, one answer. */
#pragma once

#include "flags.h"
#include "roles/control-wire.h"
#include "said.h"

#define ASK_SOCKET "/run/assay/control.sock" /* unless --socket or ASSAY_SOCKET says another */
#define ASK_WAIT_S 60 /* a keeper that judges a class again takes seconds, not a minute */

struct ask {
    const char *socket; /* NULL: as above */
    bool json;
    struct control_words words; /* borrowed */
    bool has_file;
    struct bytes file; /* borrowed; goes up before the words (MSG_CONTROL_FILE) */
};

/* The options that every command of the operator takes, as rows of its table of flags. */
#define ASK_FLAGS(ask)                                \
    {.name = "json", .ret_set = &(ask)->json},        \
    {                                                 \
        .name = "socket", .ret_value = &(ask)->socket \
    }
#define ASK_ARGS "[--json] [--socket PATH]"
#define ASK_HELP                                                           \
    "  --json    the verifier's answer as JSON\n"                          \
    "  --socket  the verifier's control socket, else ASSAY_SOCKET, else\n" \
    "            " ASK_SOCKET "\n\n"

void ask_word(struct ask *ask, const char *word);

/* Sends the words. Returns CMD_YES with an object that the caller frees by json_decref(), or
 * CMD_NO or CMD_USAGE after a message on stderr (with `json` a keeper's refusal stands on stdout
 * too). */
MUST_CHECK int ask_keeper(const struct ask *ask, json_t **ret_answer);

/* Asks and prints: the answer itself with `json`, else what say() makes of it. say() returns 0, or
 * not 0 after a message on stderr. Returns an exit code. */
int ask_and_say(const struct ask *ask, int (*say)(const json_t *answer));

/* A message of the keeper's making, escaped, to stderr. */
void ask_complain(const char *text);
