/* The slots that events fall into and policies have rules for: one table, slot.def, for the
 * compiler and the evaluator. Appraisal page, sections 2a and 5b (2). */
#pragma once

#include "wire/bundle-policy.h"

enum slot {
    SLOT_NONE, /* nothing measured, or of a PCR that no slot has (16 to 23) or no quote covers */
#define SLOT(id, name, pcrs, flags, verbs) SLOT_##id,
#include "appraise/slot.def"
#undef SLOT
    SLOT_N,
};

enum slot_flag {
    SLOT_F_CODE = 1,    /* its events carry code: left at `any` the slot caps the verdict */
    SLOT_F_TEXT = 2,    /* its digests may bind text: text verbs are allowed */
    SLOT_F_RELEASE = 4, /* a release knows its digests */
    SLOT_F_VIRTUAL = 8, /* no event falls into it */
    SLOT_F_NEEDED = 16, /* a policy without profile must have a rule for it, where its PCR is
                         * quoted */
    SLOT_F_NEEDED_PROFILE = 32, /* one with a profile must */
    SLOT_F_BUILTIN = 64,        /* judged without a rule; without verbs: no rule may name it */
    SLOT_F_LATE = 128,          /* measured by the running system: a quote may come before it */
    SLOT_F_ASIDE = 256,         /* what its rules ask affirms nothing */
};

struct slot_info {
    const char *name;
    uint32_t pcrs; /* bit 0: PCR 0 */
    unsigned flags;
    uint32_t verbs; /* bit of each verb's number that a rule of this slot may have */
};

/* The row of a slot; that of SLOT_NONE has the name "none" and no flags. */
const struct slot_info *slot_table(enum slot slot);

/* Does a rule with this verb say of every event of the slot whether it may be there? One that only
 * denies some (not-in), or asks those of a release for a floor (at-least), leaves the others to the
 * slot's other rules: alone it allows nothing. Nor does one of a slot that is aside: no
 * TPM makes a boot's firmware good, and a platform key for tests that is none says nothing of db.
 */
bool slot_table_claims(enum slot slot, enum bundle_verb verb);

/* The slot of that name which rules may name, else SLOT_NONE. */
enum slot slot_table_find(struct bytes name);
