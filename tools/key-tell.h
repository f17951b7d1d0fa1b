/* Has the running verifier read the keys again. Main owns them and reads no socket: it is told by
 * SIGHUP, and the keeper, which answers on the control socket, says which list it uses. */
#pragma once

#include <jansson.h>

#include "main/settings.h"

enum key_tell {
    KEY_TELL_TAKEN,  /* fronts and keeper use the list */
    KEY_TELL_NOBODY, /* no verifier runs there; the next start takes it */
    KEY_TELL_NOT,    /* it did not in time, or may not be told by us; said on stderr */
};

/* Tells the verifier to take the list of this folder, and waits until it uses it. */
enum key_tell key_tell(const struct settings *settings);

/* Whether the verifier uses it, asked once. *ret_answer is what the keeper says of its keys, to be
 * freed by json_decref(), or NULL: nobody listens there, or the reason stands on stderr. */
enum key_tell key_tell_state(const struct settings *settings, json_t **ret_answer);

/* Its stamp as the keeper tells it, 16 hex digits. Returns 0 or a negative errno. */
MUST_CHECK int key_tell_stamp(const char *folder, char ret[17]);
