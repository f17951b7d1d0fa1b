#include "serve/front-role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "front/front.h"
#include "front/coap-problem.h"
#include "roles/request.h"
#include "roles/roles.h"
#include "roles/setup.h"
#include "serve/outstanding.h"
#include "serve/sandbox-front.h"

enum {
    STATUS_OK = 0,
    STATUS_START = 1,
    STATUS_NO_KEEPER = 3,
    STATUS_FORM = 4,
    BUSY_S = 5,           /* what a device waits when the keeper has enough to do */
    OWN_FILES = 64,       /* channels, timers, sockets that listen; spare */
    ENVELOPE = 1024,      /* a request's bytes before its body */
    FORMAT_LINKS = 40,    /* application/link-format */
    TURN_MS = 1000,       /* no timer of ours depends on it */
    TURN_PENDING_MS = 10, /* while the channel to the keeper is full */
};

struct front_role {
    struct front *front;
    struct ipc *main;
    struct ipc *keeper;
    struct hasher *hasher;
    struct ident_master masters[IDENT_MASTERS_MAX];
    struct outstanding outstanding;
    uint8_t *setup; /* as received; wiped when the front was made */
    size_t setup_len;
    int fds[LIMIT_FRONT_SOCKETS];
    size_t n_fds;
    bool stream;
    bool ended;
    int status;
};

/* The only state a signal handler may see. */
static struct front *stop_front;
static volatile sig_atomic_t stop_asked;

static void
on_term(int signal)
{
    (void)signal;
    stop_asked = 1;
    if (stop_front) {
        front_stop(stop_front);
    }
}

static void
end_with(struct front_role *role, int status, const char *why)
{
    if (!role->ended) {
        role->ended = true;
        role->status = status;
        if (status != STATUS_OK) {
            log_event(LOG_ERROR, "front-ends", LOG_STR("why", why));
        }
    }
}

static int
psk_of(void *context, struct bytes identity, uint8_t out[32])
{
    struct front_role *role = context;
    struct ident ident;
    int r = ident_read(role->hasher, role->masters, ARRAY_LEN(role->masters), identity, &ident);

    return r != 0 ? r
                  : ident_psk(role->hasher, role->masters, ARRAY_LEN(role->masters), &ident, out);
}

static void
answer_problem(struct front_role *role, const struct front_request *request, uint8_t code,
               int64_t max_age_s)
{
    uint8_t room[COAP_PROBLEM_ROOM];
    const struct front_answer answer = {
        .code = code,
        .content_format = COAP_PROBLEM_FORMAT,
        .max_age_s = max_age_s,
        .body = coap_problem_write(room, code, max_age_s),
    };

    ignore(front_reply(role->front, request->conn, request->request, &answer),
           "the device asks again");
}

static void
answer_links(struct front_role *role, const struct front_request *request)
{
    const char *links = request->kind == FRONT_PSK
                            ? "</enroll>,</attest>,</token>,</keys>,</announce>"
                            : "</enroll>,</keys>";
    const struct front_answer answer = {
        .code = FRONT_CODE(2, 5),
        .content_format = FORMAT_LINKS,
        .max_age_s = FRONT_NO_MAX_AGE,
        .body = bytes_str(links),
    };

    ignore(front_reply(role->front, request->conn, request->request, &answer),
           "the device asks again");
}

/* RESOURCE_N: the keeper has nothing to say about it. */
static enum request_resource
resource_of(enum front_resource resource)
{
    switch (resource) {
    case FRONT_ENROLL:
        return RESOURCE_ENROLL;
    case FRONT_ATTEST:
        return RESOURCE_ATTEST;
    case FRONT_TOKEN:
        return RESOURCE_TOKEN;
    case FRONT_KEYS:
        return RESOURCE_KEYS;
    case FRONT_ANNOUNCE:
        return RESOURCE_ANNOUNCE;
    case FRONT_EVENTS:
    case FRONT_WELLKNOWN:
    case FRONT_RESOURCE_N:
        break;
    }
    return RESOURCE_N;
}

