/* Whether a text may take force: no rule of it, and nothing beside its rules, may newly refuse more
 * devices than was said, by the evidence that a store keeps, unless an operator has acknowledged
 * that. Appraisal page, section 5c (2). */
#pragma once

#include <stdio.h>

#include "rejudge/rejudge-open.h"
#include "rejudge/rejudge-rules.h"

struct rejudge_gate {
    struct rejudge_place place;
    struct bytes text;        /* of the policies that are to come */
    const char *path;         /* of it, for messages */
    const char *acknowledged; /* names with commas between, or NULL */
    uint32_t share;           /* percent of a policy's devices that one name may newly refuse */
};

/* Tells `out` each name (rejudge-cause.h) that stands against it; how many. Those that were
 * acknowledged are told, and do not count. */
size_t rejudge_gate_count(const struct rejudge_gate *gate, const struct rejudge_rules *rules,
                          FILE *out);

/* Judges in a process of its own, against the bundle in the store. Returns 0, or 1 after a message
 * on stderr: something stands against it, or could not be tried. */
int rejudge_gate_run(struct rejudge_gate *gate);
