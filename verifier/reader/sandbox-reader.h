/* What a reader may ask of the kernel before it sees the first byte of a log. */
#pragma once

#include "base/sandbox.h"

extern const struct sandbox_rule sandbox_reader[];
extern const size_t sandbox_reader_n;
