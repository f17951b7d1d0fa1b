/* Framed messages between processes of one service, over a stream socket pair: 16 bytes of head
 * (body length u32, type u16, zero u16, request number u64; little-endian), then the body. A type
 * that the table does not allow from this peer, or a body over its limit, is IPC_E_FORM: the peer
 * is broken or hijacked and must go. */
#pragma once

#include "base/std.h"

enum ipc_outcome {
    IPC_OK,
    IPC_AGAIN,    /* nothing whole is there yet */
    IPC_E_CLOSED, /* the peer is gone */
    IPC_E_FORM,   /* the peer said what it may not say */
};

struct ipc_msg {
    uint16_t type;
    uint64_t id;
    struct bytes body; /* valid until the next ipc_recv() or ipc_free() */
    int fd;            /* passed along, owned by the receiver; -1 when none */
};

/* Longest body that a type may have from this peer; SIZE_MAX when it may not send that type. */
typedef size_t ipc_limit_fn(uint16_t type);

struct ipc;

/* Takes the socket, made non-blocking when `blocking` is false. Returns NULL when memory ends (the
 * socket is closed then too). limit judges what is received. */
struct ipc *ipc_new(int take_fd, bool blocking, ipc_limit_fn *limit);
void ipc_free(struct ipc *ipc);
void ipc_freep(struct ipc **ipc);

int ipc_fd(const struct ipc *ipc);

/* Queues a message of the parts joined, and sends what the socket takes; never waits for a peer
 * that does not read, unless the socket is blocking. take_fd is passed along with the message and
 * closed then, or at the latest by ipc_free(); -1 for none. Returns 0, or -ENOBUFS when
 * IPC_QUEUE_MAX bytes or IPC_QUEUE_FDS descriptors would wait, or another negative errno when the
 * peer is gone. */
#define IPC_QUEUE_MAX (16u * 1024u * 1024u) /* the longest message: records of a long IMA list */
/* main to a keeper that starts: 64 fronts, 4 readers, a socket; twice */
#define IPC_QUEUE_FDS 128u
MUST_CHECK int ipc_send(struct ipc *ipc, uint16_t type, uint64_t id, const struct bytes *parts,
                        size_t n_parts, int take_fd);

/* Sends what waits; call when the socket is writable. Returns 0 or a negative errno. */
MUST_CHECK int ipc_flush(struct ipc *ipc);
bool ipc_pending(const struct ipc *ipc);

/* Next message: one of enum ipc_outcome, or a negative errno. A blocking socket waits. */
MUST_CHECK int ipc_recv(struct ipc *ipc, struct ipc_msg *ret);
