/* Every message of roles/message.def, and one that is none, to every role in every state, with and
 * without a descriptor: what is not its turn ends the role or the channel. The roles are the real
 * ones, each in a process of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/x509-make.h"
#include "keeper/serve.h"
#include "lib/check.h"
#include "reader/reader.h"
#include "roles/control-wire.h"
#include "roles/request.h"
#include "roles/roles.h"
#include "roles/setup.h"
#include "serve/front-role.h"

enum { UNKNOWN = 999, SETUP_ROOM = 16384 };

static const struct message_row {
    const char *name;
    uint16_t type;
} rows[] = {
#define MESSAGE(name, number, sender, receiver, most) {#name, (number)},
#include "roles/message.def"
#undef MESSAGE
    {"unknown", UNKNOWN},
};

/* What is in turn: a message, whether it brings a descriptor, in which states (a bit each), and
 * what the role says to it, or 0. */
struct turn {
    uint16_t type;
    bool fd;
    unsigned states;
    uint16_t answer;
};

static const struct turn *
in_turn(const struct turn *turns, size_t n_turns, uint16_t type, bool fd, unsigned state)
{
    for (size_t i = 0; i < n_turns; i++) {
        if (turns[i].type == type && turns[i].fd == fd && (turns[i].states & 1u << state)) {
            return &turns[i];
        }
    }
    return NULL;
}

static size_t
any_limit(uint16_t type)
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

/* Both roles' first messages, made once for all trials. */
static void
make_setups(void)
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

/* A role in its process, and our end of its channel. */
struct played {
    pid_t pid;
    struct ipc *ipc;
};

static struct played
play(int (*serve)(int))
{
    struct played played;
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
    played.ipc = ipc_new(fds[0], true, any_limit);
    CHECK(played.ipc);
    return played;
}

/* A descriptor that any role can do something with: one end of a pair; the other is *ret_end. */
static int
some_socket(int *ret_end)
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

/* The role may have ended at what came before. */
static void
say(const struct played *played, uint16_t type, int take_fd)
{
    struct bytes body = body_of(type);
    int r = ipc_send(played->ipc, type, 1, &body, 1, take_fd);

    CHECK(r == 0 || r == -EPIPE || r == -ECONNRESET);
}

static void
hear(const struct played *played, uint16_t type)
{
    struct ipc_msg msg;

    CHECK_EQ(ipc_recv(played->ipc, &msg), IPC_OK);
    CHECK_EQ(msg.type, type);
}

