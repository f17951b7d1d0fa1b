#include "main/supervise.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "main/nonce-renew.h"
#include "main/reload.h"
#include "main/rota.h"
#include "main/setups.h"
#include "main/slot.h"
#include "roles/roles.h"

enum {
    READERS = 4, /* ready ahead: as many unknown logs are read at once */
    SLOTS_MAX = 1 + SETTINGS_WORKERS_MAX + 1 + READERS,
    TURN_MS = 1000,
    TERM_MS = 2000, /* a role that its closed channel did not end is told by a signal */
    KILL_MS = 5000,
    KEYS_AGAIN_S = 60,    /* after keys that were no good when their time came */
    NONCE_AGAIN_S = 3600, /* after a nonce key that could not be made */
    STATUS_NO_KEEPER = 3, /* a front's: the keeper went first */
};

struct supervise {
    const struct supervise_config *config;
    int signal_fd;
    bool keeper_started; /* MSG_KEEPER_START was said to the one that runs */
    bool was_ready;      /* all were, once */
    bool stop;
    bool reload;          /* SIGHUP came, maybe several times */
    int64_t watchdog_ms;  /* how often systemd hears that we live; 0: never */
    int64_t next_word_ms; /* of that */
    int status;
    int64_t keys_change_s; /* UTC: when a key's time comes or is over */
    int64_t keys_read_s;   /* UTC: when that was worked out; a clock far behind it was set back */
    int64_t nonce_again_s; /* UTC: not before; a nonce key that was due could not be made */
    uint32_t ticket_id;    /* of the list of keys, as the ticket keys were made */
    struct rota rota;
    size_t n_slots;
    struct slot slots[SLOTS_MAX]; /* the keeper, the fronts, the stream, the readers */
};

static struct slot *
keeper_of(struct supervise *s)
{
    return &s->slots[0];
}

static void
slots_init(struct supervise *s)
{
    s->slots[s->n_slots++] = (struct slot){.kind = ROLE_KEEPER};
    for (size_t i = 0; i < (size_t)s->config->settings->workers; i++) {
        s->slots[s->n_slots++] = (struct slot){.kind = ROLE_FRONT, .index = i};
    }
    if (s->config->sockets->n_tcp > 0) {
        s->slots[s->n_slots++] =
            (struct slot){.kind = ROLE_STREAM, .index = s->config->sockets->n_workers};
    }
    for (size_t i = 0; i < READERS; i++) {
        s->slots[s->n_slots++] = (struct slot){.kind = ROLE_READER, .index = i};
    }
}

static int
signals_open(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
        return -errno;
    }
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* Ends a role that broke; it is noticed and started again when its process is gone. */
static void
put_down(struct slot *slot, const char *why)
{
    log_event(LOG_ERROR, "role-broken", LOG_STR("broken", role_name(slot->kind)),
              LOG_INT("pid", slot->pid), LOG_STR("why", why));
    ipc_freep(&slot->channel);
    kill(slot->pid, SIGKILL);
}

static int
start_keeper(struct supervise *s, struct slot *slot, int take_fd)
{
    s->keeper_started = false;
    slot->channel = ipc_new(take_fd, false, roles_keeper_to_main);
    return slot->channel ? setups_keeper(slot->channel, s->config->settings, s->config->keyring,
                                         s->config->sockets)
                         : -ENOMEM;
}

static int
start_front(struct supervise *s, struct slot *slot, int take_fd)
{
    int fds[2];
    int r;

    slot->channel = ipc_new(take_fd, false, roles_front_to_main);
    r = slot->channel ? role_channel(fds) : -ENOMEM;
    if (r < 0) {
        return r;
    }
    r = setups_front(slot->channel, s->config->settings, s->config->keyring, &s->rota.keys,
                     s->config->sockets, slot->index, fds[0]);
    if (r < 0) {
        close(fds[1]);
        return r;
    }
    r = ipc_send(keeper_of(s)->channel, MSG_KEEPER_FRONT, slot->index, NULL, 0, fds[1]);
    if (r < 0) {
        put_down(keeper_of(s), strerror(-r));
    }
    return 0;
}

