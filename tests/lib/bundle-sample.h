/* A bundle made by hand, to be changed in one place by a test. */
#pragma once

#include "wire/bundle.h"

/* One policy "laptop" for class t14g3 with the rules chain (sequence of set 0), floor (of "os"),
 * args (tokens), ima; one base; sets os.kernel with one digest 0x8d… of release 0 and labels,
 * sb/keys (certificates), sb/dbx-1 that sb/dbx-2 supersedes, sbat:7, signers (keys, none of which
 * is one); one list of each kind.
 * The memory is the sample's own, one at a time. */
struct bundle *bundle_sample(void);

/* Its bytes, in memory that lives until the next call. */
struct bytes bundle_sample_bytes(const struct bundle *bundle);
