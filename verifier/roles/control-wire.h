/* What an operator's client and the keeper say to each other over the control socket, one command a
 * connection: words up, exit status and JSON down. Framing and limits as between roles. */
#pragma once

#include "base/std.h"
#include "base/wr.h"

#define CONTROL_WORDS_MAX 64u
#define CONTROL_WORD_MAX 4096u

struct control_words {
    size_t n;
    struct bytes words[CONTROL_WORDS_MAX]; /* UTF-8 */
};

/* Views into in. Returns 0 or 1. */
MUST_CHECK int control_words_read(struct bytes in, struct control_words *ret);
void control_words_write(struct wr *wr, const struct control_words *words);

struct control_answer {
    uint8_t status; /* 0 yes, 1 no, 2 usage */
    struct bytes json;
};

MUST_CHECK int control_answer_read(struct bytes in, struct control_answer *ret);
void control_answer_write(struct wr *wr, const struct control_answer *answer);
