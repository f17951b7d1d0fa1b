/* What a boot tells of itself that no rule has to ask for: what every policy would refuse, or warn
 * of, had its author thought of it. A rule of the remark's own slot says otherwise. Pure. Appraisal
 * page, section 5e; pitfall 35. */
#pragma once

#include "appraise/facts.h"

struct boot_remark {
    enum reason reason;
    enum reason_effect effect;
    enum policy_dimension dimension;
    enum slot slot;   /* whose first event is told with it; SLOT_NONE: none */
    const char *seen; /* words for people; NULL: what that event measured */
};

#define BOOT_REMARKS_MAX 6u

/* Those of a boot that policy `policy` of the book does not decide itself; how many. */
size_t boot_remarks(const struct rulebook *book, const struct bundle_policy *policy,
                    const struct boot_facts *facts,
                    const struct boot_remark *ret[BOOT_REMARKS_MAX]);

/* The value of AR4SI section 2.3 that remarks leave a dimension at best: 96, 32, or 0 where there
 * is none of it. observed: nothing counts as failed. */
int8_t boot_remark_value(size_t n, const struct boot_remark *const *remarks,
                         enum policy_dimension dimension, bool observed);
