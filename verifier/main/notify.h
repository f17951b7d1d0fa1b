/* sd_notify(3) without its library: one datagram to the socket that NOTIFY_SOCKET names. */
#pragma once

#include "base/std.h"

/* Does nothing without that variable. Returns 0 or a negative errno. */
MUST_CHECK int notify_systemd(const char *state);
