/* The front's loop: epoll over its sockets, its timer, its stop signal and what others watch. The
 * calls of front.h that concern the loop are in loop.c. */
#pragma once

#include "front/state.h"

/* Marks all descriptors but the sockets as not there, so that loop_done() is always fine. */
void loop_clear(struct front *front);
MUST_CHECK int loop_init(struct front *front);
void loop_done(struct front *front);