/* Returns 0, -ENOSPC when the request does not fit a message, or what ipc_send() says. */
static int
ask_keeper(struct front_role *role, const struct front_request *in)
{
    struct request request = {
        .connection = in->conn,
        .kind = in->kind == FRONT_PSK ? REQUEST_PSK : REQUEST_CERTIFICATE,
        .identity = in->identity,
        .handshake_ms = (int64_t)in->hello_ms, /* no random of the handshake is older */
        .first_ms = (int64_t)in->first_block_ms,
        .complete_ms = (int64_t)in->complete_ms,
        .peer = bytes_str(in->peer),
        .resource = resource_of(in->resource),
        .audience = in->aud,
        .size1 = in->size1,
        .body = in->body,
    };
    uint8_t room[ENVELOPE];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes parts[] = {BYTES_NULL, in->body};

    memcpy(request.exporter, in->exporter, sizeof(request.exporter));
    request_write_head(&wr, &request);
    parts[0] = wr_done(&wr);
    return parts[0].p
               ? ipc_send(role->keeper, MSG_REQUEST, in->request, parts, ARRAY_LEN(parts), -1)
               : -ENOSPC;
}

static void
on_request(void *context, const struct front_request *request)
{
    struct front_role *role = context;
    int r;

    if (request->resource == FRONT_WELLKNOWN) {
        answer_links(role, request);
        return;
    }
    if (resource_of(request->resource) == RESOURCE_N) {
        answer_problem(role, request,
                       request->resource == FRONT_RESOURCE_N ? FRONT_CODE(4, 4) : FRONT_CODE(5, 1),
                       FRONT_NO_MAX_AGE);
        return;
    }
    if (!outstanding_add(&role->outstanding, request->conn, request->request)) {
        answer_problem(role, request, FRONT_CODE(4, 29), BUSY_S);
        return;
    }
    r = ask_keeper(role, request);
    if (r == 0) {
        return;
    }
    ignore(!outstanding_take(&role->outstanding, request->conn, request->request), "just added");
    answer_problem(role, request, r == -ENOBUFS ? FRONT_CODE(4, 29) : FRONT_CODE(5, 0), BUSY_S);
    if (r != -ENOBUFS && r != -ENOSPC) {
        end_with(role, STATUS_NO_KEEPER, strerror(-r));
    }
}

static void
on_closed(void *context, uint64_t conn)
{
    struct front_role *role = context;
    uint8_t room[8];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes part;

    outstanding_drop(&role->outstanding, conn);
    wr_le64(&wr, conn);
    part = wr_done(&wr);
    ignore(ipc_send(role->keeper, MSG_CLOSED, 0, &part, 1, -1),
           "a hint: the keeper's table of connections is bounded too");
}

static void
take_reply(struct front_role *role, const struct ipc_msg *msg)
{
    struct front_answer answer;
    struct reply reply;

    if (reply_read(msg->body, &reply) != 0) {
        end_with(role, STATUS_FORM, "a reply is malformed");
        return;
    }
    answer = (struct front_answer){reply.code,  reply.content_format, reply.max_age_s,
                                   reply.size1, reply.takes,          reply.body};
    if (!outstanding_take(&role->outstanding, reply.connection, msg->id)) {
        return; /* the connection went while the keeper worked */
    }
    if (front_reply(role->front, reply.connection, msg->id, &answer) < 0) {
        log_event(LOG_ERROR, "reply-failed", LOG_INT("connection", reply.connection));
        reply.close = true;
    }
    if (reply.close) {
        front_close(role->front, reply.connection);
    }
}

