/* What the compiler says about a policy: errors and notes with line and column, the first 20 of a
 * file, so that one reading mends it. An error takes the place of the last note when all are taken:
 * why it does not compile is among them always. */
#pragma once

#include "base/std.h"

#define SAY_MAX 20u
#define SAY_TEXT 240u

struct policy_saying {
    uint32_t line, column; /* from 1 */
    bool note;             /* compiles all the same */
    char text[SAY_TEXT];
};

struct policy_say {
    size_t n_errors; /* all of them, also those that no longer found room */
    size_t n;
    struct policy_saying items[SAY_MAX];
};

__attribute__((format(printf, 5, 6))) void policy_say(struct policy_say *say, uint32_t line,
                                                      uint32_t column, bool note,
                                                      const char *format, ...);

/* Looks for the word that somebody meant: up to two letters wrong, or a third of it. */
struct policy_guess {
    struct bytes word;
    struct bytes best; /* empty: nothing comes near */
    unsigned cost;
};

struct policy_guess policy_guess(struct bytes word);
void policy_guess_try(struct policy_guess *guess, struct bytes candidate);

/* "; did you mean NAME?" or "", in room of GUESS_ROOM. Returns room. */
#define GUESS_ROOM 80u
const char *policy_guess_text(const struct policy_guess *guess, char room[GUESS_ROOM]);
