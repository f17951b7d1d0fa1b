/* How far a boot's list of forbidden programs is: the newest baseline that it holds whole, and what
 * it lacks of the newest that there is. Appraisal page, section 2d (6). Pure; allocates nothing. */
#pragma once

#include "appraise/facts.h"

struct dbx_level {
    bool known;       /* the list was read, and the policy names baselines */
    uint16_t set;     /* of the bundle: the newest that is met; BUNDLE_NONE: none is */
    uint32_t missing; /* entries and numbers of the newest that are not there */
};

/* The baselines are those of the rule `sb.dbx includes` that says `claim dbx.level`, or of the
 * first: its set, all that supersede it, and all that they supersede. */
void dbx_level_find(const struct bundle *bundle, size_t policy, const struct boot_facts *facts,
                    struct dbx_level *ret);