static void
on_keeper(void *context)
{
    struct front_role *role = context;
    struct ipc_msg msg;
    int r = 0;

    while (!role->ended && (r = ipc_recv(role->keeper, &msg)) == IPC_OK) {
        if (msg.fd >= 0) {
            close(msg.fd); /* a reply carries none */
            r = IPC_E_FORM;
            break;
        }
        take_reply(role, &msg);
    }
    if (!role->ended && r != IPC_AGAIN) {
        end_with(role, r == IPC_E_FORM ? STATUS_FORM : STATUS_NO_KEEPER,
                 r == IPC_E_FORM ? "the keeper spoke out of turn" : "the keeper is gone");
    }
}

static struct front_keys
keys_of(const struct shared_keys *shared)
{
    struct front_keys keys;

    memcpy(keys.ticket, shared->ticket, sizeof(keys.ticket));
    memcpy(keys.cookie, shared->cookie, sizeof(keys.cookie));
    return keys;
}

/* Returns 0 or IPC_E_FORM. */
static int
take_keys(struct front_role *role, struct bytes body)
{
    struct shared_keys shared = {0};
    struct front_keys keys;
    int r = shared_keys_read(body, &shared) == 0 ? 0 : IPC_E_FORM;

    if (r == 0) {
        keys = keys_of(&shared);
        front_set_keys(role->front, &keys);
        wipe(&keys, sizeof(keys));
    }
    wipe((void *)(uintptr_t)body.p, body.len);
    wipe(&shared, sizeof(shared));
    return r;
}

/* Takes the masters; connections go only where one of before is gone: a handshake that is under way
 * while one is added must not be disturbed. */
static void
take_masters(struct front_role *role, const struct ident_master fresh[IDENT_MASTERS_MAX])
{
    bool lost = ident_masters_lost(role->masters, fresh);

    memcpy(role->masters, fresh, sizeof(role->masters));
    if (lost) {
        front_prune(role->front);
    }
}

/* A certificate that main found good and that is none here leaves the old one, and a line: a role
 * that ended over it would end each time it is started. Returns 0 or IPC_E_FORM. */
static int
take_secrets(struct front_role *role, struct bytes body)
{
    struct front_secrets secrets = {.certificate = BYTES_NULL};
    int r = front_secrets_read(body, &secrets) == 0 ? 0 : IPC_E_FORM;

    if (r == 0) {
        int set = front_set_certificate(role->front, secrets.certificate, secrets.key);

        if (set != 0) {
            log_event(LOG_ERROR, "certificate-kept",
                      LOG_STR("why", set < 0 ? strerror(-set) : "it is not of the key"));
        }
        take_masters(role, secrets.masters);
    }
    wipe((void *)(uintptr_t)body.p, body.len);
    wipe(&secrets, sizeof(secrets));
    return r;
}

/* Returns 0 or IPC_E_FORM. */
static int
take_limits(struct front_role *role, struct bytes body)
{
    struct front_limits limits;

    if (front_limits_read(body, &limits) != 0) {
        return IPC_E_FORM;
    }
    front_set_limits(role->front, limits.handshakes_max, limits.body_max);
    log_from(limits.log_level);
    return 0;
}

/* Returns 0 or IPC_E_FORM. */
static int
take_news(struct front_role *role, const struct ipc_msg *msg)
{
    if (msg->fd >= 0) {
        close(msg->fd); /* nothing after the start carries one */
        return IPC_E_FORM;
    }
    switch (msg->type) {
    case MSG_FRONT_LIMITS:
        return take_limits(role, msg->body);
    case MSG_FRONT_KEYS:
        return take_keys(role, msg->body);
    case MSG_FRONT_SECRETS:
        return take_secrets(role, msg->body);
    default:
        return IPC_E_FORM;
    }
}

/* After the start main tells new limits, new keys and another certificate, or is gone. */
static void
on_main(void *context)
{
    struct front_role *role = context;
    struct ipc_msg msg;
    int r = 0;

    while (r == 0) {
        r = ipc_recv(role->main, &msg);
        if (r == IPC_OK) {
            r = take_news(role, &msg);
        }
    }
    if (r == IPC_E_CLOSED) {
        end_with(role, STATUS_OK, NULL);
    } else if (r != IPC_AGAIN) {
        end_with(role, STATUS_FORM, "main spoke out of turn");
    }
}

