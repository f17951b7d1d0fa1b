#include "front/dgram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/rd.h"

enum { BUFFER_BYTES = 4 << 20, OVERHEAD_IP4 = 28, OVERHEAD_IP6 = 48 };

union control {
    struct cmsghdr align;
    uint8_t b[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static void
local_read(struct msghdr *message, struct dgram_local *local)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            memcpy(local->ip, &info.ipi_spec_dst, sizeof(info.ipi_spec_dst));
            local->known = true;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            memcpy(local->ip, &info.ipi6_addr, sizeof(info.ipi6_addr));
            /* routing chooses the interface but for link-local addresses */
            local->if_index = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
            local->known = true;
        }
    }
}

int
dgram_receive(int fd, uint8_t *room, size_t cap, struct dgram *ret_dgram)
{
    struct sockaddr_storage from = {0};
    struct iovec part = {.iov_base = room, .iov_len = cap};
    union control control = {.b = {0}};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof(from),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.b,
                             .msg_controllen = sizeof(control.b)};
    struct dgram out = {.fd = fd};
    ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);

    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            return DGRAM_NONE;
        }
        /* an ICMP answer to something sent before: no fault of the socket */
        return errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH ? DGRAM_BAD
                                                                                      : -errno;
    }
    if (message.msg_flags & MSG_TRUNC || addr_read(&from, &out.peer) != 0) {
        return DGRAM_BAD;
    }
    local_read(&message, &out.local);
    out.in = bytes_of(room, (size_t)n);
    *ret_dgram = out;
    return 0;
}

/* Writes the local address as control data. */
static void
local_write(const struct dgram *dgram, struct msghdr *message, union control *control)
{
    struct cmsghdr *c = &control->align;

    message->msg_control = control->b;
    if (dgram->peer.v6) {
        struct in6_pktinfo info = {.ipi6_ifindex = dgram->local.if_index};

        memcpy(&info.ipi6_addr, dgram->local.ip, sizeof(info.ipi6_addr));
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(info));
        message->msg_controllen = CMSG_SPACE(sizeof(info));
        memcpy(CMSG_DATA(c), &info, sizeof(info));
        return;
    }
    struct in_pktinfo info = {0};

    memcpy(&info.ipi_spec_dst, dgram->local.ip, sizeof(info.ipi_spec_dst));
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
    memcpy(CMSG_DATA(c), &info, sizeof(info));
}

void
dgram_send(const struct dgram *dgram, struct bytes out)
{
    struct sockaddr_storage to;
    struct iovec part = {.iov_base = (void *)(uintptr_t)out.p, .iov_len = out.len};
    struct msghdr message = {.msg_name = &to, .msg_iov = &part, .msg_iovlen = 1};
    union control control = {.b = {0}};

    message.msg_namelen = addr_sockaddr(&dgram->peer, &to);
    if (dgram->local.known) {
        local_write(dgram, &message, &control);
    }
    ignore(sendmsg(dgram->fd, &message, MSG_DONTWAIT) < 0,
           "a lost datagram is sent again by timer");
}

static int
options_set(int fd, bool v6)
{
    static const int on = 1;
    static const int buffer = BUFFER_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
        return -errno;
    }
    ignore(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), "a wish");
    if (!v6) {
        return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0 ? 0 : -errno;
    }
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) != 0) {
        return -errno;
    }
    return 0;
}

int
dgram_listen(const char *ip, uint16_t port, int *ret_fd)
{
    struct addr addr = {.port = port};
    struct sockaddr_storage at;
    socklen_t len;
    int fd;
    int r;

    addr.v6 = inet_pton(AF_INET6, ip, addr.ip) == 1;
    if (!addr.v6 && inet_pton(AF_INET, ip, addr.ip) != 1) {
        return 1;
    }
    fd = socket(addr.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    r = options_set(fd, addr.v6);
    len = addr_sockaddr(&addr, &at);
    if (r == 0 && bind(fd, (struct sockaddr *)&at, len) != 0) {
        r = -errno;
    }
    if (r < 0) {
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

static int
bio_read(BIO *bio, char *out, int cap)
{
    struct dgram *dgram = BIO_get_data(bio);
    size_t n = dgram->in.len;
    struct rd rd = rd_init(dgram->in);

    BIO_clear_retry_flags(bio);
    if (n == 0 || cap <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    n = n < (size_t)cap ? n : (size_t)cap;
    rd_copy(&rd, (uint8_t *)out, n);
    dgram->in = BYTES_NULL; /* what did not fit is lost, as with recv() */
    return (int)n;
}

static int
bio_write(BIO *bio, const char *in, int len)
{
    BIO_clear_retry_flags(bio);
    if (len > 0) {
        dgram_send(BIO_get_data(bio), bytes_of(in, (size_t)len));
    }
    return len;
}

static long
bio_ctrl(BIO *bio, int cmd, long number, void *pointer)
{
    struct dgram *dgram = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    switch (cmd) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
    case BIO_CTRL_DGRAM_SET_PEEK_MODE:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
    case BIO_CTRL_DGRAM_SET_CONNECTED:
        return 1;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return dgram && dgram->peer.v6 ? OVERHEAD_IP6 : OVERHEAD_IP4;
    default:
        return 0;
    }
}

static int
bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *
dgram_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "front dgram");

    if (method &&
        (!BIO_meth_set_read(method, bio_read) || !BIO_meth_set_write(method, bio_write) ||
         !BIO_meth_set_ctrl(method, bio_ctrl) || !BIO_meth_set_create(method, bio_create))) {
        BIO_meth_free(method);
        method = NULL;
    }
    return method;
}
