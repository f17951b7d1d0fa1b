/* The boot that is kept beside the last accepted one, slot by slot. Inside tools/explain. */
#pragma once

#include "base/json-wr.h"
#include "explain/explain-case.h"

/* Writes the member `diff` of explain-device.h; null when no log of accepted evidence is kept.
 * Returns 0 or a negative errno. */
MUST_CHECK int explain_diff(struct json_wr *j, const struct explain_case *c);