/* A reader's channel is the keeper's alone. */
static int
start_reader(struct supervise *s, int take_fd)
{
    int r = ipc_send(keeper_of(s)->channel, MSG_KEEPER_READER, 0, NULL, 0, take_fd);

    if (r < 0) {
        put_down(keeper_of(s), strerror(-r));
    }
    return 0;
}

static void
start(struct supervise *s, struct slot *slot, int64_t now_ms)
{
    int fd = -1;
    int r = role_spawn(slot->kind, s->config->user, &slot->pid, &fd);

    slot->started_ms = now_ms;
    if (r < 0) {
        log_event(LOG_ERROR, "role-start", LOG_STR("started", role_name(slot->kind)),
                  LOG_STR("why", strerror(-r)));
        ignore(slot_ended(slot, true, now_ms) < 0, "the delay is kept in it");
        return;
    }
    if (slot->kind == ROLE_KEEPER) {
        r = start_keeper(s, slot, fd);
    } else if (slot_is_front(slot)) {
        r = start_front(s, slot, fd);
    } else {
        r = start_reader(s, fd);
    }
    if (r < 0) {
        put_down(slot, strerror(-r));
    }
}

/* Starts what is due: the keeper first, the others only while it runs. */
static void
start_due(struct supervise *s, int64_t now_ms)
{
    struct slot *keeper = keeper_of(s);
    int r;

    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->pid == 0 && now_ms >= slot->start_at_ms && (i == 0 || keeper->channel)) {
            start(s, slot, now_ms);
        }
    }
    if (keeper->channel && !s->keeper_started) {
        s->keeper_started = true;
        r = ipc_send(keeper->channel, MSG_KEEPER_START, 0, NULL, 0, -1);
        if (r < 0) {
            put_down(keeper, strerror(-r));
        }
    }
}

/* Every front gets the same keys in the same turn; one that starts later has them in its setup. */
static void
spread_shared(struct supervise *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = &s->slots[i];
        int sent =
            slot_is_front(slot) && slot->channel ? setups_keys(slot->channel, &s->rota.keys) : 0;

        if (sent < 0) {
            put_down(slot, strerror(-sent));
        }
    }
}

static void
rotate(struct supervise *s, int64_t now_ms)
{
    int r = rota_turn(&s->rota, now_ms);

    if (r == 1) {
        spread_shared(s);
    } else if (r < 0) {
        log_event(LOG_ERROR, "keys-kept", LOG_STR("why", strerror(-r)));
    }
}

static void
check_ready(struct supervise *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i].kind != ROLE_READER && !s->slots[i].ready) {
            return;
        }
    }
    log_event(LOG_INFO, s->was_ready ? "ready-again" : "ready",
              LOG_INT("port", s->config->sockets->port),
              LOG_INT("tcp_port", s->config->sockets->tcp_port),
              LOG_INT("workers", s->config->settings->workers),
              LOG_STR("site", s->config->settings->site));
    if (!s->was_ready) {
        ignore(notify_systemd("READY=1"), "the service runs all the same");
    }
    s->was_ready = true;
}

/* Fronts are of no use without the keeper that their channel leads to; readers end by
 * themselves. */
static void
end_fronts(struct supervise *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = &s->slots[i];

        if (slot_is_front(slot) && slot->pid > 0) {
            slot->asked = true;
            kill(slot->pid, SIGTERM);
        }
    }
}

/* Whether it asked the kernel for what its list forbids: it is hijacked, or the list is short. */
static bool
was_forbidden(const struct slot *slot, int status)
{
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
        return false;
    }
    log_event(LOG_ERROR, "role-forbidden", LOG_STR("ended", role_name(slot->kind)),
              LOG_INT("pid", slot->pid), LOG_STR("signal", "SIGSYS"),
              LOG_STR("why", "it made a call that its list forbids"));
    return true;
}

