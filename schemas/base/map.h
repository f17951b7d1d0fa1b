/* Whole files as memory, for those too long to copy and kept open for long. Whoever replaces such a
 * file renames another over it (file_replace()): one that is cut short under a mapping ends the
 * process that looks at it. */
#pragma once

#include "base/std.h"

/* Maps a regular file of at most max bytes for reading. Returns 0, -EFBIG when it is longer,
 * -EINVAL when it is no regular file, or -errno. Free with map_free(). */
MUST_CHECK int map_file(const char *path, size_t max, struct bytes *ret);
void map_free(struct bytes *bytes);
