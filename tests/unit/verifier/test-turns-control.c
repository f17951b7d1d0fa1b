/* An operator at the keeper's control socket: every message of roles/message.def, and one that is
 * none; a file comes once, before its command, bounded in size and number. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/role-play.h"
#include "roles/control-wire.h"
#include "roles/roles.h"

static char socket_path[] = "/tmp/assay-turns-XXXXXX/control";
static char *const socket_folder_end = socket_path + sizeof("/tmp/assay-turns-XXXXXX") - 1;

static struct sockaddr_un
socket_name(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    snprintf(name.sun_path, sizeof(name.sun_path), "%s", socket_path);
    return name;
}

/* A keeper that serves a control socket with a name. */
static struct role_play
keeper_with_control(void)
{
    struct role_play keeper = role_play_keeper(1);
    struct sockaddr_un name;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *socket_folder_end = '\0';
    CHECK(mkdtemp(socket_path));
    *socket_folder_end = '/';
    name = socket_name();
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    CHECK_EQ(listen(fd, 8), 0);
    role_play_say(&keeper, MSG_KEEPER_CONTROL, fd);
    role_play_say(&keeper, MSG_KEEPER_START, -1);
    role_play_hear(&keeper, MSG_KEEPER_READY);
    return keeper;
}

static struct ipc *
client_new(void)
{
    struct sockaddr_un name = socket_name();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct ipc *client;

    CHECK_EQ(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    client = ipc_new(fd, true, role_play_limit);
    CHECK(client);
    return client;
}

static void
client_send(struct ipc *client, uint16_t type, struct bytes part, int take_fd)
{
    int r = ipc_send(client, type, 1, &part, 1, take_fd);

    CHECK(r == 0 || r == -EPIPE);
}

/* Whether the keeper answers; else it has closed the connection. */
static bool
client_hears(struct ipc *client, struct control_answer *ret)
{
    struct ipc_msg msg;
    int r = ipc_recv(client, &msg);

    CHECK(r == IPC_OK || r == IPC_E_CLOSED || r == -ECONNRESET);
    return r == IPC_OK && msg.type == MSG_CONTROLLED && control_answer_read(msg.body, ret) == 0;
}

/* Sends a message of words, whatever its type. */
static void
client_say(struct ipc *client, uint16_t type, const struct control_words *words, int take_fd)
{
    uint8_t room[64];
    struct wr wr = wr_init(room, sizeof(room));

    control_words_write(&wr, words);
    client_send(client, type, wr_done(&wr), take_fd);
}

static bool
client_is_answered(struct ipc *client, uint16_t type, int take_fd)
{
    const struct control_words words = {.n = 1, .words = {bytes_str("status")}};
    struct control_answer answer;

    client_say(client, type, &words, take_fd);
    return client_hears(client, &answer);
}

static void
control_end(struct role_play *keeper)
{
    CHECK_EQ(role_play_end(keeper), 0);
    unlink(socket_path);
    *socket_folder_end = '\0';
    rmdir(socket_path);
}

static void
an_operator_to_the_keeper(void)
{
    struct role_play keeper;

    role_play_setups();
    keeper = keeper_with_control();
    for (size_t i = 0; i < 2 * role_play_n_rows; i++) {
        struct ipc *client = client_new();
        bool fd = i % 2 != 0;
        bool good = role_play_rows[i / 2].type == MSG_CONTROL && !fd;

        if (role_play_rows[i / 2].type == MSG_CONTROL_FILE && !fd) {
            ipc_free(client); /* it is followed by a command: below */
            continue;
        }
        CHECK_EQ(client_is_answered(client, role_play_rows[i / 2].type,
                                    fd ? role_play_socket(NULL) : -1),
                 good);
        CHECK(!client_is_answered(client, MSG_CONTROL, -1)); /* one command a connection */
        ipc_free(client);
    }
    control_end(&keeper);
}

static void
an_operators_file_comes_once_and_first(void)
{
    struct role_play keeper;
    struct ipc *client;

    role_play_setups();
    keeper = keeper_with_control();
    client = client_new();
    client_send(client, MSG_CONTROL_FILE, bytes_str("one"), -1);
    CHECK(!client_is_answered(client, MSG_CONTROL_FILE, -1));
    ipc_free(client);
    client = client_new();
    CHECK(client_is_answered(client, MSG_CONTROL, -1));
    CHECK(!client_is_answered(client, MSG_CONTROL_FILE, -1));
    ipc_free(client);
    client = client_new();
    client_send(client, MSG_CONTROL_FILE, BYTES_NULL, -1); /* an empty one is one */
    CHECK(client_is_answered(client, MSG_CONTROL, -1));
    ipc_free(client);
    control_end(&keeper);
}

/* What a publication with this file is told; the connection stays. */
static bool
is_told(struct ipc *client, const char *code)
{
    const struct control_words words = {
        .n = 3, .words = {bytes_str("policy"), bytes_str("publish"), bytes_str("untested")}};
    struct control_answer answer;

    client_say(client, MSG_CONTROL, &words, -1);
    CHECK(client_hears(client, &answer));
    CHECK(answer.status != 0);
    return memmem(answer.json.p, answer.json.len, code, strlen(code)) != NULL;
}

/* Files are held for two operators; a command in between shows that they have come. */
static void
more_files_than_the_keeper_holds_are_dropped_and_that_is_said(void)
{
    struct role_play keeper;
    struct ipc *clients[4];

    role_play_setups();
    keeper = keeper_with_control();
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        struct ipc *other = client_new();

        clients[i] = client_new();
        client_send(clients[i], MSG_CONTROL_FILE, bytes_str("file"), -1);
        for (int turn = 0; turn < 3; turn++) { /* one is accepted a turn */
            ipc_free(other);
            other = client_new();
            CHECK(client_is_answered(other, MSG_CONTROL, -1));
        }
        ipc_free(other);
    }
    CHECK(is_told(clients[2], "\"busy\""));
    ipc_free(clients[0]);                   /* gone without a command */
    CHECK(is_told(clients[1], "\"key\""));  /* it has one, and the site no key */
    CHECK(is_told(clients[3], "\"busy\"")); /* what is dropped does not come back */
    ipc_free(clients[2]);
    clients[2] = client_new();
    client_send(clients[2], MSG_CONTROL_FILE, bytes_str("file"), -1);
    CHECK(is_told(clients[2], "\"key\"")); /* and there is room again */
    for (size_t i = 1; i < ARRAY_LEN(clients); i++) {
        ipc_free(clients[i]);
    }
    control_end(&keeper);
}

/* The limit is the message's own. */
static void
a_file_beyond_its_limit_ends_the_connection(void)
{
    static uint8_t big[8392704 + 1];
    struct role_play keeper;
    struct ipc *client;

    role_play_setups();
    keeper = keeper_with_control();
    client = client_new();
    client_send(client, MSG_CONTROL_FILE, bytes_of(big, sizeof(big) - 1), -1);
    CHECK(client_is_answered(client, MSG_CONTROL, -1));
    ipc_free(client);
    client = client_new();
    client_send(client, MSG_CONTROL_FILE, BYTES_OF(big), -1);
    CHECK(!client_is_answered(client, MSG_CONTROL, -1));
    ipc_free(client);
    control_end(&keeper);
}

CHECK_MAIN(CASE(an_operator_to_the_keeper), CASE(an_operators_file_comes_once_and_first),
           CASE(more_files_than_the_keeper_holds_are_dropped_and_that_is_said),
           CASE(a_file_beyond_its_limit_ends_the_connection))
