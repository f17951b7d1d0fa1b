/* The words of a kernel command line as the kernel splits it (lib/cmdline.c, next_arg): blanks
 * separate, double quotes hold them together. Quotes are left out of the word wherever they stand,
 * so that nothing that is denied hides in them. */
#pragma once

#include "base/std.h"

#define KERNEL_ARG_MAX 2048u /* longest command line that a kernel we know takes */

struct kernel_arg {
    struct bytes word; /* in room */
    struct bytes raw;  /* the same as it stands in the line, with its quotes */
    bool too_long;     /* word is cut: nothing may be concluded from it */
    uint8_t room[KERNEL_ARG_MAX];
};

/* The next word; false at the end of the line. A NUL ends it, as it does for the kernel. */
bool kernel_args_next(struct bytes *line, struct kernel_arg *ret);
