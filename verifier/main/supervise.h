/* Main's life: starts the roles, connects them, starts again what ends, and ends them all. */
#pragma once

#include "main/keyring.h"
#include "main/listen.h"
#include "main/role.h"

struct supervise_config {
    const char *path;          /* of the configuration, for reloads */
    struct settings *settings; /* a reload changes what is live of both */
    struct keyring *keyring;
    const struct listen_sockets *sockets;
    const struct role_user *user;
};

/* Serves until SIGTERM or SIGINT, then ends every role. A role that ends by itself before all were
 * ready once ends the service: what keeps it from starting is for an operator. SIGHUP reloads
 * (main/reload.h). systemd is told of readiness, reloads, life (watchdog) and the end. Returns 0, 1
 * after such a start, or a negative errno. */
MUST_CHECK int supervise_run(const struct supervise_config *config);
