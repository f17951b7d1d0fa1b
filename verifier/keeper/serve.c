#include "keeper/serve.h"

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "keeper/backup.h"
#include "keeper/clients.h"
#include "keeper/keys.h"
#include "keeper/open.h"
#include "keeper/sandbox-keeper.h"
#include "roles/roles.h"
#include "store/store-announced.h"

enum { FRONTS_MAX = 65 }; /* as many as [listen] workers may be, and one over TCP */
enum { POLL_MAX = 1 + FRONTS_MAX + JOBS_READERS_MAX + CLIENTS_MAX + 1 };
enum { POLL_MS = 1000, POLL_LANE_MS = 10, TRIM_EVERY_MS = 60000, FRAMES_A_TURN = 64 };

struct serve {
    struct keeper keeper;
    struct ipc *main;
    struct ipc *fronts[FRONTS_MAX];
    struct clients clients;
    bool opened;
    bool started;
    bool stop;
    int status;
    int64_t trimmed_ms;
};

static void
add_front(struct serve *serve, int take_fd)
{
    for (size_t i = 0; i < FRONTS_MAX; i++) {
        if (!serve->fronts[i]) {
            serve->fronts[i] = ipc_new(take_fd, false, roles_front_to_keeper);
            return;
        }
    }
    close(take_fd);
}

/* To the store's folder and to few calls: nobody from outside has been heard yet. Where the kernel
 * has no Landlock main has said so. */
static int
confine(struct bytes store_path)
{
    char path[STORE_PATH_MAX] = "";
    const char *folder;
    int r;

    if (store_path.len >= sizeof(path)) {
        return -ENAMETOOLONG;
    }
    memcpy(path, store_path.p, store_path.len);
    folder = dirname(path);
    r = sandbox_files(&folder, 1);
    r = r < 0 ? r : sandbox_calls(sandbox_keeper, sandbox_keeper_n);
    if (r < 0) {
        log_event(LOG_ERROR, "sandbox", LOG_STR("why", strerror(-r)));
    }
    return r;
}

static void
on_setup(struct serve *serve, struct bytes body)
{
    if (serve->opened || keeper_open(&serve->keeper, &clock_system, body) != 0 ||
        confine(serve->keeper.setup.store_path) != 0) {
        serve->stop = true;
        serve->status = 1;
        return;
    }
    serve->opened = true;
    log_from(serve->keeper.setup.log_level);
}

static void
on_start(struct serve *serve)
{
    serve->started = true;
    if (ipc_send(serve->main, MSG_KEEPER_READY, 0, NULL, 0, -1) < 0) {
        serve->stop = true;
    }
}

/* Limits that make no sense end this role, as any word out of turn does; want of memory does not.
 */
static void
on_limits(struct serve *serve, struct bytes body)
{
    int r = keeper_limits(&serve->keeper, body);

    if (r == 0) {
        log_from(serve->keeper.setup.log_level);
    } else {
        log_event(LOG_ERROR, "limits-kept",
                  LOG_STR("why", r < 0 ? strerror(-r) : "what main said makes no sense"));
    }
    if (r > 0) {
        serve->stop = true;
        serve->status = 1;
    }
}

/* A keeper that cannot take them ends: main starts another, which begins with the new ones. With
 * the old it would sign by keys that are published no more, or have leaked. */
static void
on_keys(struct serve *serve, struct bytes body)
{
    int r = keys_renew(&serve->keeper, body);

    if (r != 0) {
        log_event(LOG_ERROR, "keys-refused",
                  LOG_STR("why", r < 0 ? strerror(-r) : "what main said makes no sense"));
        serve->stop = true;
        serve->status = 1;
    }
}

static void
out_of_turn(struct serve *serve, const char *message)
{
    log_event(LOG_ERROR, "out-of-turn", LOG_STR("message", message));
    serve->stop = true;
    serve->status = 1;
}

/* The setup comes first; it, the control socket and the start come once; and a descriptor comes
 * with those that need one. */
static bool
is_in_turn(const struct serve *serve, const struct ipc_msg *msg)
{
    bool wants_fd = msg->type == MSG_KEEPER_FRONT || msg->type == MSG_KEEPER_READER ||
                    msg->type == MSG_KEEPER_CONTROL;

    return wants_fd == (msg->fd >= 0) && serve->opened != (msg->type == MSG_KEEPER_SETUP) &&
           !(msg->type == MSG_KEEPER_CONTROL && serve->clients.listener >= 0) &&
           !(msg->type == MSG_KEEPER_START && serve->started);
}

/* A message of main; one out of turn ends this role: main starts another. */
static void
on_main(struct serve *serve, const struct ipc_msg *msg)
{
    if (!is_in_turn(serve, msg)) {
        if (msg->fd >= 0) {
            close(msg->fd);
        }
        out_of_turn(serve, message_name(msg->type));
        return;
    }
    switch (msg->type) {
    case MSG_KEEPER_SETUP:
        on_setup(serve, msg->body);
        break;
    case MSG_KEEPER_FRONT:
        add_front(serve, msg->fd);
        break;
    case MSG_KEEPER_READER:
        jobs_reader(serve->keeper.jobs, msg->fd);
        break;
    case MSG_KEEPER_CONTROL:
        serve->clients.listener = msg->fd;
        break;
    case MSG_KEEPER_LIMITS:
        on_limits(serve, msg->body);
        break;
    case MSG_KEEPER_KEYS:
        on_keys(serve, msg->body);
        break;
    case MSG_KEEPER_START:
        on_start(serve);
        break;
    default:
        break;
    }
}

