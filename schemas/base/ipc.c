#include "base/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/rd.h"
#include "base/wr.h"

enum { HEAD_SIZE = 16 };

/* A descriptor that waits: it rides with the first byte of its message. */
struct passed {
    size_t at; /* of that byte in the queue */
    int fd;
};

struct ipc {
    int fd;
    int got_fd; /* passed with bytes that were read; belongs to the next message */
    bool blocking;
    ipc_limit_fn *limit;
    uint8_t head[HEAD_SIZE];
    size_t head_len;
    uint8_t *body;
    size_t body_len;
    size_t body_want;
    uint8_t *out;
    size_t out_len;
    size_t out_cap;
    struct passed passed[IPC_QUEUE_FDS]; /* in order */
    size_t n_passed;
};

/* Keys cross some channels, and tokens: nothing that did stays behind in freed memory. (wipe() is
 * the same for those above this layer.) */
static void
clear(uint8_t *p, size_t len)
{
    if (len > 0) {
        explicit_bzero(p, len);
    }
}

struct ipc *
ipc_new(int take_fd, bool blocking, ipc_limit_fn *limit)
{
    struct ipc *ipc = calloc(1, sizeof(*ipc));
    int flags = fcntl(take_fd, F_GETFL);

    if (!ipc || flags < 0 || (!blocking && fcntl(take_fd, F_SETFL, flags | O_NONBLOCK) < 0)) {
        free(ipc);
        close(take_fd);
        return NULL;
    }
    ipc->fd = take_fd;
    ipc->got_fd = -1;
    ipc->blocking = blocking;
    ipc->limit = limit;
    return ipc;
}

static void
body_free(struct ipc *ipc)
{
    clear(ipc->body, ipc->body_want);
    free(ipc->body);
    ipc->body = NULL;
    ipc->body_want = 0;
}

void
ipc_free(struct ipc *ipc)
{
    if (!ipc) {
        return;
    }
    close(ipc->fd);
    if (ipc->got_fd >= 0) {
        close(ipc->got_fd);
    }
    for (size_t i = 0; i < ipc->n_passed; i++) {
        close(ipc->passed[i].fd);
    }
    body_free(ipc);
    clear(ipc->out, ipc->out_cap);
    free(ipc->out);
    free(ipc);
}

void
ipc_freep(struct ipc **ipc)
{
    ipc_free(*ipc);
    *ipc = NULL;
}

int
ipc_fd(const struct ipc *ipc)
{
    return ipc->fd;
}

bool
ipc_pending(const struct ipc *ipc)
{
    return ipc->out_len > 0;
}

