/* Which values the quoted PCRs have: what the logs give, if that is what was quoted; else what was
 * sent, if that is what was quoted. No value outside the quote is ever used. */
#pragma once

#include "appraise/growing.h"

/* What is at hand. */
struct quoted_values_ask {
    struct growing_quote quote;
    const struct selection *selection; /* the signed one */
    const struct event_log *firmware;
    struct growing_userspace *userspace; /* or NULL; as growing_match() */
    struct growing_ima *ima;             /* or NULL; likewise */
    uint64_t ima_offset;                 /* of its part in the list, for faults */
    bool exit_events_optional;           /* the policy's word: exit-events.h */
};

/* Values of the quoted PCRs, three times. */
struct quoted_values {
    struct pcr_values firmware; /* as the firmware's log gives them, and what it left out */
    struct pcr_values logs;     /* and as all logs together do */
    struct pcr_values quoted;   /* those that hash to pcrDigest */
    unsigned quirks;            /* bit of the variant of exit-events.h that was used; or 0 */
};

/* With what the logs give. Returns 0 with the check pcr_digest passed, GROWING_E_NONE (then values
 * are needed), GROWING_E_FORM (a reader's records are none), or a negative errno. */
MUST_CHECK int quoted_values_logs(const struct quoted_values_ask *ask, struct quoted_values *ret,
                                  struct verdict *verdict);

/* After that, with values that were sent (wire/evidence.h). Returns 0 with the check passed;
 * GROWING_E_NONE with it failed and noted: nothing that was sent is what was quoted; GROWING_E_FORM
 * as above; QUOTED_VALUES_E_FORM when the values are not of their form; or a negative errno. */
enum { QUOTED_VALUES_E_FORM = 3 };
MUST_CHECK int quoted_values_sent(const struct quoted_values_ask *ask, struct bytes sent,
                                  struct quoted_values *ret, struct verdict *verdict);
