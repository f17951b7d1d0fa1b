#include "keeper/clients.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "roles/roles.h"

enum { CLIENT_LIMIT_MS = 10000 };

void
clients_init(struct clients *clients)
{
    *clients = (struct clients){.listener = -1};
}

static void
file_drop(struct client *client)
{
    free((void *)(uintptr_t)client->file.bytes.p);
    client->file = (struct control_file){.there = false};
}

static void
client_end(struct client *client)
{
    file_drop(client);
    ipc_free(client->ipc);
    *client = (struct client){0};
}

void
clients_done(struct clients *clients)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        client_end(&clients->clients[i]);
    }
    if (clients->listener >= 0) {
        close(clients->listener);
        clients->listener = -1;
    }
}

size_t
clients_poll(const struct clients *clients, struct pollfd *fds, size_t max)
{
    size_t n = 0;

    if (clients->listener >= 0 && n < max) {
        fds[n++] = (struct pollfd){.fd = clients->listener, .events = POLLIN};
    }
    for (size_t i = 0; i < CLIENTS_MAX && n < max; i++) {
        struct ipc *ipc = clients->clients[i].ipc;

        if (ipc) {
            fds[n++] = (struct pollfd){
                .fd = ipc_fd(ipc),
                .events = (short)(POLLIN | (ipc_pending(ipc) ? POLLOUT : 0)),
            };
        }
    }
    return n;
}

/* The socket's mode lets root and its group connect; who it was is for the audit log. */
static bool
peer_uid(int fd, unsigned *ret_uid)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return false;
    }
    *ret_uid = peer.uid;
    return true;
}

static void
accept_one(struct clients *clients, int64_t now_ms)
{
    int fd = accept4(clients->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    unsigned uid = 0;

    if (fd < 0) {
        return;
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (!clients->clients[i].ipc && peer_uid(fd, &uid)) {
            clients->clients[i] = (struct client){
                .ipc = ipc_new(fd, false, roles_client_to_keeper),
                .since_ms = now_ms,
                .uid = uid,
            };
            return;
        }
    }
    close(fd); /* sixteen operators at once are enough */
}

static size_t
files_held(const struct clients *clients)
{
    size_t n = 0;

    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        n += clients->clients[i].file.there;
    }
    return n;
}

/* Kept until the command has run. Where too many are, the command says so. */
static void
keep_file(const struct clients *clients, struct client *client, struct bytes body)
{
    uint8_t *copy =
        files_held(clients) < CLIENTS_FILES_MAX ? malloc(body.len ? body.len : 1) : NULL;

    client->has_file = true;
    client->file.full = copy == NULL;
    if (copy) {
        if (body.len > 0) {
            memcpy(copy, body.p, body.len);
        }
        client->file.there = true;
        client->file.bytes = bytes_of(copy, body.len);
    }
}

/* Whether a message is one that may come now; then it is done. */
static bool
client_heard(const struct clients *clients, struct client *client, struct keeper *keeper,
             const struct ipc_msg *msg, int64_t now_ms)
{
    if (client->answered || (msg->type == MSG_CONTROL_FILE && client->has_file)) {
        return false;
    }
    if (msg->type == MSG_CONTROL_FILE) {
        keep_file(clients, client, msg->body);
        return true;
    }
    client->answered = true;
    client->since_ms = now_ms;
    control_run(keeper, client->ipc, client->uid, &client->file, msg->body);
    file_drop(client);
    return true;
}

static void
client_turn(const struct clients *clients, struct client *client, struct keeper *keeper,
            int64_t now_ms)
{
    struct ipc_msg msg;
    int r = ipc_flush(client->ipc);

    if (r == 0) {
        r = ipc_recv(client->ipc, &msg);
    }
    if (r == IPC_AGAIN && now_ms - client->since_ms <= CLIENT_LIMIT_MS) {
        return;
    }
    if (r == IPC_OK && msg.fd >= 0) {
        close(msg.fd); /* a command carries none */
        r = IPC_E_FORM;
    }
    if (r == IPC_OK && client_heard(clients, client, keeper, &msg, now_ms)) {
        return;
    }
    outbox_forget(keeper->outbox, client->ipc);
    client_end(client);
}

void
clients_turn(struct clients *clients, struct keeper *keeper, int64_t now_ms)
{
    if (clients->listener >= 0) {
        accept_one(clients, now_ms);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (clients->clients[i].ipc) {
            client_turn(clients, &clients->clients[i], keeper, now_ms);
        }
    }
}
