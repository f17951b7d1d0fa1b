/* What of an ima block must not change for what it judged to stay judged: everything but the
 * digests that it allows. Where it is the same, a file that passed stays good whatever the sets of
 * now say, and only files that did not pass are looked up again. Appraisal page, section 3. */
#pragma once

#include "appraise/rulebook.h"
#include "formats/digest-set.h"

/* SHA-256 over the block's name (another policy's block allowed other files), PCR, least digest and
 * keys, what it denies (digests and paths), what the sets that it allows mark as revoked, the keys
 * that sign and the paths that it skips. files: as ima_judge_ask has them; a set that is not at
 * hand is not as if it were. Names of sets, labels and releases do not count, so that a release
 * more changes nothing here. Returns 0 or a negative errno. */
MUST_CHECK int ima_firm(const struct rulebook *book, const struct bundle_ima *block,
                        const struct digest_set *files, uint8_t ret[32]);
