/* A SHA-256 that can be put aside and gone on with: of a log that grows only the new part is at
 * hand, and what names it is the digest of all of it so far. Plain bytes, to be stored as they
 * are. FIPS 180-4 section 6.2. */
#pragma once

#include "base/std.h"

#define SHA256_RUN_SIZE 104u /* eight words, length, the block begun: big-endian */

struct sha256_run {
    uint8_t state[SHA256_RUN_SIZE];
};

/* Of nothing so far. Returns 0 or -EIO. */
MUST_CHECK int sha256_run_init(struct sha256_run *run);

/* Goes on with these bytes. Returns 0 or -EIO; *run is untouched then. */
MUST_CHECK int sha256_run_add(struct sha256_run *run, struct bytes in);

/* The digest of what came so far; one may go on after it. Returns 0 or -EIO. */
MUST_CHECK int sha256_run_digest(const struct sha256_run *run, uint8_t ret[32]);

/* How many bytes came so far. */
uint64_t sha256_run_length(const struct sha256_run *run);
