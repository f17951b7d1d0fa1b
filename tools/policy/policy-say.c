#include "policy/policy-say.h"

#include <stdarg.h>
#include <stdio.h>

enum { WORD_MAX = 48 };

/* Makes room for an error among notes; those behind the one that goes stay in their order. */
static void
drop_note(struct policy_say *say)
{
    size_t i = say->n;

    while (i > 0 && !say->items[i - 1].note) {
        i--;
    }
    if (i > 0) {
        memmove(&say->items[i - 1], &say->items[i], (say->n - i) * sizeof(say->items[0]));
        say->n--;
    }
}

void
policy_say(struct policy_say *say, uint32_t line, uint32_t column, bool note, const char *format,
           ...)
{
    va_list args;

    say->n_errors += !note;
    if (say->n == SAY_MAX && !note) {
        drop_note(say);
    }
    if (say->n == SAY_MAX) {
        return;
    }
    say->items[say->n] = (struct policy_saying){.line = line, .column = column, .note = note};
    va_start(args, format);
    vsnprintf(say->items[say->n].text, SAY_TEXT, format, args);
    va_end(args);
    say->n++;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Levenshtein's distance; WORD_MAX for words that are too long to be meant. */
static unsigned
distance(struct bytes a, struct bytes b)
{
    unsigned row[WORD_MAX + 1];

    if (a.len > WORD_MAX || b.len > WORD_MAX) {
        return WORD_MAX;
    }
    for (unsigned k = 0; k <= b.len; k++) {
        row[k] = k;
    }
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned k = 1; k <= b.len; k++) {
            unsigned up = row[k];

            row[k] = least(up + 1, row[k - 1] + 1, diagonal + (a.p[i - 1] != b.p[k - 1]));
            diagonal = up;
        }
    }
    return row[b.len];
}

struct policy_guess
policy_guess(struct bytes word)
{
    unsigned most = (unsigned)(word.len / 3);

    return (struct policy_guess){.word = word, .cost = (most < 2 ? 2 : most) + 1};
}

void
policy_guess_try(struct policy_guess *guess, struct bytes candidate)
{
    unsigned cost = distance(guess->word, candidate);

    if (cost < guess->cost && cost < candidate.len) {
        guess->cost = cost;
        guess->best = candidate;
    }
}

const char *
policy_guess_text(const struct policy_guess *guess, char room[GUESS_ROOM])
{
    room[0] = '\0';
    if (guess->best.len > 0) {
        snprintf(room, GUESS_ROOM, "; did you mean %.*s?", (int)guess->best.len,
                 (const char *)guess->best.p);
    }
    return room;
}
