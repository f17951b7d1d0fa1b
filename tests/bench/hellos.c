/* Strangers for tests/bench/hellos.py: ClientHellos at a set rate, each from an
 * address of its own in 127/8, every other one with a cookie that was never given.
 *
 *   bench-hellos PORT RATE
 *
 * Sends until its standard input ends; then says what it sent, and how much of that was answered as
 * a stranger must be. Says a line at once when the first are out. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/wr.h"
#include "front/cookie.h"
#include "lib/check.h"

enum {
    SOCKETS = 16, /* each a port */
    BATCH = 64,
    TURNS = 16,       /* batches between two looks at standard input */
    SILENCE_MS = 500, /* after which no more answers are waited for */
    ANSWERS_BUFFER = 4 << 20,
    HELLO_ROOM = 256,
    RECORD_HEAD = 13,
    MESSAGE_HEAD = 12,
};

#define SECOND_NS 1000000000u

union control {
    struct cmsghdr align;
    uint8_t b[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static struct {
    int fds[SOCKETS];
    struct sockaddr_in to;
    uint64_t rate; /* a second; 0: no end */
    uint64_t began_ns;
    uint64_t n_hellos; /* made */
    uint64_t n_sent;
    uint64_t n_answered;
    uint8_t hellos[BATCH][HELLO_ROOM];
    union control controls[BATCH];
} flood;

/* Extensions as a device sends them: extended master secret, session ticket, groups, algorithms. */
static const uint8_t rest[] = {0x00, 0x06, 0xc0, 0x37, 0xc0, 0x2b, 0x00, 0xff, /* suites */
                               0x01, 0x00,                                     /* no compression */
                               0x00, 0x1a,                                     /* extensions */
                               0x00, 0x17, 0x00, 0x00, 0x00, 0x23, 0x00, 0x00, 0x00,
                               0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, 0x00, 0x0d,
                               0x00, 0x06, 0x00, 0x04, 0x04, 0x03, 0x08, 0x04};

/* One hello in room, whose random and cookie are of this number. */
static size_t
hello_write(uint8_t room[HELLO_ROOM], uint64_t number)
{
    uint8_t random[HELLO_RANDOM_LEN] = {0};
    uint32_t cookie_len = number % 2 == 0 ? 0 : COOKIE_LEN;
    uint32_t len = 2 + (uint32_t)sizeof(random) + 1 + 1 + cookie_len + (uint32_t)sizeof(rest);
    struct wr wr = wr_init(room, HELLO_ROOM);

    memcpy(random, &number, sizeof(number));
    wr_u8(&wr, RECORD_HANDSHAKE);
    wr_be16(&wr, 0xfeff);
    wr_be32(&wr, 0); /* epoch, and the record's number to its end */
    wr_be32(&wr, (uint32_t)number);
    wr_be16(&wr, (uint16_t)(MESSAGE_HEAD + len));
    wr_be32(&wr, 1u << 24 | len); /* ClientHello */
    wr_be16(&wr, cookie_len > 0); /* message number */
    wr_be16(&wr, 0);              /* fragment: from 0 (three bytes) */
    wr_be32(&wr, len);
    wr_be16(&wr, 0xfefd);
    wr_bytes(&wr, BYTES_OF(random));
    wr_u8(&wr, 0); /* session */
    wr_u8(&wr, (uint8_t)cookie_len);
    wr_bytes(&wr, bytes_of(random, cookie_len));
    wr_bytes(&wr, BYTES_OF(rest));
    CHECK_EQ(wr_done(&wr).len, RECORD_HEAD + MESSAGE_HEAD + len);
    return wr_done(&wr).len;
}

/* The source of a message: 127.x.y.z, another for each number until they begin again. */
static void
source_write(union control *control, uint64_t number)
{
    uint32_t host = 2 + (uint32_t)(number * 40503u % 0xfffff0u);
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(0x7f000000u | host)};

    control->align.cmsg_level = IPPROTO_IP;
    control->align.cmsg_type = IP_PKTINFO;
    control->align.cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(&control->align), &info, sizeof(info));
}

