/* From what main told to a keeper that can serve. */
#pragma once

#include "keeper/keeper.h"

#define STORE_PATH_MAX 512

/* Makes everything of the setup message; copies it. Returns 0 or a negative errno, logged. */
MUST_CHECK int keeper_open(struct keeper *keeper, const struct clock *clock, struct bytes setup);
void keeper_close(struct keeper *keeper);

/* Takes limits and EK anchors that a reload brought (the body of a MSG_KEEPER_LIMITS); they hold
 * for what is enrolled from now. Returns 0, 1 when the body is none, or a negative errno; then all
 * stays as it was. */
MUST_CHECK int keeper_limits(struct keeper *keeper, struct bytes body);

/* Logs what of a setup is no good. Returns r, or -EINVAL for a positive one. */
int keeper_fail(const char *what, int r);
