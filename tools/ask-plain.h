/* Operator's subcommands that only ask and print what they are told. */
#pragma once

#include "ask-args.h"

/* A command without words of its own: asks `noun verb` (verb may be NULL), prints by ask_and_say().
 * Returns the exit code. */
int ask_plain(const struct cmd *self, int argc, char **argv, const char *noun, const char *verb,
              int (*say)(const json_t *answer));

/* What a device was held to of its own and is no longer, when there was anything. */
void ask_unpinned_line(int64_t n);

/* A command about one device, whose id is its only word: asks `device verb ID`, likewise. */
int ask_plain_device(const struct cmd *self, int argc, char **argv, const char *verb,
                     int (*say)(const json_t *answer));
