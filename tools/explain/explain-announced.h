/* Whether the device had announced what it is refused for: its own word, which explains and lets
 * nothing pass. Appraisal page, sections 4 and 5c (3). */
#pragma once

#include "explain/explain-case.h"

struct explain_announced {
    unsigned standing; /* announcements of the device that stand for the boot of its last verdict */
    bool found;        /* one of them has the cause's value, in its PCR; of it: */
    char component[LIMIT_NAME + 1];
    char version[LIMIT_TEXT + 1]; /* the device's bytes: escaped by whoever prints them */
    int64_t heard_ms;
};

/* Returns 0 or a negative errno; -EIO for a row that is no announcement. */
MUST_CHECK int explain_announced(const struct explain_case *c, struct explain_announced *ret);
