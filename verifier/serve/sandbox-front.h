/* What a front may ask of the kernel once it serves. */
#pragma once

#include "base/sandbox.h"

extern const struct sandbox_rule sandbox_front[];
extern const size_t sandbox_front_n;

/* Of a front over TCP. */
extern const struct sandbox_rule sandbox_stream[];
extern const size_t sandbox_stream_n;
