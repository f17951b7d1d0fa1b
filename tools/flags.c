#include "flags.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>

enum { FIRST = 256 }; /* above every character that getopt_long() returns of itself */

static int
add(const struct cmd *self, struct flag_words *list, const char *word)
{
    if (list->n == FLAGS_WORDS_MAX) {
        return cmd_usage(self, "at most 60 at a time");
    }
    list->words[list->n++] = word;
    return 0;
}

static int
take(const struct cmd *self, const struct flag *flag, const char *value)
{
    if (flag->ret_set) {
        *flag->ret_set = true;
    } else if (flag->ret_value) {
        *flag->ret_value = value ? value : flag->bare;
    } else {
        return add(self, flag->list, value);
    }
    return 0;
}

static int
refuse(const struct cmd *self, const char *word, bool known)
{
    char problem[128];

    snprintf(problem, sizeof(problem), "%s%s", word,
             known ? " needs a value, or takes none" : " is no option of this command");
    return cmd_usage(self, problem);
}

int
flags_read(const struct cmd *self, int argc, char **argv, const struct flag *flags, size_t n_flags,
           struct flag_words *ret_words)
{
    struct option options[FLAGS_MAX + 1] = {0};
    int c;

    assert(n_flags <= FLAGS_MAX);
    for (size_t i = 0; i < n_flags; i++) {
        int has = flags[i].ret_set ? no_argument
                  : flags[i].bare  ? optional_argument
                                   : required_argument;

        options[i] = (struct option){flags[i].name, has, NULL, FIRST + (int)i};
    }
    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (c < FIRST) {
            return refuse(self, argv[optind - 1], c == ':' || optopt >= FIRST);
        }
        if (take(self, &flags[c - FIRST], optarg) != 0) {
            return CMD_USAGE;
        }
    }
    for (int i = optind; i < argc; i++) {
        if (add(self, ret_words, argv[i]) != 0) {
            return CMD_USAGE;
        }
    }
    return 0;
}
