/* UTF-8 as RFC 3629 allows it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include "base/std.h"

bool utf8_valid(struct bytes text);