static uint64_t
mono(void *context)
{
    (void)context;
    return (uint64_t)clock_mono_ms();
}

static uint64_t
wall(void *context)
{
    (void)context;
    return (uint64_t)clock_utc_ms();
}

static void
setup_forget(struct front_role *role)
{
    if (role->setup) {
        wipe(role->setup, role->setup_len);
        free(role->setup);
        role->setup = NULL;
    }
}

/* A connection over TCP takes a descriptor: as many as may be, and what the role needs beside. */
static int
stream_caps(struct front_caps *caps)
{
    struct rlimit files;
    uint32_t room;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0) {
        return -errno;
    }
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) {
        return -errno;
    }
    room = files.rlim_cur > LIMIT_STREAM_CONNS + OWN_FILES ? LIMIT_STREAM_CONNS
           : files.rlim_cur > 2 * OWN_FILES                ? (uint32_t)files.rlim_cur - OWN_FILES
                                                           : OWN_FILES;
    caps->conns = caps->conns < room ? caps->conns : room;
    return 0;
}

/* Makes the front of what main said. Returns 0, 1 when it makes no sense, or a negative errno. */
static int
make_front(struct front_role *role)
{
    struct front_setup setup;
    struct front_config config = {.fds = role->fds, .n_fds = role->n_fds};
    int r = front_setup_read(bytes_of(role->setup, role->setup_len), &setup);

    if (r == 0) {
        r = hasher_bytes(role->hasher, HASH_SHA256, setup.site, config.site_hash);
    }
    if (r == 0) {
        log_from(setup.log_level);
        memcpy(role->masters, setup.masters, sizeof(role->masters));
        config.keys = keys_of(&setup.shared);
        config.cert_pem = setup.certificate;
        config.key_pem = setup.key;
        config.caps.conns = setup.connections_max;
        config.caps.handshakes = setup.handshakes_max;
        config.caps.attest_bytes = setup.body_max;
        config.stream = role->stream;
        config.clock = (struct front_clock){mono, wall, NULL};
        config.calls = (struct front_calls){role, psk_of, on_request, on_closed};
        r = role->stream ? stream_caps(&config.caps) : 0;
    }
    if (r == 0) {
        role->n_fds = 0; /* the front's from now */
        r = front_new(&config, &role->front);
    }
    wipe(&setup, sizeof(setup));
    wipe(&config, sizeof(config));
    setup_forget(role);
    return r;
}

static int
take_setup(struct front_role *role, const struct ipc_msg *msg)
{
    if (role->setup) {
        return IPC_E_FORM;
    }
    role->setup = malloc(msg->body.len + 1);
    if (!role->setup) {
        return -ENOMEM;
    }
    memcpy(role->setup, msg->body.p, msg->body.len);
    role->setup_len = msg->body.len;
    wipe((void *)(uintptr_t)msg->body.p, msg->body.len);
    return 0;
}

/* One message before the start. Takes the descriptor if it belongs there. */
static int
take_start(struct front_role *role, struct ipc_msg *msg)
{
    bool wants_fd = msg->type == MSG_FRONT_SOCKET || msg->type == MSG_FRONT_KEEPER;

    if (wants_fd != (msg->fd >= 0)) {
        return IPC_E_FORM;
    }
    if (msg->type == MSG_FRONT_SETUP) {
        return take_setup(role, msg);
    }
    if (msg->type == MSG_FRONT_SOCKET && role->n_fds < ARRAY_LEN(role->fds)) {
        role->fds[role->n_fds++] = msg->fd;
        msg->fd = -1;
        return 0;
    }
    if (msg->type == MSG_FRONT_KEEPER && !role->keeper) {
        role->keeper = ipc_new(msg->fd, false, roles_keeper_to_front);
        msg->fd = -1;
        return role->keeper ? 0 : -ENOMEM;
    }
    return msg->type == MSG_FRONT_START && role->setup && role->keeper ? 0 : IPC_E_FORM;
}

