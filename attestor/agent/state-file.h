/* Small files that are whole or not there: written beside their place, synced, then renamed. */
#pragma once

#include <sys/types.h>

#include "source/source-file.h"

#define STATE_FILE_NO_GROUP ((gid_t)-1)

/* Writes dir/name with this mode, and group unless STATE_FILE_NO_GROUP. dir is made when it is not
 * there (0755 when the mode lets others read, else 0700), its parent is not.
 * Returns 0 or a negative errno; the old file stays as it was then. */
MUST_CHECK int state_file_write(const char *dir, const char *name, struct bytes content,
                                mode_t mode, gid_t group);

/* Returns as source_file_read(). */
MUST_CHECK int state_file_read(const char *dir, const char *name, size_t limit,
                               struct source_data *ret);

/* One that is not there is removed already. Returns 0 or a negative errno. */
MUST_CHECK int state_file_remove(const char *dir, const char *name);
