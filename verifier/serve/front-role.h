/* The front as a role: glue between front.h and the channels to main and keeper. It says who asked
 * what on which connection, passes answers back, and decides nothing. */
#pragma once

#include "base/std.h"

/* Serves until SIGTERM, or until main or the keeper is gone. Takes the channel to main. Returns the
 * exit status: 0 after SIGTERM or with main gone, 1 when it could not start, 3 when the keeper is
 * gone (main starts both again), 4 when main or keeper spoke out of turn. */
MUST_CHECK int front_role_serve(int take_fd);

/* The same over TCP: what main sends are listening sockets, and the list of calls is longer by what
 * accepting takes. */
MUST_CHECK int stream_role_serve(int take_fd);
