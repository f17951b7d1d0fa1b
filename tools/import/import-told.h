/* What an importer's text says, for programs. */
#pragma once

#include <jansson.h>

#include "base/std.h"

/* {"releases": ["COMPONENT NAME VERSION"], "sets": ["KIND NAME"], "digests": how many lines of a
 * list begin with one, "left_out": what stands behind "NOT IMPORTED"}. The text is one of
 * import.h's. Owned; NULL when memory ends. */
json_t *import_told(struct bytes text);
