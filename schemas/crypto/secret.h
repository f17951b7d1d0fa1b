/* A secret of fixed length in memory that is locked (never swapped), left out of core dumps and of
 * forked children, and wiped when freed. It is not copied, compared or printed by anything here. */
#pragma once

#include "base/std.h"

#define SECRET_MAX 1024u /* longest that we hold: a DTLS session with its ticket, about 450 */

struct secret;

/* Returns 0 and a zero-filled *ret, -EINVAL for a length of 0 or above SECRET_MAX, -ENOMEM, or
 * mlock's error (RLIMIT_MEMLOCK: one page each). */
MUST_CHECK int secret_new(size_t len, struct secret **ret);
void secret_free(struct secret *secret);
void secret_freep(struct secret **secret);

/* The bytes, for the secret's life. */
struct bytes secret_bytes(const struct secret *secret);

/* The same to be filled by the one who makes the secret. */
uint8_t *secret_room(struct secret *secret);
