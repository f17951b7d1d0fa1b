/* What a rule that does not pass is told as: reason and AR4SI dimension, by slot, verb and outcome
 * from one fixed table (policy-code.def), so that no author of a policy can mislabel. Appraisal
 * page, section 5b. The effect is the rule's own. */
#pragma once

#include "wire/bundle-policy.h"

enum policy_outcome {
    OUTCOME_UNKNOWN = 1, /* a value that the rule does not allow */
    OUTCOME_FEW,         /* fewer events than count allows: what must be there is missing */
    OUTCOME_MANY,
    OUTCOME_REVOKED, /* in a set of not-in, or its state is revoked */
    OUTCOME_OLD,     /* below a floor, level or baseline */
    OUTCOME_PENDING, /* staged, or its release is not active yet */
    OUTCOME_RETIRING,
    OUTCOME_RETIRED,
    OUTCOME_MIXED,       /* no release holds all digests that same-release joins */
    OUTCOME_ORDER,       /* a member of a sequence at another place */
    OUTCOME_CHANGED,     /* not the pinned value */
    OUTCOME_UNPINNED,    /* passes, but `any` let unverified code pass */
    OUTCOME_MISSING,     /* a required token or member */
    OUTCOME_DENIED,      /* a denied token */
    OUTCOME_UNAVAILABLE, /* nothing to judge by: no log, no facts */
    OUTCOME_RETRIED,     /* passes, but an image before it gave up */
    OUTCOME_ELSEWHERE,   /* known, but as another class's */
    OUTCOME_SHUTDOWN,    /* passes, but the system is on its way down */
    /* Of files that an IMA list names; what nothing names is unknown. */
    OUTCOME_VIOLATED,      /* changed while it was measured */
    OUTCOME_WEAK,          /* a digest of a weak hash, of a known file */
    OUTCOME_BAD_SIGNATURE, /* of no form */
    OUTCOME_KEY_UNKNOWN,
    OUTCOME_KEY_WEAK,
    OUTCOME_ANNOUNCED, /* passes, but nobody vouches for it beside the device: an initrd that it
                        * announced, under a kernel whose release says that this will do */
    OUTCOME_MAX = OUTCOME_ANNOUNCED,
};

/* AR4SI section 2.3, those that we assert. */
enum policy_dimension {
    DIMENSION_IDENTITY = 1,
    DIMENSION_CONFIGURATION,
    DIMENSION_EXECUTABLES,
    DIMENSION_HARDWARE,
    DIMENSION_MAX = DIMENSION_HARDWARE,
};

struct policy_code {
    enum reason reason;
    enum policy_dimension dimension;
};

/* For each slot, verb and outcome there is one: slots that the table does not name are told as
 * 205 EVT_UNCLAIMED of the executables. */
struct policy_code policy_code(struct bytes slot, enum bundle_verb verb,
                               enum policy_outcome outcome);