/* Main goes; the role's status. 0 when all that was said was in turn. */
static int
end_of(struct played *played)
{
    int status = 0;

    ipc_freep(&played->ipc);
    CHECK_EQ(waitpid(played->pid, &status, 0), played->pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* `begin` brings a role into one of its states. */
static void
check_all(const char *role, struct played (*begin)(unsigned state), unsigned n_states,
          const struct turn *turns, size_t n_turns)
{
    for (unsigned state = 0; state < n_states; state++) {
        for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
            const struct message_row *row = &rows[i / 2];
            bool fd = i % 2 != 0;
            const struct turn *good = in_turn(turns, n_turns, row->type, fd, state);
            struct played played = begin(state);
            int end = -1;
            int status;

            say(&played, row->type, fd ? some_socket(&end) : -1);
            if (good && good->answer) {
                hear(&played, good->answer);
            }
            status = end_of(&played);
            if (end >= 0) {
                close(end);
            }
            if ((good != NULL) != (status == 0)) {
                check_fail(__FILE__, __LINE__, "%s in state %u: %s %s descriptor: status %d", role,
                           state, row->name, fd ? "with" : "without", status);
            }
        }
    }
}

/* New; with keys; with keys and keeper; serving. */
static struct played
begin_front(unsigned state)
{
    struct played played = play(front_role_serve);
    static int end = -1;

    if (state >= 1) {
        say(&played, MSG_FRONT_SETUP, -1);
    }
    if (state >= 2) {
        if (end >= 0) {
            close(end);
        }
        say(&played, MSG_FRONT_KEEPER, some_socket(&end));
    }
    if (state >= 3) {
        say(&played, MSG_FRONT_START, -1);
        hear(&played, MSG_FRONT_READY);
    }
    return played;
}

static void
main_to_a_front(void)
{
    static const struct turn turns[] = {
        {MSG_FRONT_SETUP, false, 1},   {MSG_FRONT_SOCKET, true, 7},
        {MSG_FRONT_KEEPER, true, 3},   {MSG_FRONT_START, false, 4, MSG_FRONT_READY},
        {MSG_FRONT_LIMITS, false, 8},  {MSG_FRONT_KEYS, false, 8},
        {MSG_FRONT_SECRETS, false, 8},
    };

    make_setups();
    check_all("front", begin_front, 4, turns, ARRAY_LEN(turns));
}

/* New; with keys and store; with the control socket too; serving. */
static struct played
begin_keeper(unsigned state)
{
    struct played played = play(keeper_serve);

    if (state >= 1) {
        say(&played, MSG_KEEPER_SETUP, -1);
    }
    if (state >= 2) {
        say(&played, MSG_KEEPER_CONTROL, some_socket(NULL));
    }
    if (state >= 3) {
        say(&played, MSG_KEEPER_START, -1);
        hear(&played, MSG_KEEPER_READY);
    }
    return played;
}

static void
main_to_a_keeper(void)
{
    static const struct turn turns[] = {
        {MSG_KEEPER_SETUP, false, 1},
        {MSG_KEEPER_FRONT, true, 14},
        {MSG_KEEPER_READER, true, 14},
        {MSG_KEEPER_CONTROL, true, 2},
        {MSG_KEEPER_START, false, 6, MSG_KEEPER_READY},
        {MSG_KEEPER_LIMITS, false, 14},
        {MSG_KEEPER_KEYS, false, 14},
    };

    make_setups();
    check_all("keeper", begin_keeper, 4, turns, ARRAY_LEN(turns));
}

static struct played
begin_reader(unsigned state)
{
    (void)state;
    return play(reader_serve);
}

static void
a_keeper_to_a_reader(void)
{
    static const struct turn turns[] = {{MSG_READ_LOG, false, 1, MSG_NOT_READ}};

    check_all("reader", begin_reader, 1, turns, ARRAY_LEN(turns));
}

static struct ipc *
front_with_keeper(struct played *ret_front)
{
    struct ipc *keeper;
    int end;

    *ret_front = play(front_role_serve);
    say(ret_front, MSG_FRONT_SETUP, -1);
    say(ret_front, MSG_FRONT_KEEPER, some_socket(&end));
    say(ret_front, MSG_FRONT_START, -1);
    hear(ret_front, MSG_FRONT_READY);
    keeper = ipc_new(end, true, any_limit);
    CHECK(keeper);
    return keeper;
}

/* A reply to nobody is passed over; all else ends the front. The keeper's end stays open until the
 * front's is seen, and main's until the front has said what it thinks. */
static int
front_status_after(uint16_t type, struct bytes body, int take_fd)
{
    struct played front;
    struct ipc *keeper = front_with_keeper(&front);
    struct ipc_msg msg;
    int status = 0;

    CHECK_EQ(ipc_send(keeper, type, 1, &body, 1, take_fd), 0);
    if (type == MSG_REPLY && take_fd < 0 && body.len > 0) {
        ipc_freep(&keeper); /* it goes on until now: then the keeper is gone */
    }
    CHECK_EQ(ipc_recv(front.ipc, &msg), IPC_E_CLOSED);
    CHECK_EQ(waitpid(front.pid, &status, 0), front.pid);
    ipc_free(keeper);
    ipc_free(front.ipc);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
a_keeper_to_a_front(void)
{
    enum { NO_KEEPER = 3, FORM = 4 };
    struct reply reply = {.connection = 7, .code = COAP_CODE(2, 5), .max_age_s = -1};
    uint8_t room[64];
    struct wr wr = wr_init(room, sizeof(room));

    make_setups();
    reply_write(&wr, &reply);
    CHECK_EQ(front_status_after(MSG_REPLY, wr_done(&wr), -1), NO_KEEPER);
    CHECK_EQ(front_status_after(MSG_REPLY, wr_done(&wr), some_socket(NULL)), FORM);
    CHECK_EQ(front_status_after(MSG_REPLY, BYTES_NULL, -1), FORM);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].type != MSG_REPLY) {
            CHECK_EQ(front_status_after(rows[i].type, BYTES_NULL, -1), FORM);
        }
    }
}

