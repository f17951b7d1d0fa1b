#include "serve/sandbox-front.h"

/* Datagrams, channels and timers that it holds already: no socket is made, no file opened, no
 * program run. */
const struct sandbox_rule sandbox_front[] = {
    SANDBOX_ANY("recvmsg"),     SANDBOX_ANY("sendmsg"),         SANDBOX_ANY("epoll_wait"),
    SANDBOX_ANY("epoll_pwait"), /* architectures without epoll_wait */
    SANDBOX_ANY("epoll_ctl"),   SANDBOX_ANY("timerfd_settime"), SANDBOX_ANY("read"), /* timers */
    SANDBOX_ANY("write"), /* the event that ends it */
    SANDBOX_ANY("close"),
};
const size_t sandbox_front_n = ARRAY_LEN(sandbox_front);

/* The same, and who connects: a socket that only they make. It sends no datagram, but its channels
 * are written with the same call. */
const struct sandbox_rule sandbox_stream[] = {
    SANDBOX_ANY("accept4"),         SANDBOX_ANY("read"),      SANDBOX_ANY("write"),
    SANDBOX_ANY("recvmsg"),         SANDBOX_ANY("sendmsg"),   SANDBOX_ANY("epoll_wait"),
    SANDBOX_ANY("epoll_pwait"),     SANDBOX_ANY("epoll_ctl"), SANDBOX_ANY("close"),
    SANDBOX_ANY("timerfd_settime"),
};
const size_t sandbox_stream_n = ARRAY_LEN(sandbox_stream);
