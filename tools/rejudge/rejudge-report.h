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

/* Judges in a process of its own and prints the report. Returns 0 when every device was judged by
 * a policy that refuses none of what it showed, whatever the policy's mode; 1 when a rule would
 * fail, nothing could be judged, or after a message on stderr. */
int rejudge_report_run(struct rejudge_report *report);

/* What was counted; without: members that no policy of the bundle is for. */
void rejudge_report_say(const struct rejudge_report *report, const struct rejudge_rules *rules,
                        const struct rejudge_tally *tally, uint64_t without);
