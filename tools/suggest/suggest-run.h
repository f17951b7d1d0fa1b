/* `assay golden suggest`: the store is read beside the verifier, and nothing is written. */
#pragma once

#include "rejudge/rejudge-open.h"
#include "suggest/suggest-say.h"

struct suggest_run {
    struct rejudge_place place;
    const char *class_name; /* NULL: of all classes */
    const char *text;       /* print this suggestion's release and nothing else; or NULL */
    uint32_t need, need_sites;
    struct suggest_say say;
};

/* Looks in a process of its own and prints. Returns 0, or 1 after a message on stderr, which is
 * also that no suggestion has the name `text`. */
int suggest_run(struct suggest_run *run);

/* Tries each group on the evidence that is kept of its class: dries is one a group. text: of the
 * bundle in force. Returns 0 or a negative errno. */
MUST_CHECK int suggest_run_dry(const struct suggest *suggest, const struct rejudge_ask *ask,
                               const char *text, struct suggest_dry *dries);
