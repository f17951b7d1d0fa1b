/* A bundle tried on a whole fleet, as `policy test` and `policy publish` do it. */
#pragma once

#include "rejudge/rejudge-open.h"
#include "rejudge/rejudge-say.h"

struct rejudge_run {
    struct rejudge_place place;
    const char *words[REJUDGE_SIDES]; /* rejudge_open_bundle() */
    struct bytes sealed;              /* the new one, signed, instead of its word; or p NULL */
    const char *class_name;           /* NULL: of all classes */
    const char *acknowledged;         /* names with commas between (rejudge-cause.h), or NULL */
    int64_t last_s;                   /* evidence of the last seconds only; 0: all that is kept */
    struct rejudge_say say;
};

/* Judges in a process of its own and says what changes. Returns 0, or 1 after a message on stderr,
 * as REJUDGE_NO_NAME: a name of `acknowledged` is none; whether some would fail is the tally's to
 * tell. */
enum { REJUDGE_NO_NAME = 2 };
int rejudge_run(struct rejudge_run *run, struct rejudge_tally *ret);

/* "7d", "12h" to seconds; false for what is none, or above ten years. */
bool rejudge_last(const char *text, int64_t *ret_s);