static void
role_ended(struct supervise *s, struct slot *slot, int status)
{
    bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool behind =
        slot_is_front(slot) && WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_KEEPER;
    bool at_fault = !slot->asked && !behind && !(well && slot->kind == ROLE_READER) && !s->stop;
    bool by_itself = was_forbidden(slot, status) || WIFEXITED(status);
    pid_t pid = slot->pid;
    int64_t delay = slot_ended(slot, at_fault, clock_mono_ms());

    log_event(at_fault                    ? LOG_ERROR
              : slot->kind == ROLE_READER ? LOG_DEBUG
                                          : LOG_INFO,
              "role-ended", LOG_STR("ended", role_name(slot->kind)), LOG_INT("pid", pid),
              LOG_INT("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
              LOG_INT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
              LOG_INT("restart_ms", s->stop ? -1 : delay));
    if (slot->kind == ROLE_KEEPER && !s->stop) {
        end_fronts(s);
    }
    if (at_fault && !s->was_ready && by_itself && slot->kind != ROLE_READER) {
        log_event(LOG_ERROR, "start-failed", LOG_STR("by", role_name(slot->kind)));
        s->stop = true;
        s->status = 1;
    }
}

static void
reap(struct supervise *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = &s->slots[i];
        int status = 0;

        if (slot->pid > 0 && waitpid(slot->pid, &status, WNOHANG) == slot->pid) {
            role_ended(s, slot, status);
        }
    }
}

static void
take_signals(struct supervise *s)
{
    struct signalfd_siginfo info;

    while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            s->stop = true;
        } else if (info.ssi_signo == SIGHUP) {
            s->reload = true;
        }
    }
}

/* Main's log tells which keys are used from now on. */
static void
log_keys(const struct supervise *s)
{
    const struct keyring *keyring = s->config->keyring;

    log_event(LOG_NOTICE, "keys-taken", LOG_HEX("stamp", BYTES_OF(keyring->stamp)),
              LOG_INT("psk_master", keyring->masters[0].id),
              LOG_INT("nonce", keyring->nonce_keys[0].id),
              LOG_INT("published", 1 + (int64_t)keyring->n_token_more));
}

/* Masters before ticket keys: what the new keys make must be of masters that are left. Between the
 * two a front that lost one makes no tickets (front_prune()). */
static int
tell_front(const struct supervise *s, struct slot *slot, bool tickets)
{
    int r = setups_front_secrets(slot->channel, s->config->keyring);

    return r == 0 && tickets ? setups_keys(slot->channel, &s->rota.keys) : r;
}

/* Fronts first: the keeper should not hand out a credential that they would not know yet. */
static void
spread_keys(struct supervise *s, bool tickets)
{
    struct slot *keeper = keeper_of(s);

    for (size_t i = s->n_slots; i-- > 0;) {
        struct slot *slot = &s->slots[i];
        int r = 0;

        if (slot->channel && slot_is_front(slot)) {
            r = tell_front(s, slot, tickets);
        } else if (slot->channel && slot == keeper) {
            r = setups_keeper_keys(slot->channel, s->config->keyring);
        }
        if (r < 0) {
            put_down(slot, strerror(-r));
        }
    }
    log_keys(s);
}

/* Tickets stand for PSKs: those of a master that is gone must open nothing. Whether there are other
 * keys of them now, which the fronts are to be told. */
static bool
renew_tickets(struct supervise *s, bool lost_master)
{
    uint32_t id = keyring_ticket_id(s->config->keyring);
    int r = 0;

    if (!lost_master && id == s->ticket_id) {
        return false;
    }
    r = rota_renew(&s->rota, clock_mono_ms());
    if (r < 0) {
        log_event(LOG_ERROR, "keys-kept", LOG_STR("why", strerror(-r)));
        s->stop = true; /* without randomness nothing here is safe to go on with */
        s->status = 1;
        return false;
    }
    s->ticket_id = id;
    return true;
}

/* When the keys are to be looked at next: one's time comes, is over, or a nonce key is due. */
static int64_t
next_change_s(const struct supervise *s, int64_t now_s)
{
    const struct keyset *set = &s->config->keyring->set;
    int64_t change = keyset_change_s(set, now_s);
    int64_t due = nonce_renew_due_s(set, s->config->settings->nonce_hours * 3600, now_s);

    due = due > s->nonce_again_s ? due : s->nonce_again_s;
    return due < change ? due : change;
}

/* Makes a nonce key if one is due; the reload that follows reads and tells it. Where the folder
 * cannot be written the old one goes on. */
