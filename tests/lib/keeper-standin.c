#include "lib/keeper-standin.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rd.h"
#include "roles/request.h"
#include "roles/roles.h"
#include "roles/setup.h"

enum { PEERS_MAX = 64, REPLY_ROOM = 1024, TEXT_ROOM = 128 };

static struct ipc *from_main;
static struct ipc *fronts[PEERS_MAX];
static struct ipc *readers[PEERS_MAX];
static bool broken;
static bool have_setup, have_control;
static struct keeper_limits limits; /* its anchors are only counted */

static void
add(struct ipc **list, struct ipc *ipc)
{
    for (size_t i = 0; i < PEERS_MAX; i++) {
        if (!list[i]) {
            list[i] = ipc;
            return;
        }
    }
    ipc_free(ipc);
}

/* Lets a fresh reader read; one that is gone is passed over. */
static void
read_log(struct bytes log, char text[TEXT_ROOM])
{
    snprintf(text, TEXT_ROOM, "no reader");
    for (size_t i = 0; i < PEERS_MAX; i++) {
        struct ipc_msg msg = {0};
        struct rd rd;

        if (!readers[i]) {
            continue;
        }
        if (ipc_send(readers[i], MSG_READ_LOG, 1, &log, 1, -1) == 0 &&
            ipc_recv(readers[i], &msg) == 0) {
            rd = rd_init(msg.body);
            if (msg.type == MSG_NOT_READ) {
                snprintf(text, TEXT_ROOM, "not read %u", rd_le16(&rd));
            } else {
                snprintf(text, TEXT_ROOM, "records %zu", msg.body.len);
            }
        }
        ipc_freep(&readers[i]);
        if (msg.type != 0) {
            return;
        }
    }
}

static void
answer(struct ipc *front, size_t worker, const struct ipc_msg *msg)
{
    uint8_t room[REPLY_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    char text[TEXT_ROOM];
    struct request request;
    struct reply reply = {.code = COAP_CODE(2, 5), .content_format = 0, .max_age_s = -1};
    struct bytes part;

    if (msg->type != MSG_REQUEST || request_read(msg->body, &request) != 0) {
        return;
    }
    if (request.resource == RESOURCE_ENROLL) {
        read_log(request.body, text);
    } else {
        snprintf(text, sizeof(text), "keeper %d limits %u/%u/%zu worker %zu", (int)getpid(),
                 limits.pending_max, limits.pending_days, limits.n_anchors, worker);
    }
    reply.connection = request.connection;
    reply.body = bytes_str(text);
    reply_write(&wr, &reply);
    part = wr_done(&wr);
    ignore(ipc_send(front, MSG_REPLY, msg->id, &part, 1, -1), "the front may be gone");
}

static void
hear_main(void)
{
    struct keeper_setup setup;
    struct ipc_msg msg;
    int r = ipc_recv(from_main, &msg);

    if (r != 0) {
        _exit(r == IPC_E_CLOSED ? 0 : 8); /* as verifier_main() does: no leak checker */
    }
    if (msg.type == MSG_KEEPER_SETUP) {
        have_setup = keeper_setup_read(msg.body, &setup) == 0 && setup.n_chain > 0;
        broken = bytes_equal(setup.site, bytes_str("broken"));
        limits.pending_max = setup.pending_max;
        limits.pending_days = setup.pending_days;
        limits.n_anchors = setup.n_anchors;
    } else if (msg.type == MSG_KEEPER_LIMITS) {
        if (keeper_limits_read(msg.body, &limits) != 0) {
            exit(10);
        }
    } else if (msg.type == MSG_KEEPER_FRONT) {
        add(fronts, ipc_new(msg.fd, true, roles_front_to_keeper));
    } else if (msg.type == MSG_KEEPER_READER) {
        add(readers, ipc_new(msg.fd, true, roles_reader_to_keeper));
    } else if (msg.type == MSG_KEEPER_CONTROL) {
        have_control = msg.fd >= 0;
    } else if (msg.type == MSG_KEEPER_START) {
        if (broken || !have_setup || !have_control) {
            _exit(9);
        }
        ignore(ipc_send(from_main, MSG_KEEPER_READY, 0, NULL, 0, -1), "then it is gone");
    }
}

static void
hear_front(size_t i)
{
    struct ipc_msg msg;

    if (ipc_recv(fronts[i], &msg) == 0) {
        answer(fronts[i], i, &msg);
    } else {
        ipc_freep(&fronts[i]);
    }
}

int
keeper_standin_serve(int take_fd)
{
    from_main = ipc_new(take_fd, true, roles_main_to_keeper);
    for (;;) {
        struct pollfd fds[1 + PEERS_MAX];

        fds[0] = (struct pollfd){.fd = ipc_fd(from_main), .events = POLLIN};
        for (size_t i = 0; i < PEERS_MAX; i++) {
            fds[i + 1] =
                (struct pollfd){.fd = fronts[i] ? ipc_fd(fronts[i]) : -1, .events = POLLIN};
        }
        if (poll(fds, 1 + PEERS_MAX, -1) < 0) {
            return 7;
        }
        for (size_t i = 0; i < PEERS_MAX; i++) {
            if (fronts[i] && fds[i + 1].revents) {
                hear_front(i);
            }
        }
        if (fds[0].revents) {
            hear_main();
        }
    }
}
