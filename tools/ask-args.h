/* Command lines of the operator's subcommands, and the names that stand in them. */
#pragma once

#include "ask.h"

/* Reads the options of a command that has no others than ASK_FLAGS, and n_words words. Returns 0,
 * or CMD_USAGE after a message. */
MUST_CHECK int ask_plain_args(const struct cmd *self, int argc, char **argv, struct ask *ask,
                              struct flag_words *ret_words, size_t n_words);

/* 64 hex digits: an EK fingerprint. */
bool ask_fingerprint_good(struct bytes text);

/* Digits only, 9 at most. */
bool ask_number_good(const char *text);

/* The 8 digits by which people call a device: those behind the UEID's type byte. The keeper takes
 * them as they are. "?" for what is no hex. */
#define ASK_SHORT_ROOM 9u
const char *ask_short_id(char room[ASK_SHORT_ROOM], const char *id);

/* An id or fingerprint as the keeper compares it, in lower case. Returns room, or id when that is
 * longer than any. */
#define ASK_ID_ROOM 72u
const char *ask_id(char room[ASK_ID_ROOM], const char *id);

/* The answer to "may I?" on a terminal; without one there is nobody to ask, and with `yes` no need
 * to. A no is told on stderr as "nothing was DONE". */
bool ask_agreed(const struct ask *ask, bool yes, const char *question, const char *done);
