/* Datagrams: a socket that says and chooses the local address, and a BIO that hands one received
 * datagram to OpenSSL and sends what it writes. */
#pragma once

#include <openssl/bio.h>

#include "front/addr.h"

/* The address that a peer sent to: answers leave from it. */
struct dgram_local {
    uint8_t ip[16];
    uint32_t if_index;
    bool known;
};

struct dgram {
    int fd;
    struct addr peer;
    struct dgram_local local;
    struct bytes in; /* what OpenSSL may read now; empty: it shall wait */
};

/* Receives one datagram into room. Returns 0 with *ret_dgram (its `in` a view into room), 1 when
 * none is there, 2 for one to be dropped (no IP peer, or longer than the room), or -errno. */
enum { DGRAM_NONE = 1, DGRAM_BAD = 2 };
MUST_CHECK int dgram_receive(int fd, uint8_t *room, size_t cap, struct dgram *ret_dgram);

/* Sends; a datagram that the kernel does not take is lost, as on any network. */
void dgram_send(const struct dgram *dgram, struct bytes out);

/* A bound socket for front_listen(). Returns 0, 1 when ip is none, or -errno. */
MUST_CHECK int dgram_listen(const char *ip, uint16_t port, int *ret_fd);

/* The method for BIOs over a struct dgram (BIO_set_data()); NULL without memory. */
BIO_METHOD *dgram_method_new(void);
