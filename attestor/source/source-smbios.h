/* What the machine says of itself: SMBIOS strings as the kernel shows them. Hints for people;
 * nobody vouches for them. DMTF DSP0134, types 0 and 1. */
#pragma once

#include "base/limits.h"
#include "base/std.h"

#define SOURCE_SMBIOS_PATH "/sys/class/dmi/id"

/* Printable ASCII, '?' for any other byte, cut to LIMIT_TEXT; "" where there is none. */
struct source_smbios {
    char maker[LIMIT_TEXT + 1];
    char model[LIMIT_TEXT + 1];
    char serial[LIMIT_TEXT + 1];
    char firmware[LIMIT_TEXT + 1];
};

/* Missing and unreadable files leave their text empty: a machine need not have any. */
void source_smbios_read(const char *dir, struct source_smbios *ret);

/* The text, or a view with p == NULL when it is empty; at most max bytes of it. */
struct bytes source_smbios_text(const char *text, size_t max);
