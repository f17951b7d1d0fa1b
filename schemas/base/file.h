/* Whole files: read with a bound, written so that no reader ever sees half of one. */
#pragma once

#include <sys/types.h>

#include "base/std.h"

/* Reads a regular file of at most max bytes, into memory that the caller frees (file_free() wipes
 * it). Returns 0, -EFBIG when it is longer, -EINVAL when it is no regular file, or -errno. */
MUST_CHECK int file_read(const char *path, size_t max, struct bytes *ret);
void file_free(struct bytes *bytes);

/* Writes a file by way of a temporary one beside it, synced before it takes the name. An existing
 * file is replaced. Returns 0 or -errno. */
MUST_CHECK int file_replace(const char *path, mode_t mode, struct bytes in);

/* The same, but -EEXIST when there is a file of that name already. */
MUST_CHECK int file_create(const char *path, mode_t mode, struct bytes in);

/* Makes one folder, unless it is there. Returns 0, -ENOTDIR when something else is, or -errno. */
MUST_CHECK int file_folder(const char *path, mode_t mode);

/* The same, and before it each folder above that is missing, with mode 0755. The path begins
 * with '/'. Returns as file_folder(), or -ENAMETOOLONG. */
MUST_CHECK int file_folders(const char *path, mode_t mode);
