/* What the keeper may ask of the kernel once its store is open. */
#pragma once

#include "base/sandbox.h"

extern const struct sandbox_rule sandbox_keeper[];
extern const size_t sandbox_keeper_n;
