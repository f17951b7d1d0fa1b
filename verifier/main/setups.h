/* The first messages to a role: everything it gets to know. */
#pragma once

#include "base/ipc.h"
#include "main/keyring.h"
#include "main/listen.h"

/* Each returns 0, or a negative errno: -ENOBUFS or -E2BIG when it does not fit, another one when
 * the role is gone. */

/* Keys, limits and sockets of one worker, its channel to the keeper (taken), and the start. The one
 * behind the last worker is the front over TCP. */
MUST_CHECK int setups_front(struct ipc *front, const struct settings *settings,
                            const struct keyring *keyring, const struct shared_keys *shared,
                            const struct listen_sockets *sockets, size_t worker, int take_keeper);

/* New keys of the kind that fronts share, for one that serves already. */
MUST_CHECK int setups_keys(struct ipc *front, const struct shared_keys *shared);

/* Keys, site and anchors, and the control socket; the start is the caller's to say. */
MUST_CHECK int setups_keeper(struct ipc *keeper, const struct settings *settings,
                             const struct keyring *keyring, const struct listen_sockets *sockets);

/* What a rotation or a reload changed, to a role that runs. */
MUST_CHECK int setups_front_secrets(struct ipc *front, const struct keyring *keyring);
MUST_CHECK int setups_keeper_keys(struct ipc *keeper, const struct keyring *keyring);
MUST_CHECK int setups_front_limits(struct ipc *front, const struct settings *settings, bool stream);
MUST_CHECK int setups_keeper_limits(struct ipc *keeper, const struct settings *settings,
                                    const struct keyring *keyring);

/* Whether the keeper's first message has room for these keys and certificates. */
bool setups_fit(const struct settings *settings, const struct keyring *keyring);
