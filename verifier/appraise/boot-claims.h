/* What a judged boot tells of itself to those who trust tokens: the claims of base/claim.def, as
 * far as each is known. A claim rests on what the quote covers: facts, digests, and the releases
 * that the policy's rules found them in; none on a label alone. Pure; allocates nothing. Appraisal
 * page, section 5d.
 *
 * Where several rules could tell a claim, the one that says `claim NAME` does; else the first that
 * knows it. */
#pragma once

#include "appraise/boot.h"
#include "wire/claim-set.h"

/* A set and the texts that were put together for it; not to be moved. */
struct boot_claims {
    struct claim_set set;
    size_t n_texts;
    char texts[1024];
};

/* Adds what the TPM itself tells, whatever judged; chain: "verified", "listed", "none", or NULL for
 * not known. */
void boot_claims_tpm(const struct advisory_tpm *tpm, const char *chain, struct boot_claims *ret);

/* Adds what a policy's judgement tells. Views into what was asked and told, and into *ret. */
void boot_claims(const struct boot_ask *ask, const struct boot_told *told, struct boot_claims *ret);
