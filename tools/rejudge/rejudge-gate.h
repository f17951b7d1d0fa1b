/* Whether a text may take force: no rule of it may newly refuse more devices than was said, by the
 * evidence that a store keeps, unless an operator has acknowledged that rule. Appraisal page,
 * section 5c (2). */
#pragma once

#include <stdio.h>

#include "rejudge/rejudge-open.h"
#include "rejudge/rejudge-rules.h"

struct rejudge_gate {
    struct rejudge_place place;
    struct bytes text;        /* of the policies that are to come */
    const char *path;         /* of it, for messages */
    const char *acknowledged; /* rules with commas between, or NULL */
    uint32_t share;           /* percent of a policy's devices that one rule may newly refuse */
};

/* Is the rule among those that were acknowledged? What no rule says has no name, and is not. */
bool rejudge_gate_knows(const char *acknowledged, struct bytes rule);

/* The first word of the list that no rule of the book is called by, or an empty one. */
struct bytes rejudge_gate_stranger(const char *acknowledged, const struct rulebook *book);

/* Tells `out` each rule that stands against it; how many. Rules that were acknowledged are told,
 * and do not count. What no rule says cannot be acknowledged. */
size_t rejudge_gate_count(const struct rejudge_gate *gate, const struct rejudge_rules *rules,
                          FILE *out);

/* Judges in a process of its own, against the bundle in the store. Returns 0, or 1 after a message
 * on stderr: something stands against it, or could not be tried. */
int rejudge_gate_run(struct rejudge_gate *gate);
