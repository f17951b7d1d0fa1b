/* Has the running verifier read the keys again. Main owns them and reads no socket: it is told by
 * SIGHUP, and the keeper, which answers on the control socket, says which list it uses. */
#pragma once

#include "main/settings.h"

enum key_tell {
    KEY_TELL_TAKEN,  /* fronts and keeper use the list */
    KEY_TELL_NOBODY, /* no verifier runs there; the next start takes it */
    KEY_TELL_NOT,    /* it did not in time, or may not be told by us; said on stderr */
};

/* Whether the verifier uses the list of this folder: KEY_TELL_TAKEN when it does. With `now` it is
 * told to first, and waited for. */
enum key_tell key_tell(const struct settings *settings, bool now);

/* Its stamp as the keeper tells it, 16 hex digits. Returns 0 or a negative errno. */
MUST_CHECK int key_tell_stamp(const char *folder, char ret[17]);
