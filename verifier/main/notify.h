/* sd_notify(3) without its library: one datagram to the socket that NOTIFY_SOCKET names. */
#pragma once

#include "base/std.h"

/* Does nothing without that variable. Waits for room for a second at most: whoever does not read
 * must not hold up the roles' restarts. Returns 0 or a negative errno. */
MUST_CHECK int notify_systemd(const char *state);

/* WATCHDOG=1, without any wait: the next one is soon. Returns as notify_systemd(). */
MUST_CHECK int notify_life(void);

/* How often systemd wants to hear WATCHDOG=1 from this process: half of its patience, as
 * sd_watchdog_enabled(3) advises; 0: it does not. */
int64_t notify_watchdog_ms(void);
