#include "base/ipc.h"
#include "lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TYPE_SMALL = 1, TYPE_LARGE = 2, LARGE = 3 * 1024 * 1024 };

static size_t
limit(uint16_t type)
{
    switch (type) {
    case TYPE_SMALL:
        return 16;
    case TYPE_LARGE:
        return LARGE;
    default:
        return SIZE_MAX;
    }
}

static void
pair(struct ipc **a, struct ipc **b)
{
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    *a = ipc_new(fds[0], false, limit);
    *b = ipc_new(fds[1], false, limit);
    CHECK(*a && *b);
}

static void
messages_arrive_whole_and_in_order(void)
{
    struct bytes parts[] = {bytes_str("ab"), BYTES_NULL, bytes_str("c")};
    struct ipc_msg msg;
    struct ipc *a;
    struct ipc *b;

    pair(&a, &b);
    CHECK_EQ(ipc_recv(b, &msg), IPC_AGAIN);
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 7, parts, 3, -1), 0);
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 8, NULL, 0, -1), 0);
    CHECK_EQ(ipc_recv(b, &msg), IPC_OK);
    CHECK_EQ(msg.id, 7);
    CHECK_BYTES(msg.body, bytes_str("abc"));
    CHECK_EQ(msg.fd, -1);
    CHECK_EQ(ipc_recv(b, &msg), IPC_OK);
    CHECK_EQ(msg.id, 8);
    CHECK_EQ(msg.body.len, 0);
    ipc_free(a);
    CHECK_EQ(ipc_recv(b, &msg), IPC_E_CLOSED);
    ipc_free(b);
}

static void
a_large_message_crosses_in_pieces(void)
{
    uint8_t *large = calloc(1, LARGE);
    struct bytes part = bytes_of(large, LARGE);
    struct ipc_msg msg = {0};
    struct ipc *a;
    struct ipc *b;
    int r = IPC_AGAIN;

    pair(&a, &b);
    CHECK_EQ(ipc_send(a, TYPE_LARGE, 1, &part, 1, -1), 0);
    CHECK(ipc_pending(a));
    for (int i = 0; i < 1000 && r == IPC_AGAIN; i++) {
        CHECK_EQ(ipc_flush(a), 0);
        r = ipc_recv(b, &msg);
    }
    CHECK_EQ(r, IPC_OK);
    CHECK_EQ(msg.body.len, LARGE);
    ipc_free(a);
    ipc_free(b);
    free(large);
}

static void
a_queue_that_nobody_reads_is_bounded(void)
{
    uint8_t *large = calloc(1, LARGE);
    struct bytes part = bytes_of(large, LARGE);
    struct ipc *a;
    struct ipc *b;
    int r = 0;

    pair(&a, &b);
    for (int i = 0; i < 8 && r == 0; i++) {
        r = ipc_send(a, TYPE_LARGE, 1, &part, 1, -1);
    }
    CHECK_EQ(r, -ENOBUFS);
    ipc_free(a);
    ipc_free(b);
    free(large);
}

/* Writes a raw head and tells what the receiver makes of it. */
static int
judged(const char *head)
{
    struct bytes raw = check_hex(head);
    struct ipc_msg msg;
    struct ipc *b;
    int fds[2];
    int r;

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    b = ipc_new(fds[1], false, limit);
    CHECK_EQ(write(fds[0], raw.p, raw.len), raw.len);
    r = ipc_recv(b, &msg);
    close(fds[0]);
    ipc_free(b);
    return r;
}

static void
what_the_table_forbids_is_a_broken_peer(void)
{
    CHECK_EQ(judged("00000000 0100 0000 0000000000000000"), IPC_OK);
    CHECK_EQ(judged("00000000 0300 0000 0000000000000000"), IPC_E_FORM);
    CHECK_EQ(judged("00000000 0100 0100 0000000000000000"), IPC_E_FORM);
    CHECK_EQ(judged("11000000 0100 0000 0000000000000000"), IPC_E_FORM);
    CHECK_EQ(judged("ffffffff 0200 0000 0000000000000000"), IPC_E_FORM);
    CHECK_EQ(judged("10000000 0100 0000 0000000000000000"), IPC_AGAIN);
}

