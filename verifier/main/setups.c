#include "main/setups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "roles/roles.h"

/* message.def: FRONT_SETUP and FRONT_SECRETS, FRONT_KEYS, KEEPER_SETUP and KEEPER_KEYS */
enum { FRONT_ROOM = 65536, KEYS_ROOM = 256, KEEPER_ROOM = 262144 };

/* Sends what was written, or -E2BIG, and wipes it. */
static int
send_written(struct ipc *ipc, uint16_t type, struct wr *wr)
{
    struct bytes part = wr_done(wr);
    int r = part.p ? ipc_send(ipc, type, 0, &part, 1, -1) : -E2BIG;

    wipe(wr->p, wr->cap);
    return r;
}

/* A descriptor of ours that stays ours. */
static int
send_copy(struct ipc *ipc, uint16_t type, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    return copy < 0 ? -errno : ipc_send(ipc, type, 0, NULL, 0, copy);
}

/* Largest evidence that a front takes. */
static uint32_t
body_max(const struct settings *settings, bool stream)
{
    return (uint32_t)(stream ? settings->tcp_body : settings->body);
}

static int
send_front_keys(struct ipc *front, const struct settings *settings, const struct keyring *keyring,
                const struct shared_keys *shared, bool stream)
{
    CLEANUP(free_p) uint8_t *room = malloc(FRONT_ROOM);
    struct wr wr = wr_init(room, room ? FRONT_ROOM : 0);
    struct front_setup setup = {
        .site = bytes_str(settings->site),
        .certificate = keyring->server_cert,
        .key = keyring->server_key,
        .connections_max = (uint32_t)settings->connections,
        .handshakes_max = (uint32_t)settings->handshakes,
        .body_max = body_max(settings, stream),
        .log_level = (enum log_level)settings->log_level,
    };

    memcpy(setup.masters, keyring->masters, sizeof(setup.masters));
    setup.shared = *shared;
    if (room) {
        front_setup_write(&wr, &setup);
    }
    wipe(&setup, sizeof(setup));
    return room ? send_written(front, MSG_FRONT_SETUP, &wr) : -ENOMEM;
}

int
setups_front(struct ipc *front, const struct settings *settings, const struct keyring *keyring,
             const struct shared_keys *shared, const struct listen_sockets *sockets, size_t worker,
             int take_keeper)
{
    bool stream = worker == sockets->n_workers;
    int r = send_front_keys(front, settings, keyring, shared, stream);
    const int *fds = stream ? sockets->tcp : sockets->udp[worker];
    size_t n = stream ? sockets->n_tcp : sockets->n_addresses;

    for (size_t i = 0; i < n && r == 0; i++) {
        r = send_copy(front, MSG_FRONT_SOCKET, fds[i]);
    }
    if (r != 0) {
        close(take_keeper);
        return r;
    }
    r = ipc_send(front, MSG_FRONT_KEEPER, 0, NULL, 0, take_keeper);
    return r == 0 ? ipc_send(front, MSG_FRONT_START, 0, NULL, 0, -1) : r;
}