static void
main_turn(struct serve *serve)
{
    struct ipc_msg msg;
    int r = ipc_flush(serve->main);

    while (r == 0 && !serve->stop) {
        r = ipc_recv(serve->main, &msg);
        if (r == IPC_OK) {
            on_main(serve, &msg);
        }
    }
    if (r == IPC_E_FORM) {
        out_of_turn(serve, "not in the table");
    } else if (r != 0 && r != IPC_AGAIN) {
        serve->stop = true; /* main is gone: nobody is left to serve for */
    }
}

static void
front_end(struct serve *serve, size_t i)
{
    log_event(LOG_WARNING, "front-gone", LOG_INT("front", i));
    keeper_front_gone(&serve->keeper, serve->fronts[i]);
    ipc_freep(&serve->fronts[i]);
}

/* Returns 0, or IPC_E_FORM when a front says what none of ours says: it is broken or hijacked. */
static int
on_front(struct serve *serve, struct ipc *front, const struct ipc_msg *msg)
{
    if (msg->fd >= 0) {
        close(msg->fd); /* kept, a few thousand would end the keeper */
        return IPC_E_FORM;
    }
    if (msg->type == MSG_REQUEST) {
        return keeper_request(&serve->keeper, front, msg->id, msg->body) == 0 ? IPC_OK : IPC_E_FORM;
    }
    return keeper_closed(&serve->keeper, front, msg->body) == 0 ? IPC_OK : IPC_E_FORM;
}

static void
front_turn(struct serve *serve, size_t i)
{
    struct ipc_msg msg;
    int r = ipc_flush(serve->fronts[i]);

    for (size_t n = 0; r == 0 && n < FRAMES_A_TURN; n++) {
        r = ipc_recv(serve->fronts[i], &msg);
        if (r == IPC_OK) {
            r = on_front(serve, serve->fronts[i], &msg);
        }
    }
    if (r != 0 && r != IPC_AGAIN) {
        front_end(serve, i);
    }
}

static void
trim(struct serve *serve, int64_t now_ms)
{
    struct keeper *keeper = &serve->keeper;
    int r;

    if (now_ms - serve->trimmed_ms < TRIM_EVERY_MS) {
        return;
    }
    serve->trimmed_ms = now_ms;
    keeper_begin(keeper);
    /* logs too, or a device that measures something new each time fills the disk; what a finished
     * turn wrote is named by its rows by now */
    r = store_challenge_trim(keeper->store, keeper->clock->utc_ms(keeper->clock->context));
    r = r == 0 ? store_log_trim(keeper->store) : r;
    r = r == 0 ? store_list_trim(keeper->store) : r;
    r = r == 0 ? store_announced_trim(keeper->store, keeper->clock->utc_ms(keeper->clock->context))
               : r;
    if (r < 0) {
        keeper_broke(keeper, NULL, "trim", r); /* again in a minute */
    }
    keeper_end(keeper);
}

static void
turn(struct serve *serve)
{
    int64_t now_ms = clock_mono_ms();

    if (!serve->started) {
        return;
    }
    for (size_t i = 0; i < FRONTS_MAX; i++) {
        if (serve->fronts[i]) {
            front_turn(serve, i);
        }
    }
    jobs_turn(serve->keeper.jobs, now_ms);
    keeper_enroll_turn(&serve->keeper);
    clients_turn(&serve->clients, &serve->keeper, now_ms);
    trim(serve, now_ms);
    keeper_settle(&serve->keeper);
    backup_turn(&serve->keeper);
}

/* How long nothing but a message is to do. */
static int
wait_ms(const struct serve *serve)
{
    int backup = serve->started ? backup_wait_ms(&serve->keeper) : -1;
    int lane = serve->started && lane_waiting(serve->keeper.lane) > 0 ? POLL_LANE_MS : POLL_MS;

    return backup >= 0 && backup < lane ? backup : lane;
}

static void
wait_for_work(const struct serve *serve)
{
    struct pollfd fds[POLL_MAX];
    size_t n = 0;

    fds[n++] = (struct pollfd){.fd = ipc_fd(serve->main), .events = POLLIN};
    for (size_t i = 0; serve->started && i < FRONTS_MAX; i++) {
        if (serve->fronts[i]) {
            bool more = ipc_pending(serve->fronts[i]);

            fds[n++] = (struct pollfd){
                .fd = ipc_fd(serve->fronts[i]),
                .events = (short)(POLLIN | (more ? POLLOUT : 0)),
            };
        }
    }
    if (serve->started) {
        n += jobs_poll(serve->keeper.jobs, fds + n, POLL_MAX - n);
        n += clients_poll(&serve->clients, fds + n, POLL_MAX - n);
    }
    ignore(poll(fds, n, wait_ms(serve)) < 0, "every channel is read without waiting anyhow");
}

int
keeper_serve(int take_fd)
{
    struct serve *serve = calloc(1, sizeof(*serve));
    int status;

    if (!serve) {
        close(take_fd);
        return 1;
    }
    clients_init(&serve->clients);
    serve->main = ipc_new(take_fd, false, roles_main_to_keeper);
    serve->stop = serve->main == NULL;
    while (!serve->stop) {
        wait_for_work(serve);
        main_turn(serve);
        turn(serve);
    }
    status = serve->status;
    for (size_t i = 0; i < FRONTS_MAX; i++) {
        ipc_free(serve->fronts[i]);
    }
    clients_done(&serve->clients);
    if (serve->opened) {
        keeper_close(&serve->keeper);
    }
    ipc_free(serve->main);
    free(serve);
    return status;
}
