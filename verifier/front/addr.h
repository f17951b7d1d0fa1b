/* A peer's address as a key, and the prefix under which its quotas are counted. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/std.h"

struct addr {
    uint8_t ip[16];    /* IPv4: the first four, the rest zero */
    uint32_t scope_id; /* of a link-local IPv6 address */
    uint16_t port;     /* host order */
    bool v6;
};

/* IPv4 /24 or IPv6 /48: what one subscriber or one small network holds. */
struct addr_prefix {
    uint8_t b[8];
};

/* Takes an address that the kernel gave. Returns 0, or 1 when it is neither IPv4 nor IPv6. */
MUST_CHECK int addr_read(const struct sockaddr_storage *in, struct addr *ret_addr);

/* The kernel's form; returns its length. */
socklen_t addr_sockaddr(const struct addr *addr, struct sockaddr_storage *ret_out);

/* Every byte that tells one peer from another, for the cookie's MAC. */
#define ADDR_KEY_LEN 23u
void addr_key(const struct addr *addr, uint8_t out[ADDR_KEY_LEN]);

bool addr_equal(const struct addr *a, const struct addr *b);

/* Seeded, so that a peer cannot choose addresses that meet in one bucket. */
uint64_t addr_hash(const struct addr *addr, uint64_t seed);
struct addr_prefix addr_prefix(const struct addr *addr);

/* "192.0.2.1:5684" or "[2001:db8::1]:5684"; returns out. */
#define ADDR_TEXT_ROOM 64u
char *addr_text(const struct addr *addr, char out[ADDR_TEXT_ROOM]);
