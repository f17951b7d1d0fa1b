/* The reader's part for IMA lists. */
#pragma once

#include "base/wr.h"
#include "crypto/digest.h"

/* Writes a part of an IMA list, whole entries from any of them on, as records (ima-records.h). The
 * logged template hash of each entry is recomputed (603). Where the part is broken the records end
 * with the fault: what stands before it may be all that was quoted. Returns 0, or a negative errno
 * (-ENOSPC: wr is too small). */
MUST_CHECK int reader_ima(struct bytes part, struct hasher *hasher, struct wr *records);
