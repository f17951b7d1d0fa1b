/* systemd's log of what userspace measured. Its writer holds an exclusive flock() over extending a
 * PCR and appending the record; a shared one over quote and reading keeps both together. */
#pragma once

#include "source/source-file.h"

#define SOURCE_USERSPACE_PATH "/run/log/systemd/tpm2-measure.log"

struct source_userspace {
    int fd; /* -1: none */
};

/* Opens and locks, waiting at most two seconds for a writer. Returns 0 (unlock it),
 * SOURCE_E_ABSENT, or SOURCE_E_UNREADABLE. */
MUST_CHECK int source_userspace_lock(const char *path, struct source_userspace *ret);

/* Returns as source_file_read(). */
MUST_CHECK int source_userspace_read(const struct source_userspace *log, struct source_data *ret);

/* Nothing locked is fine. */
void source_userspace_unlock(struct source_userspace *log);
