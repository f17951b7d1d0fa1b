/* A boot's logs as the service sees them: read by its reader, held against the bytes as its keeper
 * does. */
#pragma once

#include "appraise/events.h"

struct offline_log {
    struct event_log log; /* views into records, and for the firmware's into the bytes given */
    uint8_t *records;     /* owned, as are the events */
    struct event *events;
};

/* A firmware log, vouched for; bytes must live as long as *ret. A part of a userspace log from any
 * record on, whose events must be all of it. Return 0 (offline_log_done() it), 1 with the fault
 * that the service would name, or a negative errno; *ret is untouched unless 0. */
MUST_CHECK int offline_log_firmware(struct hasher *hasher, struct bytes bytes,
                                    struct offline_log *ret, struct fault *ret_fault);
MUST_CHECK int offline_log_userspace(struct hasher *hasher, struct bytes bytes,
                                     struct offline_log *ret, struct fault *ret_fault);
void offline_log_done(struct offline_log *log);

/* Records of an IMA list, which growing_match() takes, broken or not; the caller frees
 * *ret_records. Returns 0 or a negative errno (-ENOSPC: a list that no service would take). */
MUST_CHECK int offline_log_ima(struct hasher *hasher, struct bytes bytes, uint8_t **ret_records,
                               size_t *ret_len);