int
setups_keys(struct ipc *front, const struct shared_keys *shared)
{
    uint8_t room[KEYS_ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    shared_keys_write(&wr, shared);
    return send_written(front, MSG_FRONT_KEYS, &wr);
}

int
setups_front_secrets(struct ipc *front, const struct keyring *keyring)
{
    CLEANUP(free_p) uint8_t *room = malloc(FRONT_ROOM);
    struct wr wr = wr_init(room, room ? FRONT_ROOM : 0);
    struct front_secrets secrets = {
        .certificate = keyring->server_cert,
        .key = keyring->server_key,
    };

    memcpy(secrets.masters, keyring->masters, sizeof(secrets.masters));
    if (room) {
        front_secrets_write(&wr, &secrets);
    }
    wipe(&secrets, sizeof(secrets));
    return room ? send_written(front, MSG_FRONT_SECRETS, &wr) : -ENOMEM;
}

static void
keys_fill(const struct keyring *keyring, struct keeper_setup *ret)
{
    ret->token_key = keyring->token_key;
    ret->rsa_key = keyring->rsa_key;
    ret->pairwise_key = keyring->pairwise_key;
    ret->site_key = keyring->site_key;
    ret->audit_key = keyring->audit_key;
    ret->n_token_more = keyring->n_token_more;
    ret->n_audit_old = keyring->n_audit_old;
    ret->n_policy_keys = keyring->n_policy_keys;
    ret->n_chain = keyring->n_chain;
    memcpy(ret->masters, keyring->masters, sizeof(ret->masters));
    memcpy(ret->nonce_keys, keyring->nonce_keys, sizeof(ret->nonce_keys));
    memcpy(ret->token_more, keyring->token_more, sizeof(ret->token_more));
    memcpy(ret->audit_old, keyring->audit_old, sizeof(ret->audit_old));
    memcpy(ret->policy_keys, keyring->policy_keys, sizeof(ret->policy_keys));
    memcpy(ret->stamp, keyring->stamp, sizeof(ret->stamp));
    memcpy(ret->chain, keyring->chain, sizeof(ret->chain));
}

static void
keeper_write(struct wr *wr, const struct settings *settings, const struct keyring *keyring)
{
    struct keeper_setup setup = {
        .site = bytes_str(settings->site),
        .issuer = bytes_str(settings->issuer),
        .store_path = bytes_str(settings->store),
        .audit_tokens = settings->audit_tokens,
        .n_anchors = keyring->n_anchors,
        .pending_max = (uint32_t)settings->pending_max,
        .pending_days = (uint32_t)settings->pending_days,
        .log_level = (enum log_level)settings->log_level,
    };

    keys_fill(keyring, &setup);
    memcpy(setup.anchors, keyring->anchors, sizeof(setup.anchors));
    keeper_setup_write(wr, &setup);
    wipe(&setup, sizeof(setup));
}

int
setups_keeper_keys(struct ipc *keeper, const struct keyring *keyring)
{
    CLEANUP(free_p) uint8_t *room = malloc(KEEPER_ROOM);
    struct wr wr = wr_init(room, room ? KEEPER_ROOM : 0);
    struct keeper_setup keys = {.n_chain = 0};

    if (!room) {
        return -ENOMEM;
    }
    keys_fill(keyring, &keys);
    keeper_keys_write(&wr, &keys);
    wipe(&keys, sizeof(keys));
    return send_written(keeper, MSG_KEEPER_KEYS, &wr);
}

int
setups_keeper(struct ipc *keeper, const struct settings *settings, const struct keyring *keyring,
              const struct listen_sockets *sockets)
{
    CLEANUP(free_p) uint8_t *room = malloc(KEEPER_ROOM);
    struct wr wr = wr_init(room, room ? KEEPER_ROOM : 0);
    int r;

    if (!room) {
        return -ENOMEM;
    }
    keeper_write(&wr, settings, keyring);
    r = send_written(keeper, MSG_KEEPER_SETUP, &wr);
    return r == 0 ? send_copy(keeper, MSG_KEEPER_CONTROL, sockets->control) : r;
}

bool
setups_fit(const struct settings *settings, const struct keyring *keyring)
{
    CLEANUP(free_p) uint8_t *room = malloc(KEEPER_ROOM);
    struct wr wr = wr_init(room, room ? KEEPER_ROOM : 0);
    bool fits;

    if (!room) {
        return false;
    }
    keeper_write(&wr, settings, keyring);
    fits = wr_done(&wr).p != NULL;
    wipe(room, KEEPER_ROOM);
    return fits;
}

int
setups_front_limits(struct ipc *front, const struct settings *settings, bool stream)
{
    uint8_t room[64];
    struct wr wr = wr_init(room, sizeof(room));

    front_limits_write(&wr, &(struct front_limits){(uint32_t)settings->handshakes,
                                                   body_max(settings, stream),
                                                   (enum log_level)settings->log_level});
    return send_written(front, MSG_FRONT_LIMITS, &wr);
}

int
setups_keeper_limits(struct ipc *keeper, const struct settings *settings,
                     const struct keyring *keyring)
{
    CLEANUP(free_p) uint8_t *room = malloc(KEEPER_ROOM);
    struct wr wr = wr_init(room, room ? KEEPER_ROOM : 0);
    struct keeper_limits limits = {
        .pending_max = (uint32_t)settings->pending_max,
        .pending_days = (uint32_t)settings->pending_days,
        .log_level = (enum log_level)settings->log_level,
        .n_anchors = keyring->n_anchors,
    };

    if (!room) {
        return -ENOMEM;
    }
    memcpy(limits.anchors, keyring->anchors, sizeof(limits.anchors));
    keeper_limits_write(&wr, &limits);
    return send_written(keeper, MSG_KEEPER_LIMITS, &wr);
}
