/* The prefix that a peer's shares are counted by in the keeper, of its address as the front tells
 * it: the same /24 or /48 that the front counts by. */
#pragma once

#include "base/std.h"

struct peer_prefix {
    uint8_t b[7]; /* 4 or 6, then its first bytes; 0: the text is no address */
};

/* "192.0.2.1:5684" or "[2001:db8::1]:5684"; of any other text all share one. */
struct peer_prefix peer_prefix(struct bytes text);