static int
hear_main(struct front_role *role)
{
    struct ipc_msg msg = {0};
    int r = 0;

    while (r == 0 && msg.type != MSG_FRONT_START) {
        r = ipc_recv(role->main, &msg);
        if (r == 0) {
            r = take_start(role, &msg);
            if (msg.fd >= 0) {
                close(msg.fd);
            }
        }
    }
    return r;
}

/* Where the kernel has no Landlock main has said so; the calls alone leave no path to open. */
static int
confine(const struct front_role *role)
{
    int r = sandbox_files(NULL, 0);

    if (r < 0) {
        return r;
    }
    return role->stream ? sandbox_calls(sandbox_stream, sandbox_stream_n)
                        : sandbox_calls(sandbox_front, sandbox_front_n);
}

static int
start(struct front_role *role)
{
    int r = role->main && role->hasher ? hear_main(role) : -ENOMEM;

    if (r == 0) {
        r = make_front(role);
    }
    if (r == 0 && fcntl(ipc_fd(role->main), F_SETFL, O_NONBLOCK) < 0) {
        r = -errno;
    }
    if (r == 0) {
        r = front_watch(role->front, ipc_fd(role->main), on_main, role);
    }
    if (r == 0) {
        r = front_watch(role->front, ipc_fd(role->keeper), on_keeper, role);
    }
    if (r == 0) {
        r = confine(role); /* nothing was read yet */
    }
    if (r == 0) {
        r = ipc_send(role->main, MSG_FRONT_READY, 0, NULL, 0, -1);
    }
    return r;
}

static void
serve(struct front_role *role)
{
    on_main(role); /* what came behind the start is read already and wakes nobody */
    while (!role->ended && !stop_asked) {
        bool pending = ipc_pending(role->keeper);
        int r = front_turn(role->front, pending ? TURN_PENDING_MS : TURN_MS);

        if (r < 0) {
            end_with(role, STATUS_START, strerror(-r));
        }
        if (pending && ipc_flush(role->keeper) < 0) {
            end_with(role, STATUS_NO_KEEPER, "the keeper is gone");
        }
    }
}

static void
role_free(struct front_role *role)
{
    stop_front = NULL;
    front_free(role->front);
    for (size_t i = 0; i < role->n_fds; i++) {
        close(role->fds[i]);
    }
    setup_forget(role);
    ipc_free(role->keeper);
    ipc_free(role->main);
    hasher_free(role->hasher);
    wipe(role->masters, sizeof(role->masters));
    free(role);
}

static int
role_serve(int take_fd, bool stream)
{
    struct sigaction action = {.sa_handler = on_term};
    struct front_role *role = calloc(1, sizeof(*role));
    int status;
    int r;

    if (!role) {
        close(take_fd);
        return STATUS_START;
    }
    role->stream = stream;
    sigaction(SIGTERM, &action, NULL);
    role->main = ipc_new(take_fd, true, roles_main_to_front);
    role->hasher = hasher_new();
    r = start(role);
    stop_front = role->front;
    if (r == 0) {
        serve(role);
        status = role->status;
    } else if (r == IPC_E_CLOSED) {
        status = STATUS_OK; /* main went before it had said all */
    } else {
        status = STATUS_START;
        log_event(LOG_ERROR, "front-start",
                  LOG_STR("why", r < 0 ? strerror(-r) : "what main said makes no sense"));
    }
    role_free(role);
    return status;
}

int
front_role_serve(int take_fd)
{
    return role_serve(take_fd, false);
}

int
stream_role_serve(int take_fd)
{
    return role_serve(take_fd, true);
}