static struct ipc *
keeper_with_front(const struct played *keeper)
{
    struct ipc *front;
    int end;

    say(keeper, MSG_KEEPER_FRONT, some_socket(&end));
    front = ipc_new(end, true, any_limit);
    CHECK(front);
    return front;
}

/* Whether the keeper still answers this front. */
static bool
is_answered(struct ipc *front)
{
    uint8_t room[512];
    struct wr wr = wr_init(room, sizeof(room));
    struct request request = {.connection = 1, .resource = RESOURCE_KEYS};
    struct ipc_msg msg;
    struct bytes part;
    int r;

    request_write(&wr, &request);
    part = wr_done(&wr);
    r = ipc_send(front, MSG_REQUEST, 5, &part, 1, -1);
    CHECK(r == 0 || r == -EPIPE);
    r = ipc_recv(front, &msg);
    CHECK(r == IPC_OK || r == IPC_E_CLOSED);
    return r == IPC_OK && msg.type == MSG_REPLY && msg.id == 5;
}

/* One front's words end its channel; another's stays. */
static void
a_front_to_the_keeper(void)
{
    static const uint8_t connection[8] = {1};
    struct bytes closed = BYTES_OF(connection);
    struct played keeper;
    struct ipc *other;

    make_setups();
    keeper = begin_keeper(3);
    other = keeper_with_front(&keeper);
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        struct ipc *front = keeper_with_front(&keeper);
        bool fd = i % 2 != 0;
        uint16_t type = rows[i / 2].type;

        CHECK(is_answered(front));
        if (type == MSG_REQUEST && !fd) {
            ipc_free(front); /* asked and answered above */
            continue;
        }
        CHECK_EQ(ipc_send(front, type, 2, &closed, type == MSG_CLOSED, fd ? some_socket(NULL) : -1),
                 0);
        CHECK_EQ(is_answered(front), type == MSG_CLOSED && !fd);
        CHECK(is_answered(other));
        ipc_free(front);
    }
    ipc_free(other);
    CHECK_EQ(end_of(&keeper), 0);
}

/* The settings allow 64 workers. */
static void
every_front_that_main_may_start_is_served(void)
{
    enum { WORKERS_MAX = 64 };
    struct ipc *fronts[WORKERS_MAX];
    struct played keeper;

    make_setups();
    keeper = begin_keeper(3);
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        fronts[i] = keeper_with_front(&keeper);
    }
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        CHECK(is_answered(fronts[i]));
        ipc_free(fronts[i]);
    }
    CHECK_EQ(end_of(&keeper), 0);
}

/* The right type and the wrong form. */
static void
what_is_no_request_ends_the_fronts_channel(void)
{
    static const uint8_t junk[40] = {0x8c, 1, 2};
    struct played keeper;
    struct ipc *other;

    make_setups();
    keeper = begin_keeper(3);
    other = keeper_with_front(&keeper);
    for (size_t len = 0; len <= sizeof(junk); len += 8) {
        struct ipc *front = keeper_with_front(&keeper);
        struct bytes body = bytes_of(junk, len);

        CHECK_EQ(ipc_send(front, MSG_REQUEST, 2, &body, 1, -1), 0);
        CHECK(!is_answered(front));
        CHECK(is_answered(other));
        ipc_free(front);
    }
    ipc_free(other);
    CHECK_EQ(end_of(&keeper), 0);
}

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
static struct played
keeper_with_control(void)
{
    struct played keeper = begin_keeper(1);
    struct sockaddr_un name;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *socket_folder_end = '\0';
    CHECK(mkdtemp(socket_path));
    *socket_folder_end = '/';
    name = socket_name();
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    CHECK_EQ(listen(fd, 8), 0);
    say(&keeper, MSG_KEEPER_CONTROL, fd);
    say(&keeper, MSG_KEEPER_START, -1);
    hear(&keeper, MSG_KEEPER_READY);
    return keeper;
}

