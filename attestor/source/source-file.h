/* Files that the kernel, the firmware or systemd wrote and that we read whole: bounded, and what is
 * not there told apart from what may not be read. Paths come from the configuration. */
#pragma once

#include "base/std.h"

enum source_outcome {
    SOURCE_OK,
    SOURCE_E_ABSENT,     /* no such file: this machine has none */
    SOURCE_E_UNREADABLE, /* it is there, but permission or the medium forbids: an operator's matter
                          */
    SOURCE_E_LARGE,      /* longer than the limit */
    SOURCE_E_LOOSE,      /* others than its owner may write it, or its owner is another user */
};

/* Owned bytes. */
struct source_data {
    uint8_t *p;
    size_t len;
};

/* Reads to the end, whatever size the file reports: securityfs says 0.
 * Returns 0 (source_file_done() it), an outcome, or -ENOMEM; *ret is untouched unless 0. */
MUST_CHECK int source_file_read(const char *path, size_t limit, struct source_data *ret);

/* The same from the start of an open file, which stays open. */
MUST_CHECK int source_file_read_fd(int fd, size_t limit, struct source_data *ret);

/* Frees and empties; an empty one is fine. */
void source_file_done(struct source_data *data);

struct bytes source_file_bytes(const struct source_data *data);

/* Outcome of an errno of open() or read(). */
enum source_outcome source_file_outcome(int error);

/* "absent", "unreadable", "large", "loose". */
const char *source_file_outcome_name(enum source_outcome outcome);
