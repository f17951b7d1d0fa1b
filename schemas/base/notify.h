/* sd_notify(3) without its library: one datagram to the socket that NOTIFY_SOCKET names. Everything
 * here does nothing, and returns 0, where that variable is not set. */
#pragma once

#include "base/std.h"

/* Waits for room for a second at most: whoever does not read must not hold us up. Returns 0 or a
 * negative errno. */
MUST_CHECK int notify_systemd(const char *state);

/* RELOADING=1 with the time that systemd wants beside it; READY=1 follows when it is done. Returns
 * as notify_systemd(). */
MUST_CHECK int notify_reloading(void);

/* STATUS=, what `systemctl status` shows: a line of what and why, cut where it is too long. What is
 * not printable ASCII becomes '?': behind a line feed a peer's text would be a word of its own to
 * systemd. Does not wait. Returns as notify_systemd(). */
MUST_CHECK int notify_status(const char *what, const char *why);

/* WATCHDOG=1, without any wait: the next one is soon. Returns as notify_systemd(). */
MUST_CHECK int notify_life(void);

/* How often systemd wants to hear WATCHDOG=1 from this process: half of its patience, as
 * sd_watchdog_enabled(3) advises; 0: it does not. */
int64_t notify_watchdog_ms(void);
