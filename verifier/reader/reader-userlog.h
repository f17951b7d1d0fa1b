/* The reader's part for userspace logs. */
#pragma once

#include "base/fault.h"
#include "base/wr.h"
#include "crypto/digest.h"

/* Loads and seeds what reading JSON needs, before a role shuts itself in. */
void reader_userlog_prepare(void);

/* Writes a part of a userspace log, whole records from any of them on, as records (records.h): an
 * event a record, offset and length are the record's own, a record of an NV index extends no PCR,
 * bound where H(text) is the digest. Returns 0, 1 with the fault that stopped it (the records are
 * then to be dropped), or a negative errno (-ENOSPC: wr is too small). */
MUST_CHECK int reader_userlog(struct bytes part, struct hasher *hasher, struct wr *records,
                              struct fault *ret_fault);
