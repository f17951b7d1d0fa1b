/* The reader: turns one log, or part of one, of hostile bytes into records of fixed shape, and
 * ends. It holds no key, no file and no name of a device; what a log does to it dies with it. */
#pragma once

#include "base/fault.h"
#include "base/ipc.h"
#include "base/wr.h"
#include "crypto/digest.h"

/* Writes the log as records (roles/records.h): events in order, the Spec ID event among them,
 * digests of the banks that we know only. An event that extends nothing has PCR UINT32_MAX. Where
 * the digest vouches for a part of the data, offset and length are that part's, so that the keeper
 * can hash it; the label is evtext_line(). The locality is 4 too where PCR 0 begins with an H-CRTM.
 * Returns 0, 1 with the fault that stopped it (the records are then to be dropped), or a negative
 * errno (-ENOSPC: wr is too small). */
MUST_CHECK int reader_parse(struct bytes log, struct hasher *hasher, struct wr *records,
                            struct fault *ret_fault);

/* Does what one message asks for; the answer's type in *ret_answer. Returns as reader_parse();
 * -EBADMSG for a message that no reader takes. */
MUST_CHECK int reader_read(const struct ipc_msg *msg, struct hasher *hasher, struct wr *records,
                           uint16_t *ret_answer, struct fault *ret_fault);

/* The role: takes one MSG_READ_LOG, MSG_READ_IMA or MSG_READ_USERSPACE from the keeper's channel
 * (taken), answers MSG_LOG_RECORDS, MSG_IMA_RECORDS or MSG_USERSPACE_RECORDS, or MSG_NOT_READ {rule
 * u16, event u32, offset u64, little-endian} under the same id, and returns the exit status: 0
 * after one job or when the keeper is gone before, 1 otherwise. Limits its memory, time and files
 * for good before it reads a byte of the log. */
MUST_CHECK int reader_serve(int take_fd);
