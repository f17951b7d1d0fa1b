/* From what main told to a keeper that can serve. */
#pragma once

#include "keeper/keeper.h"

/* Makes everything of the setup message; copies it. Returns 0 or a negative errno, logged. */
MUST_CHECK int keeper_open(struct keeper *keeper, const struct clock *clock, struct bytes setup);
void keeper_close(struct keeper *keeper);
