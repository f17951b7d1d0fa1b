#include "ask-plain.h"

#include <inttypes.h>

#include "table.h"

int
ask_plain(const struct cmd *self, int argc, char **argv, const char *noun, const char *verb,
          int (*say)(const json_t *answer))
{
    struct ask ask = {0};
    struct flag_words words = {0};
    int r = ask_plain_args(self, argc, argv, &ask, &words, 0);

    if (r != 0) {
        return r;
    }
    ask_word(&ask, noun);
    if (verb) {
        ask_word(&ask, verb);
    }
    return ask_and_say(&ask, say);
}

int
ask_plain_device(const struct cmd *self, int argc, char **argv, const char *verb,
                 int (*say)(const json_t *answer))
{
    struct ask ask = {0};
    struct flag_words words = {0};
    char room[ASK_ID_ROOM];
    int r = ask_plain_args(self, argc, argv, &ask, &words, 1);

    if (r != 0) {
        return r;
    }
    ask_word(&ask, "device");
    ask_word(&ask, verb);
    ask_word(&ask, ask_id(room, words.words[0]));
    return ask_and_say(&ask, say);
}

void
ask_unpinned_line(int64_t n)
{
    if (n > 0) {
        table_line(stdout, "pinned values dropped: %" PRId64, n);
    }
}