static void
renew_nonce(struct supervise *s, int64_t now_s)
{
    const struct settings *settings = s->config->settings;
    struct conf_problem problem = {""};
    int r;

    if (now_s < s->nonce_again_s) {
        return;
    }
    r = nonce_renew(settings->keys, settings->nonce_hours * 3600, now_s, &problem);
    s->nonce_again_s = r < 0 ? now_s + (r == -EWOULDBLOCK ? KEYS_AGAIN_S : NONCE_AGAIN_S) : 0;
    if (r == 1) {
        log_event(LOG_NOTICE, "nonce-renewed", LOG_STR("left", problem.text));
    } else if (r < 0 && r != -EWOULDBLOCK) {
        log_event(LOG_WARNING, "nonce-kept", LOG_STR("why", problem.text));
    }
}

/* A key's time has come or is over. */
static void
keys_due(struct supervise *s, int64_t now_s)
{
    bool set_back = now_s + KEYS_AGAIN_S < s->keys_read_s;
    struct conf_problem problem = {""};
    bool lost = false;
    int r;

    if (now_s < s->keys_change_s && !set_back) {
        return;
    }
    s->nonce_again_s = set_back ? 0 : s->nonce_again_s;
    s->keys_read_s = now_s;
    renew_nonce(s, now_s);
    r = reload_keys(s->config->settings, now_s, s->config->keyring, &lost, &problem);
    s->keys_change_s = r == 0 ? next_change_s(s, now_s) : now_s + KEYS_AGAIN_S;
    if (r == 0) {
        spread_keys(s, renew_tickets(s, lost));
    } else {
        log_event(LOG_ERROR, "reload-refused",
                  LOG_STR("why", problem.text[0] ? problem.text : strerror(-r)));
    }
}

/* Tells the roles that run what changed; one that cannot be told is started anew and then knows. */
static void
spread(struct supervise *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = &s->slots[i];
        int r = 0;

        if (slot->channel && slot->kind == ROLE_KEEPER) {
            r = setups_keeper_limits(slot->channel, s->config->settings, s->config->keyring);
        } else if (slot->channel && slot_is_front(slot)) {
            r = setups_front_limits(slot->channel, s->config->settings, slot->kind == ROLE_STREAM);
        }
        if (r < 0) {
            put_down(slot, strerror(-r));
        }
    }
}

static void
reload_now(struct supervise *s)
{
    struct conf_problem problem = {""};
    int64_t now_s = clock_utc_ms() / 1000;
    bool lost = false;
    int r;

    s->reload = false;
    ignore(notify_reloading(), "the service runs all the same");
    r = reload(s->config->path, now_s, s->config->settings, s->config->keyring, &lost, &problem);
    if (r == 0) {
        log_from((enum log_level)s->config->settings->log_level);
        s->nonce_again_s = 0; /* what kept it may be mended */
        s->keys_change_s = next_change_s(s, now_s);
        s->keys_read_s = now_s;
        spread_keys(s, renew_tickets(s, lost));
        spread(s);
        log_event(LOG_NOTICE, "reloaded",
                  LOG_INT("ek_certificates", s->config->keyring->n_anchors));
    } else {
        log_event(LOG_ERROR, "reload-refused",
                  LOG_STR("why", problem.text[0] ? problem.text : strerror(-r)));
    }
    ignore(!s->was_ready || notify_systemd("READY=1"), "the service runs all the same");
}

static void
tell_life(struct supervise *s, int64_t now_ms)
{
    if (s->was_ready && s->watchdog_ms > 0 && now_ms >= s->next_word_ms) {
        s->next_word_ms = now_ms + s->watchdog_ms;
        ignore(notify_life(), "systemd will say so");
    }
}

static void
hear(struct supervise *s, struct slot *slot)
{
    struct ipc_msg msg;
    int r = ipc_recv(slot->channel, &msg);

    if (r == IPC_OK && msg.fd >= 0) {
        close(msg.fd); /* nobody sends us one */
        r = IPC_E_FORM;
    }
    if (r == IPC_OK) {
        if (slot->ready) {
            put_down(slot, "it was ready twice");
            return;
        }
        slot->ready = true;
        check_ready(s);
    } else if (r == IPC_E_CLOSED) {
        ipc_freep(&slot->channel); /* its end follows, or it hangs without use */
        kill(slot->pid, SIGTERM);
    } else if (r != IPC_AGAIN) {
        put_down(slot, r < 0 ? strerror(-r) : "it spoke out of turn");
    }
}

