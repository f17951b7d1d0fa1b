#include "ask-args.h"

#include <stdio.h>
#include <unistd.h>

#define HEX "0123456789abcdef"

enum { FINGERPRINT_DIGITS = 64, NUMBER_DIGITS = 9 };

static bool
all_of(struct bytes text, const char *set)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == 0 || !strchr(set, text.p[i])) {
            return false;
        }
    }
    return text.len > 0;
}

bool
ask_fingerprint_good(struct bytes text)
{
    return text.len == FINGERPRINT_DIGITS && all_of(text, HEX "ABCDEF");
}

bool
ask_number_good(const char *text)
{
    return strlen(text) <= NUMBER_DIGITS && all_of(bytes_str(text), "0123456789");
}

const char *
ask_short_id(char room[ASK_SHORT_ROOM], const char *id)
{
    struct bytes text = bytes_str(id);
    bool hex = all_of(text, HEX);

    if (!hex || text.len < 2 + ASK_SHORT_ROOM - 1) {
        snprintf(room, ASK_SHORT_ROOM, "%s", hex ? id : "?");
    } else {
        snprintf(room, ASK_SHORT_ROOM, "%s", id + 2);
    }
    return room;
}

const char *
ask_id(char room[ASK_ID_ROOM], const char *id)
{
    size_t len = strlen(id);

    if (len >= ASK_ID_ROOM) {
        return id;
    }
    for (size_t i = 0; i <= len; i++) {
        room[i] = (char)(id[i] >= 'A' && id[i] <= 'Z' ? id[i] - 'A' + 'a' : id[i]);
    }
    return room;
}

int
ask_plain_args(const struct cmd *self, int argc, char **argv, struct ask *ask,
               struct flag_words *ret_words, size_t n_words)
{
    const struct flag flags[] = {ASK_FLAGS(ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), ret_words);

    if (r == 0 && ret_words->n != n_words) {
        r = cmd_usage(self, ret_words->n < n_words ? "something is missing" : "one word too many");
    }
    return r;
}

bool
ask_agreed(const struct ask *ask, bool yes, const char *question, const char *done)
{
    char answer[16] = "";

    if (yes) {
        return true;
    }
    if (ask->json || !isatty(STDIN_FILENO)) {
        fprintf(stderr,
                "assay: nothing was %s: look at the list, then repeat the command with --yes\n",
                done);
        return false;
    }
    fprintf(stderr, "%s [y/N] ", question);
    if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y')) {
        return true;
    }
    fprintf(stderr, "assay: nothing was %s\n", done);
    return false;
}