static void
a_descriptor_rides_with_its_message(void)
{
    struct ipc_msg msg;
    struct ipc *a;
    struct ipc *b;
    int pipe_fds[2];
    char c = 0;

    pair(&a, &b);
    CHECK_EQ(pipe(pipe_fds), 0);
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 1, NULL, 0, -1), 0);
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 2, NULL, 0, pipe_fds[1]), 0);
    CHECK_EQ(fcntl(pipe_fds[1], F_GETFD), -1);
    CHECK_EQ(ipc_recv(b, &msg), IPC_OK);
    CHECK_EQ(msg.fd, -1);
    CHECK_EQ(ipc_recv(b, &msg), IPC_OK);
    CHECK(msg.fd >= 0);
    CHECK_EQ(write(msg.fd, "x", 1), 1);
    CHECK_EQ(read(pipe_fds[0], &c, 1), 1);
    CHECK_EQ(c, 'x');
    close(msg.fd);
    ipc_free(a);
    ipc_free(b);
}

/* Sends a whole small message with two descriptors, as none of ours does. */
static void
send_two(int socket, int first, int second)
{
    uint8_t head[16] = {0, 0, 0, 0, TYPE_SMALL};
    int fds[2] = {first, second};
    union {
        struct cmsghdr align;
        uint8_t room[CMSG_SPACE(sizeof(fds))];
    } control = {0};
    struct iovec iov = {head, sizeof(head)};
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = sizeof(control.room),
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(c), fds, sizeof(fds));
    CHECK_EQ(sendmsg(socket, &msg, 0), sizeof(head));
}

static void
of_two_descriptors_one_is_closed(void)
{
    struct ipc_msg msg;
    struct ipc *b;
    uint8_t byte;
    int fds[2];
    int one[2];
    int two[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    CHECK_EQ(pipe(one), 0);
    CHECK_EQ(pipe(two), 0);
    b = ipc_new(fds[1], false, limit);
    send_two(fds[0], one[1], two[1]);
    close(one[1]);
    close(two[1]);
    CHECK_EQ(ipc_recv(b, &msg), IPC_OK);
    CHECK(msg.fd >= 0);
    close(msg.fd);
    CHECK_EQ(read(one[0], &byte, 1), 0); /* the end: no writer is left anywhere */
    CHECK_EQ(read(two[0], &byte, 1), 0);
    ipc_free(b);
    close(fds[0]);
    close(one[0]);
    close(two[0]);
}

static ino_t
inode(int fd)
{
    struct stat st;

    CHECK_EQ(fstat(fd, &st), 0);
    return st.st_ino;
}

/* The next message, while the other end sends what waits. */
static struct ipc_msg
pump(struct ipc *from, struct ipc *to)
{
    struct ipc_msg msg = {.fd = -1};
    int r = IPC_AGAIN;

    for (int i = 0; i < 10000 && r == IPC_AGAIN; i++) {
        CHECK_EQ(ipc_flush(from), 0);
        r = ipc_recv(to, &msg);
    }
    CHECK_EQ(r, IPC_OK);
    return msg;
}

/* Main must not stand still because a keeper does. */
static void
a_descriptor_does_not_wait_for_a_peer_that_does_not_read(void)
{
    uint8_t *large = calloc(1, LARGE);
    struct bytes part = bytes_of(large, LARGE);
    struct ipc *a;
    struct ipc *b;
    struct ipc_msg msg;
    int pipe_fds[2];
    ino_t passed;

    pair(&a, &b);
    CHECK_EQ(pipe(pipe_fds), 0);
    passed = inode(pipe_fds[1]);
    CHECK_EQ(ipc_send(a, TYPE_LARGE, 1, &part, 1, -1), 0);
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 2, NULL, 0, pipe_fds[1]), 0); /* and comes back */
    CHECK(ipc_pending(a));
    CHECK_EQ(inode(pipe_fds[1]), passed); /* waits with its message */
    msg = pump(a, b);
    CHECK_EQ(msg.id, 1);
    CHECK_EQ(msg.fd, -1);
    msg = pump(a, b);
    CHECK_EQ(msg.id, 2);
    CHECK_EQ(inode(msg.fd), passed);
    CHECK(!ipc_pending(a));
    close(msg.fd);
    CHECK_EQ(fcntl(pipe_fds[1], F_GETFD), -1);
    ipc_free(a);
    ipc_free(b);
    free(large);
}