/* One sendmsg; the descriptor goes with the first byte. Returns bytes sent or a negative errno. */
static ssize_t
send_some(int fd, const uint8_t *p, size_t len, int pass_fd)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)p, .iov_len = len};
    union {
        struct cmsghdr align;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    if (pass_fd >= 0) {
        struct cmsghdr *c;

        msg.msg_control = control.room;
        msg.msg_controllen = sizeof(control.room);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
    }
    do {
        n = sendmsg(fd, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Sends from `done` on, up to where the next descriptor has to ride. Returns bytes sent or a
 * negative errno. */
static ssize_t
send_next(struct ipc *ipc, size_t done)
{
    bool rides = ipc->n_passed > 0 && ipc->passed[0].at == done;
    size_t next = rides ? 1 : 0;
    size_t end = next < ipc->n_passed ? ipc->passed[next].at : ipc->out_len;
    ssize_t n = send_some(ipc->fd, ipc->out + done, end - done, rides ? ipc->passed[0].fd : -1);

    if (n > 0 && rides) {
        close(ipc->passed[0].fd);
        ipc->n_passed--;
        memmove(ipc->passed, ipc->passed + 1, ipc->n_passed * sizeof(ipc->passed[0]));
    }
    return n;
}

/* Forgets what was sent. */
static void
queue_drop(struct ipc *ipc, size_t done)
{
    if (done > 0) {
        memmove(ipc->out, ipc->out + done, ipc->out_len - done);
        ipc->out_len -= done;
        clear(ipc->out + ipc->out_len, done);
    }
    for (size_t i = 0; i < ipc->n_passed; i++) {
        ipc->passed[i].at -= done;
    }
    if (ipc->out_len == 0 && ipc->out_cap > 65536) {
        free(ipc->out); /* a burst must not cost memory for ever */
        ipc->out = NULL;
        ipc->out_cap = 0;
    }
}

int
ipc_flush(struct ipc *ipc)
{
    size_t done = 0;
    ssize_t n = 0;

    while (done < ipc->out_len && n >= 0) {
        n = send_next(ipc, done);
        done += n > 0 ? (size_t)n : 0;
    }
    if (n < 0 && n != -EAGAIN) {
        return (int)n;
    }
    queue_drop(ipc, done);
    return 0;
}

static int
queue_reserve(struct ipc *ipc, size_t more)
{
    size_t cap = ipc->out_cap ? ipc->out_cap : 4096;
    uint8_t *bigger;

    if (more > IPC_QUEUE_MAX || ipc->out_len > IPC_QUEUE_MAX - more) {
        return -ENOBUFS;
    }
    while (cap < ipc->out_len + more) {
        cap *= 2;
    }
    if (cap == ipc->out_cap) {
        return 0;
    }
    bigger = malloc(cap);
    if (!bigger) {
        return -ENOMEM;
    }
    if (ipc->out_len > 0) {
        memcpy(bigger, ipc->out, ipc->out_len);
    }
    clear(ipc->out, ipc->out_len);
    free(ipc->out);
    ipc->out = bigger;
    ipc->out_cap = cap;
    return 0;
}

/* Writes the message at the end of the queue, where queue_reserve() has made room. */
static void
queue_add(struct ipc *ipc, uint16_t type, uint64_t id, const struct bytes *parts, size_t n_parts,
          size_t len)
{
    struct wr wr = wr_init(ipc->out + ipc->out_len, HEAD_SIZE + len);

    wr_le32(&wr, (uint32_t)len);
    wr_le16(&wr, type);
    wr_le16(&wr, 0);
    wr_le64(&wr, id);
    for (size_t i = 0; i < n_parts; i++) {
        wr_bytes(&wr, parts[i]);
    }
    ipc->out_len += wr.len;
}

int
ipc_send(struct ipc *ipc, uint16_t type, uint64_t id, const struct bytes *parts, size_t n_parts,
         int take_fd)
{
    size_t len = 0;
    int r;

    for (size_t i = 0; i < n_parts; i++) {
        len += parts[i].len;
    }
    r = take_fd >= 0 && ipc->n_passed == IPC_QUEUE_FDS ? -ENOBUFS
                                                       : queue_reserve(ipc, HEAD_SIZE + len);
    if (r != 0) {
        if (take_fd >= 0) {
            close(take_fd);
        }
        return r;
    }
    if (take_fd >= 0) {
        ipc->passed[ipc->n_passed++] = (struct passed){.at = ipc->out_len, .fd = take_fd};
    }
    queue_add(ipc, type, id, parts, n_parts, len);
    return ipc_flush(ipc);
}

/* One a message: more is not spoken. All that came are ours to close, and the padding of our room
 * for one lets the kernel put two there. */
static void
keep_fd(struct ipc *ipc, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        size_t len = c->cmsg_len > CMSG_LEN(0) ? c->cmsg_len - CMSG_LEN(0) : 0;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        for (size_t i = 0; i + sizeof(int) <= len; i += sizeof(int)) {
            if (ipc->got_fd >= 0) {
                close(ipc->got_fd);
            }
            memcpy(&ipc->got_fd, CMSG_DATA(c) + i, sizeof(int));
        }
    }
}

/* Reads up to len bytes. Returns bytes, 0 at the end, or a negative errno. */
static ssize_t
recv_some(struct ipc *ipc, uint8_t *p, size_t len)
{
    struct iovec iov = {.iov_base = p, .iov_len = len};
    union {
        struct cmsghdr align;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = sizeof(control.room),
    };
    ssize_t n;

    do {
        n = recvmsg(ipc->fd, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return -errno;
    }
    keep_fd(ipc, &msg);
    return n;
}

/* Fills room up to want. Returns 0 when full, IPC_AGAIN, IPC_E_CLOSED or a negative errno. */
static int
fill(struct ipc *ipc, uint8_t *room, size_t *len, size_t want)
{
    while (*len < want) {
        ssize_t n = recv_some(ipc, room + *len, want - *len);

        if (n == -EAGAIN) {
            return IPC_AGAIN;
        }
        if (n == 0 || n == -ECONNRESET) {
            return IPC_E_CLOSED;
        }
        if (n < 0) {
            return (int)n;
        }
        *len += (size_t)n;
    }
    return 0;
}

/* Judges a whole head and makes room for its body. */
static int
head_done(struct ipc *ipc)
{
    struct rd rd = rd_init(BYTES_OF(ipc->head));
    size_t len = rd_le32(&rd);
    uint16_t type = rd_le16(&rd);
    size_t limit = ipc->limit(type);

    if (rd_le16(&rd) != 0 || limit == SIZE_MAX || len > limit) {
        return IPC_E_FORM;
    }
    body_free(ipc);
    ipc->body = malloc(len ? len : 1);
    ipc->body_len = 0;
    ipc->body_want = ipc->body ? len : 0;
    return ipc->body ? 0 : -ENOMEM;
}

int
ipc_recv(struct ipc *ipc, struct ipc_msg *ret)
{
    struct rd rd;
    int r;

    if (ipc->head_len < HEAD_SIZE) {
        r = fill(ipc, ipc->head, &ipc->head_len, HEAD_SIZE);
        if (r == 0) {
            r = head_done(ipc);
        }
        if (r != 0) {
            return r;
        }
    }
    r = fill(ipc, ipc->body, &ipc->body_len, ipc->body_want);
    if (r != 0) {
        return r;
    }
    rd = rd_init(BYTES_OF(ipc->head));
    (void)rd_le32(&rd);
    ret->type = rd_le16(&rd);
    (void)rd_le16(&rd);
    ret->id = rd_le64(&rd);
    ret->body = bytes_of(ipc->body, ipc->body_len);
    ret->fd = ipc->got_fd;
    ipc->got_fd = -1;
    ipc->head_len = 0;
    return IPC_OK;
}
