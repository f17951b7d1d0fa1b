/* A tar archive as attestor/agent/tar-out writes it and POSIX tools pack it again: POSIX.1-2017 pax
 * "ustar interchange format", regular files with plain names and nothing else. No link, folder,
 * device or extension, no path: a name is letters, digits, '.', '-' and '_'. Owners, modes and
 * times are nobody's business and not looked at. */
#pragma once

#include "base/fault.h"
#include "base/rd.h"

#define TAR_IN_BLOCK 512u
#define TAR_IN_FILES 64u /* a support bundle has at most 24 */

struct tar_in_file {
    struct bytes name; /* 1 to 99 bytes */
    struct bytes content;
};

/* Plain data; views into what is read. */
struct tar_in {
    struct rd rd;
    uint32_t n_read;
};

struct tar_in tar_in_open(struct bytes in);

enum { TAR_IN_E_END = 1, TAR_IN_E_FAULT = 2 };

/* The next file, in *ret, which is untouched unless the result is 0; TAR_IN_E_END behind the last:
 * two empty blocks, and nothing but zeros in whole blocks behind them; or TAR_IN_E_FAULT (the TAR_
 * rules; event is the file's number from 0), and again at each further call. */
MUST_CHECK int tar_in_next(struct tar_in *tar, struct tar_in_file *ret, struct fault *ret_fault);
