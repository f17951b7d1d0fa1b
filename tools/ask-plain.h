/* Operator's subcommands that only ask and print what they are told. */
#pragma once

#include "ask-args.h"

/* A command without words of its own: asks `noun verb` (verb may be NULL), prints by ask_and_say().
 * Returns the exit code. */
int ask_plain(const struct cmd *self, int argc, char **argv, const char *noun, const char *verb,
              int (*say)(const json_t *answer));

/* A command about one device, whose id is its only word: asks `device verb ID`, likewise. */
int ask_plain_device(const struct cmd *self, int argc, char **argv, const char *verb,
                     int (*say)(const json_t *answer));
