/* Sets of files' digests that a bundle names and does not hold (kind file): FOLDER/HEX.set, with
 * HEX the SHA-256 of the file, which is what the bundle says of it. Mapped, and checked once. */
#pragma once

#include "appraise/rulebook.h"
#include "crypto/digest.h"
#include "formats/digest-set.h"

#define IMA_SETS_NAME_ROOM 69u /* 64 digits, ".set", the end */

/* About 10 kB. Zero: of no bundle. */
struct ima_sets {
    size_t n_wanted;
    size_t n_absent; /* not at hand: missing, another file, no set, or a set of none */
    uint16_t absent; /* the first of them: its place in the bundle's sets; or BUNDLE_NONE */
    const char *why; /* of that; for people */
    struct digest_set sets[LIMIT_BUNDLE_SETS]; /* by place in the bundle's; n 0: not at hand */
    struct bytes files[LIMIT_BUNDLE_SETS];
};

/* Opens all that the bundle wants; what cannot be used is absent, and nothing is in it. folder
 * NULL: all are. *ret is free with ima_sets_done() whatever comes back: 0, or a negative errno when
 * memory or the crypto library fails. */
MUST_CHECK int ima_sets_open(struct hasher *hasher, const struct bundle *bundle, const char *folder,
                             struct ima_sets *ret);
void ima_sets_done(struct ima_sets *sets);

/* "HEX.set" of a file's SHA-256, 32 bytes. Returns room. */
const char *ima_sets_name(struct bytes digest, char room[IMA_SETS_NAME_ROOM]);
