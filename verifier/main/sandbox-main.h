/* What main may ask of the kernel once it has read its files and bound its sockets. A list goes
 * over to children, so this one holds what a role takes from its fork to its own list, and all of
 * those lists. */
#pragma once

#include "base/sandbox.h"

extern const struct sandbox_rule sandbox_main[];
extern const size_t sandbox_main_n;
