/* The front's loop: epoll over its sockets, its timer, its stop signal and what others watch. The
 * calls of front.h that concern the loop are in loop.c. */
#pragma once

#include "front/state.h"

/* Marks all descriptors but the sockets as not there, so that loop_done() is always fine. */
void loop_clear(struct front *front);
MUST_CHECK int loop_init(struct front *front);
void loop_done(struct front *front);

/* Tells epoll of a connection's socket, new or known, and what is waited for (its bits). A socket
 * that is closed is forgotten by itself. Returns 0 or -errno. */
MUST_CHECK int loop_interest(struct front *front, int fd, const struct conn *conn, uint32_t events,
                             bool added);
