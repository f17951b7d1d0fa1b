#include "base/sandbox.h"

/* An ordinary build needs nothing beside. */
const struct sandbox_rule sandbox_build_rules[] = {SANDBOX_ANY("exit_group")};
const size_t sandbox_build_n_rules = 0;
