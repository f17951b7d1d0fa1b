#include "main/listen.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "front/front.h"

enum {
    BACKLOG = 16,
    ADDRESS_MAX = 64,
    GONE_TRIES =
        50, /* roles of a main that was killed end with it, as soon as they are scheduled */
    GONE_EVERY_MS = 20,
};

void
listen_init(struct listen_sockets *sockets)
{
    memset(sockets, 0, sizeof(*sockets));
    memset(sockets->udp, 0xff, sizeof(sockets->udp)); /* -1 */
    memset(sockets->tcp, 0xff, sizeof(sockets->tcp));
    sockets->control = -1;
}

/* The next address of a list, without the blanks around it. False at its end. */
static bool
next_address(const char **at, char out[ADDRESS_MAX])
{
    size_t len;

    *at += strspn(*at, ", ");
    len = strcspn(*at, ", ");
    snprintf(out, ADDRESS_MAX, "%.*s", (int)(len < ADDRESS_MAX ? len : ADDRESS_MAX - 1), *at);
    *at += len;
    return len > 0;
}

static int
bound_port(int fd, uint16_t *ret_port)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof(own);

    if (getsockname(fd, (struct sockaddr *)&own, &len) < 0) {
        return -errno;
    }
    *ret_port = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                                : ((struct sockaddr_in *)&own)->sin_port);
    return 0;
}

/* One address for all workers. */
static int
bind_address(const char *address, struct listen_sockets *ret)
{
    int r = 0;

    for (size_t worker = 0; worker < ret->n_workers && r == 0; worker++) {
        int *fd = &ret->udp[worker][ret->n_addresses];

        r = front_listen(address, ret->port, fd);
        if (r == 0 && ret->port == 0) {
            r = bound_port(*fd, &ret->port); /* the others follow */
        }
    }
    ret->n_addresses += r == 0;
    return r;
}

static int
say(struct conf_problem *problem, const char *what, int r, const char *why)
{
    snprintf(problem->text, sizeof(problem->text), "%.120s: %.100s", what, why);
    return r;
}

int
listen_udp(const struct settings *settings, struct listen_sockets *ret,
           struct conf_problem *problem)
{
    const char *at = settings->addresses;
    char address[ADDRESS_MAX];

    ret->port = (uint16_t)settings->port;
    ret->n_workers = (size_t)settings->workers;
    while (next_address(&at, address)) {
        int r = ret->n_addresses < LIMIT_FRONT_SOCKETS ? bind_address(address, ret) : -E2BIG;

        if (r == -EAFNOSUPPORT || (r == -EADDRNOTAVAIL && strcmp(address, "::") == 0)) {
            continue; /* no IPv6 here */
        }
        if (r != 0) {
            return say(problem, address, r, r > 0 ? "not an IP address" : strerror(-r));
        }
    }
    return ret->n_addresses > 0 ? 0
                                : say(problem, "[listen] address", 1, "there is none to listen at");
}

/* One address; *port is taken, or set where it is 0. */
static int
bind_stream(const char *address, uint16_t *port, struct listen_sockets *ret)
{
    int *fd = &ret->tcp[ret->n_tcp];
    int r = ret->n_tcp < LIMIT_FRONT_SOCKETS ? front_listen_stream(address, *port, fd) : -E2BIG;

    if (r == 0) {
        ret->n_tcp++;
        r = *port == 0 ? bound_port(*fd, port) : 0;
    }
    return r;
}

int
listen_tcp(const struct settings *settings, struct listen_sockets *ret,
           struct conf_problem *problem)
{
    const char *at = settings->addresses;
    char address[ADDRESS_MAX];
    uint16_t port = settings->tcp_port ? (uint16_t)settings->tcp_port : ret->port;
    bool any = settings->tcp_port == 0 && settings->port == 0;

    while (settings->tcp && next_address(&at, address)) {
        int r = bind_stream(address, &port, ret);

        if (r == -EADDRINUSE && any && ret->n_tcp == 0) {
            port = 0;
            r = bind_stream(address, &port, ret);
        }
        if (r == -EAFNOSUPPORT || (r == -EADDRNOTAVAIL && strcmp(address, "::") == 0)) {
            continue; /* no IPv6 here */
        }
        if (r != 0) {
            snprintf(problem->text, sizeof(problem->text), "TCP port %u at %.60s: %.100s", port,
                     address, strerror(-r));
            return r;
        }
    }
    ret->tcp_port = ret->n_tcp > 0 ? port : 0;
    return 0;
}

static int
make_folder(const char *path)
{
    char folder[108];
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    return folder[0] ? file_folder(folder, 0755) : 0;
}

/* Whether somebody listens there, also who accepts nobody. Returns 0, 1 or a negative errno. */
static int
answers(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r;

    if (fd < 0) {
        return -errno;
    }
    r = connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0 || errno == EAGAIN;
    close(fd);
    return r;
}

/* Removes a name that a dead verifier left. Returns 0, or -EADDRINUSE when somebody listens. */
static int
clear_name(const struct sockaddr_un *name)
{
    struct stat stat_of;
    int alive = answers(name);

    for (int i = 0; alive == 1 && i < GONE_TRIES; i++) {
        ignore(poll(NULL, 0, GONE_EVERY_MS) < 0, "then it is asked sooner");
        alive = answers(name);
    }
    if (alive < 0) {
        return alive;
    }
    if (alive == 1 || (lstat(name->sun_path, &stat_of) == 0 && !S_ISSOCK(stat_of.st_mode))) {
        return -EADDRINUSE;
    }
    return unlink(name->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int
bind_control(const struct settings *settings, struct listen_sockets *ret)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const struct group *group =
        settings->control_group[0] ? getgrnam(settings->control_group) : NULL;
    mode_t mask;
    int r;

    memcpy(name.sun_path, settings->control, strlen(settings->control));
    r = clear_name(&name);
    if (r < 0) {
        return r;
    }
    ret->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mask = umask(0117); /* 0660 from its first moment */
    r = ret->control < 0 || bind(ret->control, (struct sockaddr *)&name, sizeof(name)) < 0 ? -errno
                                                                                           : 0;
    umask(mask);
    if (r < 0) {
        return r;
    }
    memcpy(ret->control_path, settings->control, sizeof(ret->control_path));
    if (group && chown(ret->control_path, (uid_t)-1, group->gr_gid) < 0) {
        return -errno;
    }
    return listen(ret->control, BACKLOG) < 0 ? -errno : 0;
}

int
listen_control(const struct settings *settings, struct listen_sockets *ret,
               struct conf_problem *problem)
{
    int r = make_folder(settings->control);

    if (r == 0) {
        r = bind_control(settings, ret);
    }
    return r == 0 ? 0
                  : say(problem, settings->control, r,
                        r == -EADDRINUSE ? "another verifier uses it" : strerror(-r));
}

void
listen_close(struct listen_sockets *sockets)
{
    for (size_t i = 0; i < ARRAY_LEN(sockets->udp); i++) {
        for (size_t k = 0; k < ARRAY_LEN(sockets->udp[i]); k++) {
            if (sockets->udp[i][k] >= 0) {
                close(sockets->udp[i][k]);
            }
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(sockets->tcp); i++) {
        if (sockets->tcp[i] >= 0) {
            close(sockets->tcp[i]);
        }
    }
    if (sockets->control >= 0) {
        close(sockets->control);
    }
    if (sockets->control_path[0]) {
        ignore(unlink(sockets->control_path) < 0, "it may be gone");
    }
    listen_init(sockets);
}
