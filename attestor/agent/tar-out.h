/* A tar archive, POSIX.1-2017 pax "ustar interchange format", regular files only: what everybody's
 * tools open. Owner and times are zero, so that the same content gives the same bytes. */
#pragma once

#include "base/wr.h"

#define TAR_NAME_MAX 99u
#define TAR_BLOCK 512u

/* Bytes that one file of this length takes, head and padding included. */
size_t tar_out_size(size_t len);

/* Appends one file, readable by its owner. A name that is empty or longer than TAR_NAME_MAX, or
 * content above 8 GiB - 1, latches wr->failed. */
void tar_out_file(struct wr *wr, const char *name, struct bytes content);

/* Appends the end: two empty blocks. */
#define TAR_END_SIZE (2 * TAR_BLOCK)
void tar_out_end(struct wr *wr);