static struct ipc *
client_new(void)
{
    struct sockaddr_un name = socket_name();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct ipc *client;

    CHECK_EQ(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    client = ipc_new(fd, true, any_limit);
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
control_end(struct played *keeper)
{
    CHECK_EQ(end_of(keeper), 0);
    unlink(socket_path);
    *socket_folder_end = '\0';
    rmdir(socket_path);
}

static void
an_operator_to_the_keeper(void)
{
    struct played keeper;

    make_setups();
    keeper = keeper_with_control();
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        struct ipc *client = client_new();
        bool fd = i % 2 != 0;
        bool good = rows[i / 2].type == MSG_CONTROL && !fd;

        if (rows[i / 2].type == MSG_CONTROL_FILE && !fd) {
            ipc_free(client); /* it is followed by a command: below */
            continue;
        }
        CHECK_EQ(client_is_answered(client, rows[i / 2].type, fd ? some_socket(NULL) : -1), good);
        CHECK(!client_is_answered(client, MSG_CONTROL, -1)); /* one command a connection */
        ipc_free(client);
    }
    control_end(&keeper);
}

static void
an_operators_file_comes_once_and_first(void)
{
    struct played keeper;
    struct ipc *client;

    make_setups();
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
    struct played keeper;
    struct ipc *clients[4];

    make_setups();
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
    struct played keeper;
    struct ipc *client;

    make_setups();
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

enum role { MAIN, FRONT, KEEPER, READER, CLIENT };

static const struct {
    enum role sender;
    enum role receiver;
    ipc_limit_fn *limit;
} channels[] = {
    {MAIN, FRONT, roles_main_to_front},       {FRONT, MAIN, roles_front_to_main},
    {MAIN, KEEPER, roles_main_to_keeper},     {KEEPER, MAIN, roles_keeper_to_main},
    {FRONT, KEEPER, roles_front_to_keeper},   {KEEPER, FRONT, roles_keeper_to_front},
    {KEEPER, READER, roles_keeper_to_reader}, {READER, KEEPER, roles_reader_to_keeper},
    {CLIENT, KEEPER, roles_client_to_keeper}, {KEEPER, CLIENT, roles_keeper_to_client},
};

/* What a channel takes of a message of this table. */
static void
check_limit(uint16_t type, enum role sender, enum role receiver, size_t most)
{
    for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
        bool its = channels[i].sender == sender && channels[i].receiver == receiver;

        CHECK_EQ(channels[i].limit(type), its ? most : SIZE_MAX);
    }
}

static void
every_channel_takes_its_own_messages_and_their_sizes(void)
{
#define MESSAGE(name, number, sender, receiver, most) check_limit(number, sender, receiver, most);
#include "roles/message.def"
#undef MESSAGE
    for (uint32_t type = 0; type <= UINT16_MAX; type++) {
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
            n += channels[i].limit((uint16_t)type) != SIZE_MAX;
        }
        CHECK_EQ(n, strcmp(message_name((uint16_t)type), "unknown") != 0);
    }
}

CHECK_MAIN(CASE(main_to_a_front), CASE(main_to_a_keeper), CASE(a_keeper_to_a_reader),
           CASE(a_keeper_to_a_front), CASE(a_front_to_the_keeper),
           CASE(every_front_that_main_may_start_is_served),
           CASE(what_is_no_request_ends_the_fronts_channel), CASE(an_operator_to_the_keeper),
           CASE(an_operators_file_comes_once_and_first),
           CASE(more_files_than_the_keeper_holds_are_dropped_and_that_is_said),
           CASE(a_file_beyond_its_limit_ends_the_connection),
           CASE(every_channel_takes_its_own_messages_and_their_sizes))
