/* Operators on the control socket: root and the socket's group, by SO_PEERCRED; one command a
 * connection, and before it at most one file that the command is about. */
#pragma once

#include <poll.h>

#include "keeper/control.h"

#define CLIENTS_MAX 16u
#define CLIENTS_FILES_MAX 2u /* 8 MiB each; two operators may publish at once */

struct clients {
    int listener; /* -1 until main passed it */
    struct client {
        struct ipc *ipc; /* NULL: free */
        int64_t since_ms;
        unsigned uid;
        bool answered;
        bool has_file;            /* one was sent: no second one may come */
        struct control_file file; /* owned; before its command came */
    } clients[CLIENTS_MAX];
};

void clients_init(struct clients *clients);
void clients_done(struct clients *clients);
size_t clients_poll(const struct clients *clients, struct pollfd *fds, size_t max);

/* Accepts, reads, runs commands and sends; answers wait in the keeper's outbox for the commit. */
void clients_turn(struct clients *clients, struct keeper *keeper, int64_t now_ms);
