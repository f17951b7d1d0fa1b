/* The smallest repair: which values, were they others, would let the boot pass. Found by judging it
 * with one value after the other exchanged, and kept small by leaving out each that the verdict can
 * do without. Appraisal page, section 4. */
#pragma once

#include "explain/explain-case.h"

#define REPAIR_STEPS 16u /* a boot that needs more is another boot */

struct repair_step {
    size_t rule; /* of the policy, from 0; EXPLAIN_NO_RULE: an event without a rule */
    enum slot slot;
    uint32_t event, pcr; /* FAULT_NO_EVENT: what is missing, or a word */
    bool tried; /* judged with `instead` in its place; else the rule was set aside: no value
                 * that would do is in the policy, or its texts cannot be exchanged */
    char seen[160], instead[200];
};

struct repair {
    bool passes;      /* with all steps taken */
    enum reason left; /* unless: what no value of the logs changes; REASON_NONE: too much */
    size_t n;
    struct repair_step steps[REPAIR_STEPS];
    unsigned n_judged; /* how often it was judged for this */
};

/* The case was judged by a policy and has a cause; c->judged is of no use after. Returns 0 or a
 * negative errno. */
MUST_CHECK int explain_repair(struct explain_case *c, struct repair *ret);