static void
batch_send(int fd)
{
    struct mmsghdr messages[BATCH] = {{{0}, 0}};
    struct iovec parts[BATCH];
    int n;

    for (size_t i = 0; i < BATCH; i++, flood.n_hellos++) {
        parts[i].iov_base = flood.hellos[i];
        parts[i].iov_len = hello_write(flood.hellos[i], flood.n_hellos);
        source_write(&flood.controls[i], flood.n_hellos);
        messages[i].msg_hdr = (struct msghdr){.msg_name = &flood.to,
                                              .msg_namelen = sizeof(flood.to),
                                              .msg_iov = &parts[i],
                                              .msg_iovlen = 1,
                                              .msg_control = flood.controls[i].b,
                                              .msg_controllen = sizeof(flood.controls[i].b)};
    }
    n = sendmmsg(fd, messages, BATCH, 0);
    CHECK(n >= 0);
    flood.n_sent += (uint64_t)n;
}

static bool
is_cookie_request(const uint8_t *datagram, size_t len)
{
    return len == COOKIE_REQUEST_LEN && datagram[0] == RECORD_HANDSHAKE &&
           datagram[RECORD_HEAD] == 3;
}

static void
answers_take(int fd)
{
    uint8_t rooms[BATCH][COOKIE_REQUEST_LEN + 1];
    struct mmsghdr messages[BATCH] = {{{0}, 0}};
    struct iovec parts[BATCH];
    int n;

    do {
        for (size_t i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){.iov_base = rooms[i], .iov_len = sizeof(rooms[i])};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        }
        n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++) {
            flood.n_answered += is_cookie_request(rooms[i], messages[i].msg_len);
        }
    } while (n == BATCH);
}

static void
sockets_open(uint16_t port)
{
    static const int buffer = ANSWERS_BUFFER;
    struct sockaddr_in any = {.sin_family = AF_INET};

    flood.to = any;
    flood.to.sin_port = htons(port);
    flood.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < SOCKETS; i++) {
        int fd = flood.fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        CHECK(fd >= 0);
        CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
        CHECK_EQ(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
    }
}

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* Waits until the rate allows another batch. Who comes late catches up. */
static void
pace(void)
{
    uint64_t due = flood.rate ? flood.began_ns + flood.n_sent * SECOND_NS / flood.rate : 0;
    struct timespec at = {(time_t)(due / SECOND_NS), (long)(due % SECOND_NS)};

    if (due > 0) {
        CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL), 0);
    }
}

/* True once standard input has ended. */
static bool
over(void)
{
    char c;

    return read(STDIN_FILENO, &c, 1) == 0;
}

/* Those that were on their way. */
static void
answers_last(void)
{
    struct pollfd polled[SOCKETS];

    for (size_t i = 0; i < SOCKETS; i++) {
        polled[i] = (struct pollfd){.fd = flood.fds[i], .events = POLLIN};
    }
    while (poll(polled, SOCKETS, SILENCE_MS) > 0) {
        for (size_t i = 0; i < SOCKETS; i++) {
            answers_take(flood.fds[i]);
        }
    }
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    flood.rate = strtoull(argv[2], NULL, 10);
    flood.began_ns = now_ns();
    sockets_open((uint16_t)strtoul(argv[1], NULL, 10));
    CHECK_EQ(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), 0);
    for (uint64_t turn = 0; turn % TURNS != 0 || !over(); turn++) {
        int fd = flood.fds[turn % SOCKETS];

        pace();
        batch_send(fd);
        answers_take(fd);
        if (turn == 0) {
            printf("sending\n");
            fflush(stdout);
        }
    }
    answers_last();
    printf("{\"sent\": %llu, \"answered\": %llu}\n", (unsigned long long)flood.n_sent,
           (unsigned long long)flood.n_answered);
    return 0;
}
