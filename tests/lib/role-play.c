#include "role-play.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "crypto/x509-make.h"
#include "keeper/serve.h"
#include "roles/roles.h"
#include "roles/setup.h"

enum { UNKNOWN = 999, SETUP_ROOM = 16384 };

const struct role_play_row role_play_rows[] = {
#define MESSAGE(name, number, sender, receiver, most) {#name, (number)},
#include "roles/message.def"
#undef MESSAGE
    {"unknown", UNKNOWN},
};
const size_t role_play_n_rows = ARRAY_LEN(role_play_rows);

size_t
role_play_limit(uint16_t type)
{
    (void)type;
    return 8 * 1024 * 1024;
}

static struct bytes front_setup_bytes;
static struct bytes keeper_setup_bytes;
static struct bytes front_limits_bytes;
static struct bytes front_keys_bytes;
static struct bytes keeper_limits_bytes;
static struct bytes front_secrets_bytes;
static struct bytes keeper_keys_bytes;

static void
make_news(void)
{
    static uint8_t rooms[3][1024];
    struct wr front_wr = wr_init(rooms[0], sizeof(rooms[0]));
    struct wr keys_wr = wr_init(rooms[1], sizeof(rooms[1]));
    struct wr keeper_wr = wr_init(rooms[2], sizeof(rooms[2]));
    struct front_limits front = {.handshakes_max = 10, .body_max = 1000};
    struct keeper_limits keeper = {.pending_max = 10, .pending_days = 1};
    struct shared_keys keys = {0};

    front_limits_write(&front_wr, &front);
    shared_keys_write(&keys_wr, &keys);
    keeper_limits_write(&keeper_wr, &keeper);
    front_limits_bytes = wr_done(&front_wr);
    front_keys_bytes = wr_done(&keys_wr);
    keeper_limits_bytes = wr_done(&keeper_wr);
    CHECK(front_limits_bytes.p && front_keys_bytes.p && keeper_limits_bytes.p);
}

/* What a rotation brings: here the same keys once more. */
static void
make_rotation(const struct front_setup *front, const struct keeper_setup *keeper)
{
    static uint8_t rooms[2][SETUP_ROOM];
    struct wr front_wr = wr_init(rooms[0], SETUP_ROOM);
    struct wr keeper_wr = wr_init(rooms[1], SETUP_ROOM);
    struct front_secrets secrets = {.certificate = front->certificate, .key = front->key};

    memcpy(secrets.masters, front->masters, sizeof(secrets.masters));
    front_secrets_write(&front_wr, &secrets);
    keeper_keys_write(&keeper_wr, keeper);
    front_secrets_bytes = wr_done(&front_wr);
    keeper_keys_bytes = wr_done(&keeper_wr);
    CHECK(front_secrets_bytes.p && keeper_keys_bytes.p);
}

void
role_play_setups(void)
{
    static uint8_t front_room[SETUP_ROOM];
    static uint8_t keeper_room[SETUP_ROOM];
    static const char *const names[] = {"127.0.0.1"};
    struct x509_make what = {X509_MAKE_CA, "CA", NULL, 0, 0, INT32_MAX};
    struct wr front_wr = wr_init(front_room, SETUP_ROOM);
    struct wr keeper_wr = wr_init(keeper_room, SETUP_ROOM);
    struct front_setup front = {.site = bytes_str("test.assay"), .masters = {{1, {1}}}};
    struct keeper_setup keeper = {
        .site = bytes_str("test.assay"),
        .issuer = bytes_str("https://test.assay"),
        .store_path = bytes_str(":memory:"),
        .masters = {{1, {1}}},
        .nonce_keys = {{1, {1}}},
    };
    struct privkey *key = NULL;
    char *ca = NULL;
    char *cert = NULL;
    char *pem = NULL;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_to_pem(key, &pem), 0);
    CHECK_EQ(x509_make(&what, key, NULL, BYTES_NULL, &ca), 0);
    what = (struct x509_make){X509_MAKE_SERVER, "v", names, 1, 0, INT32_MAX};
    CHECK_EQ(x509_make(&what, key, key, bytes_str(ca), &cert), 0);
    front.certificate = bytes_str(cert);
    front.key = keeper.token_key = keeper.site_key = keeper.audit_key = bytes_str(pem);
    front_setup_write(&front_wr, &front);
    keeper_setup_write(&keeper_wr, &keeper);
    front_setup_bytes = wr_done(&front_wr);
    keeper_setup_bytes = wr_done(&keeper_wr);
    CHECK(front_setup_bytes.p && keeper_setup_bytes.p);
    make_news();
    make_rotation(&front, &keeper);
    privkey_free(key);
    free(ca);
    free(cert);
    free(pem);
}

struct role_play
role_play_start(int (*serve)(int))
{
    struct role_play played;
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    played.pid = fork();
    CHECK(played.pid >= 0);
    if (played.pid == 0) {
        close(fds[0]);
        CHECK(freopen("/dev/null", "w", stderr)); /* each refusal is logged, hundreds of them */
        CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        _exit(serve(fds[1]));
    }
    close(fds[1]);
    played.ipc = ipc_new(fds[0], true, role_play_limit);
    CHECK(played.ipc);
    return played;
}

int
role_play_socket(int *ret_end)
{
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    if (ret_end) {
        *ret_end = fds[1];
    } else {
        close(fds[1]);
    }
    return fds[0];
}

static struct bytes
body_of(uint16_t type)
{
    switch (type) {
    case MSG_FRONT_SETUP:
        return front_setup_bytes;
    case MSG_FRONT_LIMITS:
        return front_limits_bytes;
    case MSG_FRONT_KEYS:
        return front_keys_bytes;
    case MSG_KEEPER_SETUP:
        return keeper_setup_bytes;
    case MSG_KEEPER_LIMITS:
        return keeper_limits_bytes;
    case MSG_FRONT_SECRETS:
        return front_secrets_bytes;
    case MSG_KEEPER_KEYS:
        return keeper_keys_bytes;
    default:
        return BYTES_NULL;
    }
}

void
role_play_say(const struct role_play *played, uint16_t type, int take_fd)
{
    struct bytes body = body_of(type);
    int r = ipc_send(played->ipc, type, 1, &body, 1, take_fd);

    CHECK(r == 0 || r == -EPIPE || r == -ECONNRESET);
}

void
role_play_hear(const struct role_play *played, uint16_t type)
{
    struct ipc_msg msg;

    CHECK_EQ(ipc_recv(played->ipc, &msg), IPC_OK);
    CHECK_EQ(msg.type, type);
}

int
role_play_end(struct role_play *played)
{
    int status = 0;

    ipc_freep(&played->ipc);
    CHECK_EQ(waitpid(played->pid, &status, 0), played->pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

struct role_play
role_play_keeper(unsigned state)
{
    struct role_play played = role_play_start(keeper_serve);

    if (state >= 1) {
        role_play_say(&played, MSG_KEEPER_SETUP, -1);
    }
    if (state >= 2) {
        role_play_say(&played, MSG_KEEPER_CONTROL, role_play_socket(NULL));
    }
    if (state >= 3) {
        role_play_say(&played, MSG_KEEPER_START, -1);
        role_play_hear(&played, MSG_KEEPER_READY);
    }
    return played;
}
