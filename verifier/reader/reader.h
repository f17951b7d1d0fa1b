/* The reader: turns hostile bytes (a firmware log, part of a log that grows, EK certificates) into
 * records of fixed shape, and ends. It holds no key, no file and no name of a device; what they do
 * to it dies with it. */
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

/* Does one job of a type that roles_keeper_to_reader() lets through, and sets the type of its
 * answer. Returns as reader_parse(); -EPROTO for another type. */
MUST_CHECK int reader_job(uint16_t type, struct bytes body, struct hasher *hasher,
                          struct wr *records, uint16_t *ret_type, struct fault *ret_fault);

/* The role: takes one MSG_READ_… from the keeper's channel (taken), answers its records or
 * MSG_NOT_READ {rule u16, event u32, offset u64, little-endian} under the same id, and returns the
 * exit status: 0 after one job or when the keeper is gone before, 1 otherwise. Limits its memory,
 * time and files for good before it reads a byte of the log. */
MUST_CHECK int reader_serve(int take_fd);
