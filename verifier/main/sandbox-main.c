#include "main/sandbox-main.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Not here, and so in no process of the service: sockets of a network, namespaces, ptrace and other
 * processes' memory, mounts, modules, bpf, io_uring, keyrings, times, devices' controls. */
const struct sandbox_rule sandbox_main[] = {
    /* its own: channels, signals, children, systemd's socket, the end of the control socket */
    SANDBOX_ANY("poll"),
    SANDBOX_ANY("ppoll"),
    SANDBOX_ANY("recvmsg"),
    SANDBOX_ANY("sendmsg"),
    SANDBOX_ANY("sendto"),
    SANDBOX_ANY("connect"),
    SANDBOX_ANY("read"),
    SANDBOX_ANY("write"),
    SANDBOX_ANY("close"),
    SANDBOX_IF("socket", 0, AF_UNIX),
    SANDBOX_IF("socketpair", 0, AF_UNIX),
    SANDBOX_IF("setsockopt", 2, SO_SNDTIMEO), /* systemd may be slow */
    SANDBOX_ANY("signalfd4"),
    SANDBOX_ANY("getdents64"), /* EK roots, when it is told to read them again; its keys' folder */
    SANDBOX_IF("flock", 1, LOCK_EX | LOCK_NB), /* that one, when a new nonce key is due */
    SANDBOX_IF("fcntl", 1, F_DUPFD_CLOEXEC),   /* what roles get, main keeps for the next */
    SANDBOX_ANY("wait4"),
    SANDBOX_ANY("waitid"),
    SANDBOX_ANY("kill"),
    SANDBOX_ANY("tgkill"),
    SANDBOX_ANY("unlink"),
    SANDBOX_ANY("unlinkat"),
    SANDBOX_WITHOUT("clone", 0,
                    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC |
                        CLONE_NEWUTS | CLONE_NEWCGROUP),

    /* between fork and exec */
    SANDBOX_ANY("set_robust_list"),
    SANDBOX_ANY("umask"),
    SANDBOX_ANY("rt_sigaction"),
    SANDBOX_ANY("dup2"),
    SANDBOX_ANY("dup3"),
    SANDBOX_ANY("close_range"),
    SANDBOX_ANY("setgroups"),
    SANDBOX_ANY("setgid"),
    SANDBOX_ANY("setuid"),
    SANDBOX_IF("prctl", 0, PR_SET_PDEATHSIG),
    SANDBOX_ANY("getppid"),
    SANDBOX_ANY("execve"),

    /* the loader, the C library's and OpenSSL's start */
    SANDBOX_ANY("mmap"),
    SANDBOX_ANY("mprotect"),
    SANDBOX_ANY("arch_prctl"),
    SANDBOX_ANY("set_tid_address"),
    SANDBOX_ANY("rseq"),
    SANDBOX_ANY("access"),
    SANDBOX_ANY("faccessat"),
    SANDBOX_ANY("openat"),
    SANDBOX_ANY("pread64"),
    SANDBOX_ANY("lseek"),
    SANDBOX_ANY("fstat"),
    SANDBOX_ANY("newfstatat"),
    SANDBOX_ANY("readlink"),
    SANDBOX_ANY("readlinkat"),
    SANDBOX_ANY("statfs"),
    SANDBOX_ANY("uname"),
    SANDBOX_ANY("getuid"),
    SANDBOX_ANY("getgid"),
    SANDBOX_ANY("geteuid"),
    SANDBOX_ANY("getegid"),

    /* a role's hardening, limits and its own list */
    SANDBOX_IF("prctl", 0, PR_SET_NO_NEW_PRIVS),
    SANDBOX_IF("prctl", 0, PR_SET_DUMPABLE),
    SANDBOX_IF("prctl", 0, PR_SET_SECCOMP),
    SANDBOX_ANY("seccomp"),
    SANDBOX_ANY("landlock_create_ruleset"),
    SANDBOX_ANY("landlock_add_rule"),
    SANDBOX_ANY("landlock_restrict_self"),
    SANDBOX_ANY("prlimit64"),

    /* a front's */
    SANDBOX_ANY("epoll_create1"),
    SANDBOX_ANY("epoll_wait"),
    SANDBOX_ANY("epoll_pwait"),
    SANDBOX_ANY("epoll_ctl"),
    SANDBOX_ANY("timerfd_create"),
    SANDBOX_ANY("timerfd_settime"),
    SANDBOX_ANY("eventfd2"),

    /* the keeper's */
    SANDBOX_ANY("accept4"),
    SANDBOX_ANY("getsockopt"),
    SANDBOX_IF("fcntl", 1, F_GETFD),
    SANDBOX_IF("fcntl", 1, F_SETFD),
    SANDBOX_IF("fcntl", 1, F_GETFL),
    SANDBOX_IF("fcntl", 1, F_SETFL),
    SANDBOX_IF("fcntl", 1, F_SETLK),
    SANDBOX_IF("fcntl", 1, F_GETLK),
    SANDBOX_ANY("pwrite64"),
    SANDBOX_ANY("fsync"),
    SANDBOX_ANY("fdatasync"),
    SANDBOX_ANY("ftruncate"),
    SANDBOX_ANY("rename"),
    SANDBOX_ANY("link"),
    SANDBOX_ANY("mkdir"),
    SANDBOX_ANY("chmod"),
    SANDBOX_ANY("fchown"),
    SANDBOX_ANY("fchmod"),
    SANDBOX_ANY("clock_nanosleep"),
};
const size_t sandbox_main_n = ARRAY_LEN(sandbox_main);
