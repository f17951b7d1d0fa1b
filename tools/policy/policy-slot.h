/* What the compiler knows of slots; internal to tools/policy. */
#pragma once

#include "wire/bundle-policy.h"

enum {
    S_CODE = 1,
    S_TEXT = 2,
    S_RELEASE = 4,
    S_VIRTUAL = 8,
    S_NEEDED = 16,
    S_NEEDED_PROFILE = 32,
};

struct policy_slot {
    const char *name;
    uint32_t pcrs; /* bit 0: PCR 0 */
    unsigned flags;
    uint32_t verbs; /* bit of each verb's number */
};

extern const struct policy_slot policy_slots[];
extern const size_t policy_slots_n;

/* NULL when there is none of that name. */
const struct policy_slot *policy_slot_named(struct bytes name);
