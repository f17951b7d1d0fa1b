/* Inside attestor/link/ only: the list of servers, and the addresses of one. */
#pragma once

#include <netdb.h>

#include "base/std.h"

#define LINK_ADDR_HOST 256u
#define LINK_ADDR_PORT "5684" /* RFC 7252 section 12.7 */

struct link_addr {
    char host[LINK_ADDR_HOST];
    char port[8];
    bool stream; /* coaps+tcp */
};

/* Takes the next "host", "host:port", "[v6]" or "[v6]:port" off a comma-separated list; "coaps://"
 * may stand before it, and "coaps+tcp://" has it reached over TCP. Returns 0, LINK_ADDR_END after
 * the last, or LINK_ADDR_E_FORM. */
enum { LINK_ADDR_END = 1, LINK_ADDR_E_FORM = 2 };
MUST_CHECK int link_addr_next(const char **list, struct link_addr *ret);

/* Addresses of the host; freeaddrinfo() them. Returns 0, or 1 when there are none. */
MUST_CHECK int link_addr_resolve(const struct link_addr *addr, struct addrinfo **ret);

/* Whether there is a route: connects a socket of UDP, which sends nothing. */
bool link_addr_reachable(const struct addrinfo *info);
