/* What a front may ask of the kernel once it serves. */
#pragma once

#include "base/sandbox.h"

extern const struct sandbox_rule sandbox_front[];
extern const size_t sandbox_front_n;
