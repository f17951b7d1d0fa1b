/* `assay policy report`: which rules of a bundle pass on the evidence that a store keeps, and how
 * many devices each would refuse. */
#pragma once

#include <stdio.h>

#include "rejudge/rejudge-open.h"
#include "rejudge/rejudge-rules.h"
#include "rejudge/rejudge-walk.h"

struct rejudge_report {
    struct rejudge_place place;
    const char *word;       /* the bundle: rejudge_open_bundle() */
    const char *class_name; /* NULL: of all classes */
    int64_t last_s;         /* evidence of the last seconds only; 0: all that is kept */
    bool json;
    FILE *out;
};

/* Judges in a process of its own and prints the report. Returns 0 when every device that was judged
 * would get a token, were its policy's mode enforce; 1 when one would not, no policy judged any, or
 * after a message on stderr. */
int rejudge_report_run(struct rejudge_report *report);

/* What was counted. */
void rejudge_report_say(const struct rejudge_report *report, const struct rejudge_rules *rules,
                        const struct rejudge_tally *tally);
