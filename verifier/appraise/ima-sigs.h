/* Signatures of files in IMA lists, verified: each that is good once for all devices, since they
 * run the same files. Appraisal page, section 3 (Signatures). */
#pragma once

#include "appraise/rulebook.h"
#include "crypto/digest.h"
#include "formats/ima.h"

/* What was found good, by SHA-256 of (key, digest, signature): 65,536 of them, the oldest of
 * sixteen neighbours goes, so that the 20,000 of the longest list lie there together. Only what a
 * key of a bundle signed is kept, so that nobody who invents signatures can push out what is. 2 MB.
 */
struct ima_sigs;
struct ima_sigs *ima_sigs_new(void); /* NULL when memory ends */
void ima_sigs_free(struct ima_sigs *sigs);

enum ima_sigs_outcome {
    IMA_SIGS_GOOD,
    IMA_SIGS_E_FORM, /* of no form; or over a file's attributes or a verity digest, which nobody
                      * here verifies */
    IMA_SIGS_E_KEY,  /* no set that the block names has its key */
    IMA_SIGS_E_WEAK, /* its key is one that the block does not take */
    IMA_SIGS_E_BAD,  /* the key did not sign this digest, or not by the hash that it names */
    IMA_SIGS_E_WORK, /* not tried: work has reached its end */
};

/* Verifications that may fail in one list, which has failed with the first: behind the last all are
 * IMA_SIGS_E_BAD, so that nobody keeps us busy with made-up signatures. */
#define IMA_SIGS_BAD_MAX 64u

/* What the verifications of a judgement cost, in microseconds that are counted by the kind of key,
 * not measured. What is remembered costs none. The first is always made, so that whoever comes
 * again with the same list comes further each time. */
struct ima_work {
    uint32_t us;      /* so far */
    uint32_t most_us; /* behind it nothing is tried any more; 0: no end */
};

/* What a list is judged with. */
struct ima_sigs_ask {
    const struct rulebook *book;
    const struct bundle_ima *block; /* its items name the sets of keys */
    struct hasher *hasher;
    struct ima_sigs *sigs; /* NULL: nothing is remembered */
    struct ima_work *work; /* NULL: nobody counts */
    unsigned n_bad;        /* so far in this list; counted here */
};

/* Judges the signature of an entry, which has one: version 2 over the file's digest, as the kernel
 * makes it (Linux security/integrity/digsig.c). Returns an outcome or a negative errno. */
MUST_CHECK int ima_sigs_judge(struct ima_sigs_ask *ask, const struct ima_entry *entry);
