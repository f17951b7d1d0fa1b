/* A set of files' digests kept outside the bundle: a distribution's worth of them, mapped and never
 * copied. Appraisal page, section 3, Store. A file is
 *     "assayset" | u16 version, 1 | u16 TPM_ALG_ID | u32 0 | u64 count | u64 0 | digests
 * with the digests of that algorithm strictly ascending by their bytes, so each once, and nothing
 * behind them. Numbers are little-endian. One set has one file: its name in a bundle is the SHA-256
 * of all of it. */
#pragma once

#include "base/alg.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/wr.h"

#define DIGEST_SET_HEAD 32u

/* A view into the file's bytes. */
struct digest_set {
    enum hash alg;
    size_t n; /* at most LIMIT_DIGEST_SET */
    const uint8_t *digests;
};

/* Reads a whole file, each digest of it: looking up believes in their order. Returns 0, or 1 with
 * the fault (event: number of the digest); *ret is untouched unless 0. A set of none is one. */
MUST_CHECK int digest_set_read(struct bytes in, struct digest_set *ret, struct fault *ret_fault);

/* Whether it is in the set; a digest of another length is not. By guesses from its first bytes, a
 * handful for digests that are spread evenly as those of files are; of a set made up to be uneven
 * by eight guesses and then by halves. */
bool digest_set_has(const struct digest_set *set, struct bytes digest);

/* The head of a file; alg is one of the IMA banks' hashes or any other of ours. */
void digest_set_head(struct wr *wr, enum hash alg, size_t n);

/* Sorts n digests of hash_size(alg) bytes in place, drops those that stand twice, and returns how
 * many are left. */
size_t digest_set_sort(uint8_t *digests, size_t n, enum hash alg);
