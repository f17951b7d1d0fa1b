/* The keeper's keys: from main's words to objects, at the start and after a rotation. */
#pragma once

#include "keeper/keeper.h"

/* Makes keys, their names and the key set of the setup's texts, and wipes these. Returns 0 or a
 * negative errno, logged. */
MUST_CHECK int keys_open(struct keeper *keeper);

/* Takes the keys of a rotation (the body of a MSG_KEEPER_KEYS): what is signed and derived from now
 * on is by them, what was made with a key that is gone is refused as a forgery would be. Returns 0,
 * 1 when the body is none, or a negative errno, logged; then all stays as it was, and the caller
 * ends. */
MUST_CHECK int keys_renew(struct keeper *keeper, struct bytes body);

/* Wipes what a rotation brought. */
void keys_forget(struct keeper *keeper);
