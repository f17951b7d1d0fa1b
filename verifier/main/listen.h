/* What main binds for others: UDP and TCP sockets for the fronts and the control socket for the
 * keeper. */
#pragma once

#include "main/settings.h"

struct listen_sockets {
    uint16_t port;     /* the bound one */
    uint16_t tcp_port; /* 0: none */
    size_t n_workers;
    size_t n_addresses;
    int udp[SETTINGS_WORKERS_MAX][LIMIT_FRONT_SOCKETS];
    size_t n_tcp;
    int tcp[LIMIT_FRONT_SOCKETS];
    int control;
    char control_path[108];
};

/* Marks all as not open, so that listen_close() is fine. */
void listen_init(struct listen_sockets *sockets);

/* Binds each address once a worker (SO_REUSEPORT). An IPv6 address on a machine without IPv6 is
 * left out, if another one is left. Returns 0, 1 with the problem, or a negative errno with it. */
MUST_CHECK int listen_udp(const struct settings *settings, struct listen_sockets *ret,
                          struct conf_problem *problem);

/* Listens at each address over TCP, if that is configured; after listen_udp(), whose port it takes
 * unless it has its own. Where UDP's was free to choose and TCP's of that number is not, another is
 * taken. Returns as listen_udp(). */
MUST_CHECK int listen_tcp(const struct settings *settings, struct listen_sockets *ret,
                          struct conf_problem *problem);

/* Makes the control socket with mode 0660 and its group, in a folder that is made if need be. A
 * socket that nobody serves any more is replaced. Returns as listen_udp(). */
MUST_CHECK int listen_control(const struct settings *settings, struct listen_sockets *ret,
                              struct conf_problem *problem);

/* Closes all and removes the control socket's name. */
void listen_close(struct listen_sockets *sockets);
