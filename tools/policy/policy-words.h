/* Words and an order that the compiler reads by and the shown text is written by. */
#pragma once

#include "base/std.h"

enum { POLICY_KEYS = 5, POLICY_EFFECTS = 3, POLICY_MODES = 3 };

extern const char *const policy_keys[POLICY_KEYS];       /* by bit of BUNDLE_KEY_ */
extern const char *const policy_effects[POLICY_EFFECTS]; /* by enum reason_effect */
extern const char *const policy_modes[POLICY_MODES];     /* by enum bundle_mode, less one */

/* Bytewise, of two that begin alike the shorter first: as a bundle has its names. Returns less than
 * 0, 0 or more, as memcmp() does. */
int policy_order(struct bytes a, struct bytes b);
