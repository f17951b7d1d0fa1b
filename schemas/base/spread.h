/* Where a key goes in a table that strangers fill. Seeded with random bits, so that nobody can
 * choose keys that meet in one place. No MAC: who sees results may find the seed, so they stay
 * inside. */
#pragma once

#include "base/std.h"

/* The low bits are as good as the high ones; any value comes, 0 too. */
uint64_t spread(uint64_t seed, struct bytes key);

/* The same and never 0, where 0 stands for a free place. */
uint64_t spread_key(uint64_t seed, struct bytes key);
