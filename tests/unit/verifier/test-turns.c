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

#include "lib/check.h"
#include "lib/role-play.h"
#include "reader/reader.h"
#include "roles/request.h"
#include "roles/roles.h"
#include "serve/front-role.h"

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

/* `begin` brings a role into one of its states. */
static void
check_all(const char *role, struct role_play (*begin)(unsigned state), unsigned n_states,
          const struct turn *turns, size_t n_turns)
{
    for (unsigned state = 0; state < n_states; state++) {
        for (size_t i = 0; i < 2 * role_play_n_rows; i++) {
            const struct role_play_row *row = &role_play_rows[i / 2];
            bool fd = i % 2 != 0;
            const struct turn *good = in_turn(turns, n_turns, row->type, fd, state);
            struct role_play played = begin(state);
            int end = -1;
            int status;

            role_play_say(&played, row->type, fd ? role_play_socket(&end) : -1);
            if (good && good->answer) {
                role_play_hear(&played, good->answer);
            }
            status = role_play_end(&played);
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
static struct role_play
begin_front(unsigned state)
{
    struct role_play played = role_play_start(front_role_serve);
    static int end = -1;

    if (state >= 1) {
        role_play_say(&played, MSG_FRONT_SETUP, -1);
    }
    if (state >= 2) {
        if (end >= 0) {
            close(end);
        }
        role_play_say(&played, MSG_FRONT_KEEPER, role_play_socket(&end));
    }
    if (state >= 3) {
        role_play_say(&played, MSG_FRONT_START, -1);
        role_play_hear(&played, MSG_FRONT_READY);
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

    role_play_setups();
    check_all("front", begin_front, 4, turns, ARRAY_LEN(turns));
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

    role_play_setups();
    check_all("keeper", role_play_keeper, 4, turns, ARRAY_LEN(turns));
}

static struct role_play
begin_reader(unsigned state)
{
    (void)state;
    return role_play_start(reader_serve);
}

static void
a_keeper_to_a_reader(void)
{
    static const struct turn turns[] = {{MSG_READ_LOG, false, 1, MSG_NOT_READ}};

    check_all("reader", begin_reader, 1, turns, ARRAY_LEN(turns));
}

static struct ipc *
front_with_keeper(struct role_play *ret_front)
{
    struct ipc *keeper;
    int end;

    *ret_front = role_play_start(front_role_serve);
    role_play_say(ret_front, MSG_FRONT_SETUP, -1);
    role_play_say(ret_front, MSG_FRONT_KEEPER, role_play_socket(&end));
    role_play_say(ret_front, MSG_FRONT_START, -1);
    role_play_hear(ret_front, MSG_FRONT_READY);
    keeper = ipc_new(end, true, role_play_limit);
    CHECK(keeper);
    return keeper;
}

/* A reply to nobody is passed over; all else ends the front. The keeper's end stays open until the
 * front's is seen, and main's until the front has said what it thinks. */
static int
front_status_after(uint16_t type, struct bytes body, int take_fd)
{
    struct role_play front;
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

    role_play_setups();
    reply_write(&wr, &reply);
    CHECK_EQ(front_status_after(MSG_REPLY, wr_done(&wr), -1), NO_KEEPER);
    CHECK_EQ(front_status_after(MSG_REPLY, wr_done(&wr), role_play_socket(NULL)), FORM);
    CHECK_EQ(front_status_after(MSG_REPLY, BYTES_NULL, -1), FORM);
    for (size_t i = 0; i < role_play_n_rows; i++) {
        if (role_play_rows[i].type != MSG_REPLY) {
            CHECK_EQ(front_status_after(role_play_rows[i].type, BYTES_NULL, -1), FORM);
        }
    }
}

static struct ipc *
keeper_with_front(const struct role_play *keeper)
{
    struct ipc *front;
    int end;

    role_play_say(keeper, MSG_KEEPER_FRONT, role_play_socket(&end));
    front = ipc_new(end, true, role_play_limit);
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
    struct role_play keeper;
    struct ipc *other;

    role_play_setups();
    keeper = role_play_keeper(3);
    other = keeper_with_front(&keeper);
    for (size_t i = 0; i < 2 * role_play_n_rows; i++) {
        struct ipc *front = keeper_with_front(&keeper);
        bool fd = i % 2 != 0;
        uint16_t type = role_play_rows[i / 2].type;

        CHECK(is_answered(front));
        if (type == MSG_REQUEST && !fd) {
            ipc_free(front); /* asked and answered above */
            continue;
        }
        CHECK_EQ(
            ipc_send(front, type, 2, &closed, type == MSG_CLOSED, fd ? role_play_socket(NULL) : -1),
            0);
        CHECK_EQ(is_answered(front), type == MSG_CLOSED && !fd);
        CHECK(is_answered(other));
        ipc_free(front);
    }
    ipc_free(other);
    CHECK_EQ(role_play_end(&keeper), 0);
}

/* The settings allow 64 workers. */
static void
every_front_that_main_may_start_is_served(void)
{
    enum { WORKERS_MAX = 64 };
    struct ipc *fronts[WORKERS_MAX];
    struct role_play keeper;

    role_play_setups();
    keeper = role_play_keeper(3);
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        fronts[i] = keeper_with_front(&keeper);
    }
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        CHECK(is_answered(fronts[i]));
        ipc_free(fronts[i]);
    }
    CHECK_EQ(role_play_end(&keeper), 0);
}

/* The right type and the wrong form. */
static void
what_is_no_request_ends_the_fronts_channel(void)
{
    static const uint8_t junk[40] = {0x8c, 1, 2};
    struct role_play keeper;
    struct ipc *other;

    role_play_setups();
    keeper = role_play_keeper(3);
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
    CHECK_EQ(role_play_end(&keeper), 0);
}

CHECK_MAIN(CASE(main_to_a_front), CASE(main_to_a_keeper), CASE(a_keeper_to_a_reader),
           CASE(a_keeper_to_a_front), CASE(a_front_to_the_keeper),
           CASE(every_front_that_main_may_start_is_served),
           CASE(what_is_no_request_ends_the_fronts_channel))
