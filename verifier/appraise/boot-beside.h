/* What a policy asks beside its rules, and whether a tier gets a token: one answer for the keeper
 * and for whoever judges without it. Pure. Appraisal page, section 5b. */
#pragma once

#include "appraise/boot.h"

struct boot_beside {
    int64_t evidence_ms; /* since its challenge was made */
    int64_t boot_ms;     /* since the boot brought its first evidence; 0: not known */
    unsigned key;        /* kind of the AK, a bit of BUNDLE_KEY_…; 0: none of them */
};

/* What of it the policy asks and does not get, as bits. */
enum { BESIDE_EVIDENCE_OLD = 1, BESIDE_BOOT_OLD = 2, BESIDE_KEY_OTHER = 4 };
unsigned boot_beside_amiss(const struct bundle_policy *policy, const struct boot_beside *beside);

/* Notes in the verdict what is too old for the policy that judged, and an AK that it does not take;
 * mode observe forgives both. */
void boot_beside(const struct boot_told *told, const struct boot_beside *beside,
                 struct verdict *verdict);

/* Whether a verdict of that tier is good enough for a token of the policy. */
bool boot_floor_met(const struct bundle_policy *policy, enum tier tier);
