/* Options of one subcommand, as a table: where each value goes. */
#pragma once

#include "cmd.h"

#define FLAGS_MAX 12u
#define FLAGS_WORDS_MAX 60u /* what one command to the keeper can carry beside its own words */

struct flag_words {
    size_t n;
    const char *words[FLAGS_WORDS_MAX]; /* borrowed from argv */
};

/* One of the three targets is set. */
struct flag {
    const char *name;        /* without the dashes */
    bool *ret_set;           /* takes no value */
    const char **ret_value;  /* takes one; the last wins */
    struct flag_words *list; /* takes one each time it is given */
    const char *bare; /* for ret_value: what it means without a value, as in --name[=VALUE] */
};

/* Reads argv; what is no option goes to ret_words (which may be a flag's list too). Returns 0, or
 * CMD_USAGE after a message. */
MUST_CHECK int flags_read(const struct cmd *self, int argc, char **argv, const struct flag *flags,
                          size_t n_flags, struct flag_words *ret_words);
