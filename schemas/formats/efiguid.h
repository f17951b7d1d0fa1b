/* GUIDs as UEFI stores them (the first three fields little-endian), and names of those that event
 * logs are full of. UEFI 2.10 appendix A, sections 3.3 and 32. */
#pragma once

#include "base/std.h"

#define EFIGUID_LEN 16u

/* "d719b2cb-3d3a-4596-a3bc-dad00e67656f"; guid is EFIGUID_LEN bytes. Returns room. */
#define EFIGUID_TEXT_MAX 40u
const char *efiguid_text(struct bytes guid, char room[EFIGUID_TEXT_MAX]);

/* Is it such a text: 8-4-4-4-12 digits, lower case? */
bool efiguid_is_text(struct bytes text);

/* A short name such as "global" or "image-security", else the text as above. */
const char *efiguid_name(struct bytes guid, char room[EFIGUID_TEXT_MAX]);