enum { MIXED = 20 };

/* Every third message has one, behind a large one that fills the socket. */
static void
each_descriptor_rides_with_its_own_message(void)
{
    uint8_t *large = calloc(1, LARGE);
    struct bytes part = bytes_of(large, LARGE);
    ino_t passed[MIXED] = {0};
    struct ipc *a;
    struct ipc *b;

    pair(&a, &b);
    CHECK_EQ(ipc_send(a, TYPE_LARGE, MIXED, &part, 1, -1), 0);
    for (size_t i = 0; i < MIXED; i++) {
        int fds[2] = {-1, -1};

        if (i % 3 == 0) {
            CHECK_EQ(pipe(fds), 0);
            passed[i] = inode(fds[0]);
            close(fds[1]);
        }
        CHECK_EQ(ipc_send(a, TYPE_SMALL, i, NULL, 0, fds[0]), 0);
    }
    CHECK_EQ(pump(a, b).id, MIXED);
    for (size_t i = 0; i < MIXED; i++) {
        struct ipc_msg msg = pump(a, b);

        CHECK_EQ(msg.id, i);
        CHECK_EQ(msg.fd >= 0, i % 3 == 0);
        CHECK(msg.fd < 0 || inode(msg.fd) == passed[i]);
        if (msg.fd >= 0) {
            close(msg.fd);
        }
    }
    ipc_free(a);
    ipc_free(b);
    free(large);
}

static void
descriptors_that_nobody_takes_are_bounded_and_closed(void)
{
    uint8_t *large = calloc(1, LARGE);
    struct bytes part = bytes_of(large, LARGE);
    struct ipc *a;
    struct ipc *b;
    uint8_t byte;
    int pipe_fds[2];

    pair(&a, &b);
    CHECK_EQ(pipe(pipe_fds), 0);
    CHECK_EQ(ipc_send(a, TYPE_LARGE, 1, &part, 1, -1), 0);
    for (size_t i = 0; i < IPC_QUEUE_FDS; i++) {
        CHECK_EQ(ipc_send(a, TYPE_SMALL, 1, NULL, 0, dup(pipe_fds[1])), 0);
    }
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 1, NULL, 0, dup(pipe_fds[1])), -ENOBUFS);
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 1, NULL, 0, -1), 0); /* what has none still goes */
    close(pipe_fds[1]);
    ipc_free(a);
    CHECK_EQ(read(pipe_fds[0], &byte, 1), 0); /* the end: no writer is left anywhere */
    ipc_free(b);
    free(large);
}

static void
a_descriptor_to_nobody_is_closed(void)
{
    struct ipc *a;
    struct ipc *b;
    uint8_t byte;
    int pipe_fds[2];

    pair(&a, &b);
    CHECK_EQ(pipe(pipe_fds), 0);
    ipc_free(b);
    CHECK_EQ(ipc_send(a, TYPE_SMALL, 1, NULL, 0, pipe_fds[1]), -EPIPE);
    ipc_free(a);
    CHECK_EQ(read(pipe_fds[0], &byte, 1), 0);
}

CHECK_MAIN(CASE(messages_arrive_whole_and_in_order), CASE(a_large_message_crosses_in_pieces),
           CASE(a_queue_that_nobody_reads_is_bounded),
           CASE(what_the_table_forbids_is_a_broken_peer), CASE(a_descriptor_rides_with_its_message),
           CASE(of_two_descriptors_one_is_closed),
           CASE(a_descriptor_does_not_wait_for_a_peer_that_does_not_read),
           CASE(each_descriptor_rides_with_its_own_message),
           CASE(descriptors_that_nobody_takes_are_bounded_and_closed),
           CASE(a_descriptor_to_nobody_is_closed))