static int
time_left(const struct supervise *s, int64_t now_ms)
{
    int64_t left = s->watchdog_ms > 0 && s->watchdog_ms < TURN_MS ? s->watchdog_ms : TURN_MS;

    for (size_t i = 0; i < s->n_slots; i++) {
        int64_t mine = s->slots[i].start_at_ms - now_ms;

        if (s->slots[i].pid == 0 && mine > 0 && mine < left) {
            left = mine;
        }
    }
    return (int)left;
}

/* One turn: waits for a signal, a word of a role, or the next start. */
static int
turn(struct supervise *s)
{
    struct pollfd fds[1 + SLOTS_MAX];

    fds[0] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
    for (size_t i = 0; i < s->n_slots; i++) {
        struct ipc *channel = s->slots[i].channel;

        fds[i + 1] = (struct pollfd){
            .fd = channel ? ipc_fd(channel) : -1,
            .events = (short)(POLLIN | (channel && ipc_pending(channel) ? POLLOUT : 0)),
        };
    }
    if (poll(fds, 1 + s->n_slots, time_left(s, clock_mono_ms())) < 0 && errno != EINTR) {
        return -errno;
    }
    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->channel && (fds[i + 1].revents & POLLOUT)) {
            ignore(ipc_flush(slot->channel), "its end is heard next");
        }
        if (slot->channel && (fds[i + 1].revents & (POLLIN | POLLHUP | POLLERR))) {
            hear(s, slot);
        }
    }
    take_signals(s);
    reap(s);
    if (s->reload && !s->stop) {
        reload_now(s);
    }
    if (!s->stop) {
        keys_due(s, clock_utc_ms() / 1000);
    }
    tell_life(s, clock_mono_ms());
    return 0;
}

static size_t
signal_all(struct supervise *s, int signal)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i].pid > 0) {
            n++;
            if (signal != 0) {
                kill(s->slots[i].pid, signal);
            }
        }
    }
    return n;
}

static bool
fronts_left(const struct supervise *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        if (slot_is_front(&s->slots[i]) && s->slots[i].pid > 0) {
            return true;
        }
    }
    return false;
}

/* Fronts are told by signal, so that they take leave of their peers; when they are gone the keeper
 * by its closed channel, and its readers by theirs; after a while all that is left by signals. */
static void
end_all(struct supervise *s)
{
    int64_t since = clock_mono_ms();
    bool told = false;

    s->stop = true;
    end_fronts(s);
    while (signal_all(s, 0) > 0) {
        int64_t waited = clock_mono_ms() - since;
        struct pollfd fd = {.fd = s->signal_fd, .events = POLLIN};

        if (!fronts_left(s)) {
            ipc_freep(&keeper_of(s)->channel);
        }
        if (waited >= KILL_MS) {
            signal_all(s, SIGKILL);
        } else if (waited >= TERM_MS && !told) {
            told = true;
            signal_all(s, SIGTERM);
        }
        ignore(poll(&fd, 1, 100) < 0, "then it turns faster");
        take_signals(s);
        reap(s);
    }
}

int
supervise_run(const struct supervise_config *config)
{
    struct supervise *s = calloc(1, sizeof(*s));
    int r;

    if (!s) {
        return -ENOMEM;
    }
    s->config = config;
    slots_init(s);
    s->watchdog_ms = notify_watchdog_ms();
    s->ticket_id = keyring_ticket_id(config->keyring);
    s->keys_read_s = clock_utc_ms() / 1000;
    s->keys_change_s = next_change_s(s, s->keys_read_s);
    s->signal_fd = signals_open();
    r = s->signal_fd < 0 ? s->signal_fd
                         : rota_init(&s->rota, config->settings->rotate_s * 1000, clock_mono_ms());
    while (r == 0 && !s->stop) {
        start_due(s, clock_mono_ms());
        rotate(s, clock_mono_ms());
        r = turn(s);
    }
    ignore(notify_systemd("STOPPING=1"), "a courtesy");
    end_all(s);
    log_event(LOG_INFO, "stopped", LOG_INT("status", r < 0 ? 1 : s->status));
    if (s->signal_fd >= 0) {
        close(s->signal_fd);
    }
    r = r < 0 ? r : s->status;
    rota_done(&s->rota);
    free(s);
    return r;
}
