/* Nonce keys change by themselves, each day as delivered (attacks on the protocol, 20: keys daily,
 * two live): whoever stole one makes challenges with it for a day and not until somebody notices.
 * They are random and on disk as `assay key rotate nonce` leaves them, so that a restart goes on
 * with them; that command still changes them at any time. */
#pragma once

#include "main/keyset.h"

/* A challenge of the key before is taken for as long as one can live: the longest interval of a
 * class, and the minute that a device may be late. */
#define NONCE_RENEW_AFTER_S (86400 + 60)

/* When the nonce key of the list is to be replaced, if each serves for every_s; INT64_MAX: never,
 * as for every_s 0. A key whose time is further ahead than every_s was made by a clock that has
 * been set back since, and is due. */
int64_t nonce_renew_due_s(const struct keyset *set, int64_t every_s, int64_t now_s);

/* Makes a key if one is due by the list as it is on disk: its file, then the list, where the key
 * before stays until its challenges are over and older ones are dropped, then the files of those
 * are removed. Whatever ends it in between leaves the old list or the new one, whole.
 * Returns 0 when none was due, 1 when the new list is in place (with a problem if a file stayed
 * behind), or, with the problem, -EBADMSG when the list is broken, -EWOULDBLOCK while another
 * changes the folder, or another -errno. */
MUST_CHECK int nonce_renew(const char *folder, int64_t every_s, int64_t now_s,
                           struct conf_problem *problem);
