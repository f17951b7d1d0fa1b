/* Names that people choose and that stand in files, URLs, tokens and settings: of audiences,
 * classes, backups. One rule for the device that asks and the verifier that grants. */
#pragma once

#include "base/std.h"

#define NAME_RULE "1 to 63 letters, digits, '-', '_' and '.', no dot first"

/* Whether a name is as NAME_RULE says: no path, no option of a token, one word of a list. */
bool name_good(struct bytes name);
