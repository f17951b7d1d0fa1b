/* Each role's list, taken by a process that then tries what a hijacked role would. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper/sandbox-keeper.h"
#include "lib/check.h"
#include "lib/confined.h"
#include "main/sandbox-main.h"
#include "reader/sandbox-reader.h"
#include "serve/sandbox-front.h"

enum { DATAGRAM = 1, READER = 2, KEEPER = 4, MAIN = 8, STREAM = 16 };
enum { FRONT = DATAGRAM | STREAM, ROLES = FRONT | READER | KEEPER, ALL = ROLES | MAIN };

static const struct {
    const char *name;
    const struct sandbox_rule *rules;
    const size_t *n_rules;
    unsigned bit;
} lists[] = {
    {"front", sandbox_front, &sandbox_front_n, DATAGRAM},
    {"reader", sandbox_reader, &sandbox_reader_n, READER},
    {"keeper", sandbox_keeper, &sandbox_keeper_n, KEEPER},
    {"main", sandbox_main, &sandbox_main_n, MAIN},
    {"stream", sandbox_stream, &sandbox_stream_n, STREAM},
};

/* What is tried, as a call with its arguments; who dies of it. Calls are made raw, as an attacker
 * would, and with arguments that do nothing where they are let through. */
static const struct attempt {
    const char *name;
    unsigned dies;
    bool sanitizers; /* their runtimes do it too */
    long call;
    long args[6];
} attempts[] = {
    {"open to read", FRONT | READER, true, SYS_openat, {AT_FDCWD, 0, O_RDONLY}},
    {"open to write", FRONT | READER, false, SYS_openat, {AT_FDCWD, 0, O_WRONLY}},
    {"open to make", FRONT | READER, false, SYS_openat, {AT_FDCWD, 0, O_RDWR | O_CREAT, 0600}},
    {"openat2", ALL, false, SYS_openat2, {AT_FDCWD}},
    {"open by handle", ALL, false, SYS_open_by_handle_at, {-1}},
    {"UDP socket", ALL, false, SYS_socket, {AF_INET, SOCK_DGRAM}},
    {"TCP socket", ALL, false, SYS_socket, {AF_INET6, SOCK_STREAM}},
    {"raw socket", ALL, false, SYS_socket, {AF_PACKET, SOCK_RAW}},
    {"kernel's socket", ALL, false, SYS_socket, {AF_NETLINK, SOCK_RAW}},
    {"virtual machine's socket", ALL, false, SYS_socket, {AF_VSOCK, SOCK_STREAM}},
    {"local socket", ROLES, false, SYS_socket, {AF_UNIX, SOCK_STREAM}},
    {"pair of sockets", ROLES, false, SYS_socketpair, {AF_UNIX, SOCK_STREAM}},
    {"connect", ROLES, false, SYS_connect, {-1}},
    {"bind", ALL, false, SYS_bind, {-1}},
    {"listen", ALL, false, SYS_listen, {-1}},
    {"filter on a socket", ALL, false, SYS_setsockopt, {-1, SOL_SOCKET, SO_ATTACH_FILTER}},
    {"bpf on a socket", ALL, false, SYS_setsockopt, {-1, SOL_SOCKET, SO_ATTACH_BPF}},
    {"who gets whose datagram",
     ALL,
     false,
     SYS_setsockopt,
     {-1, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF}},
    {"time to send", ROLES, false, SYS_setsockopt, {-1, SOL_SOCKET, SO_SNDTIMEO}},
    {"accept", DATAGRAM | READER, false, SYS_accept4, {-1}},
    {"run a program", ROLES, false, SYS_execve, {0}},
    {"run by descriptor", ALL, false, SYS_execveat, {-1}},
    {"fork", ROLES, false, SYS_clone, {SIGCHLD}},
    {"clone3", ALL, false, SYS_clone3, {0}},
    {"user namespace", ALL, false, SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
    {"unshare", ALL, false, SYS_unshare, {CLONE_NEWNS}},
    {"enter a namespace", ALL, false, SYS_setns, {-1}},
    {"executable memory", ROLES, false, SYS_mmap, {0, 4096, PROT_EXEC, 0x22, -1}},
    {"memory made executable", ROLES, false, SYS_mprotect, {0, 0, PROT_READ | PROT_EXEC}},
    {"keyed memory made executable", ALL, false, SYS_pkey_mprotect, {0, 0, PROT_EXEC}},
    {"anonymous file", ALL, false, SYS_memfd_create, {0}},
    {"shared segment", ALL, false, SYS_shmget, {0}},
    {"personality", ALL, false, SYS_personality, {0xffffffff}},
    {"debug another", ALL, false, SYS_ptrace, {-1}},
    {"write another's memory", ALL, false, SYS_process_vm_writev, {0}},
    {"take another's descriptor", ALL, false, SYS_pidfd_getfd, {-1}},
    {"signal another", ROLES, false, SYS_kill, {0}},
    {"own filters", ROLES, false, SYS_seccomp, {-1}},
    {"dumpable again", ROLES, false, SYS_prctl, {PR_SET_DUMPABLE, 2}},
    {"other names", ALL, false, SYS_prctl, {PR_SET_NAME, 0}},
    {"capabilities", ALL, false, SYS_capset, {0}},
    {"another user", ROLES, false, SYS_setuid, {-1}},
    {"control a device", ALL, false, SYS_ioctl, {-1, 0x5412}},
    {"owner of a descriptor's signals", ALL, false, SYS_fcntl, {-1, F_SETOWN}},
    {"pipe's size", ALL, false, SYS_fcntl, {-1, F_SETPIPE_SZ}},
    {"locks", FRONT | READER, false, SYS_fcntl, {-1, F_SETLK}},
    {"another handler", ROLES, true, SYS_rt_sigaction, {-1}},
    {"io_uring", ALL, false, SYS_io_uring_setup, {0}},
    {"bpf", ALL, false, SYS_bpf, {-1}},
    {"perf", ALL, false, SYS_perf_event_open, {0}},
    {"page faults", ALL, false, SYS_userfaultfd, {-1}},
    {"keyring", ALL, false, SYS_keyctl, {-1}},
    {"mount", ALL, false, SYS_mount, {0}},
    {"other root", ALL, false, SYS_chroot, {0}},
    {"kernel module", ALL, false, SYS_finit_module, {-1}},
    {"clock", ALL, false, SYS_clock_settime, {-1}},
    {"rename", ALL, false, SYS_renameat2, {-1}},
    {"link", ALL, false, SYS_linkat, {-1}},
    {"symbolic link", ALL, false, SYS_symlinkat, {0, -1}},
    {"folder", ALL, false, SYS_mkdirat, {-1}},
    {"remove", FRONT | READER, false, SYS_unlinkat, {-1}},
    {"mode", ALL, false, SYS_fchmodat, {-1}},
    {"list a folder", ROLES, false, SYS_getdents64, {-1}},
    {"write a file in place", FRONT | READER, false, SYS_pwrite64, {-1}},
    {"timer", READER | KEEPER, false, SYS_timerfd_settime, {-1}},
    {"wait for many", READER | KEEPER, false, SYS_epoll_ctl, {-1}},
    {"poll", FRONT | READER, false, SYS_ppoll, {1, 1}},
};

static const struct attempt *now; /* what try_it() tries */

static int
try_it(void)
{
    const long *a = now->args;

    (void)syscall(now->call, a[0], a[1], a[2], a[3], a[4], a[5]);
    return 0;
}

static void
check_attempt(const struct attempt *attempt, size_t list)
{
    struct confined c;
    bool expected = (attempt->dies & lists[list].bit) != 0 &&
                    !(attempt->sanitizers && sandbox_build_n_rules > 0);

    now = attempt;
    c = confined_run(lists[list].rules, *lists[list].n_rules, try_it);
    if (expected != (c.end == CONFINED_FORBIDDEN) ||
        (expected ? c.call != attempt->call : c.end != CONFINED_RETURNED)) {
        check_fail(__FILE__, __LINE__, "%s: %s: %s it, ended %d by signal %d, call %ld",
                   lists[list].name, attempt->name, expected ? "must die of" : "must survive",
                   (int)c.end, c.signal, c.call);
    }
}

static void
check_list(size_t list)
{
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        check_attempt(&attempts[i], list);
    }
}

static void
a_front_dies_of_what_its_list_forbids(void)
{
    check_list(0);
}

static void
a_reader_dies_of_what_its_list_forbids(void)
{
    check_list(1);
}

static void
a_keeper_dies_of_what_its_list_forbids(void)
{
    check_list(2);
}

static void
main_dies_of_what_its_list_forbids(void)
{
    check_list(3);
}

static void
a_stream_may_accept_and_otherwise_what_a_front_may(void)
{
    check_list(4);
}

static bool
covers(const struct sandbox_rule *wide, const struct sandbox_rule *narrow)
{
    return strcmp(wide->call, narrow->call) == 0 &&
           (wide->mask == 0 || (wide->mask == narrow->mask && wide->arg == narrow->arg &&
                                wide->value == narrow->value));
}

/* Children stay under main's list: what it lacks their own cannot give. */
static void
mains_list_holds_every_roles(void)
{
    for (size_t list = 0; list < 3; list++) {
        for (size_t i = 0; i < *lists[list].n_rules; i++) {
            bool found = false;

            for (size_t j = 0; !found && j < sandbox_main_n; j++) {
                found = covers(&sandbox_main[j], &lists[list].rules[i]);
            }
            if (!found) {
                check_fail(__FILE__, __LINE__, "%s's %s is not in main's list", lists[list].name,
                           lists[list].rules[i].call);
            }
        }
    }
}

static void
no_row_stands_twice(void)
{
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        const struct sandbox_rule *rules = lists[list].rules;

        for (size_t i = 0; i < *lists[list].n_rules; i++) {
            for (size_t j = 0; j < *lists[list].n_rules; j++) {
                if (i != j && covers(&rules[i], &rules[j])) {
                    check_fail(__FILE__, __LINE__, "%s's %s", lists[list].name, rules[i].call);
                }
            }
        }
    }
}

CHECK_MAIN(CASE(a_front_dies_of_what_its_list_forbids),
           CASE(a_reader_dies_of_what_its_list_forbids),
           CASE(a_keeper_dies_of_what_its_list_forbids), CASE(main_dies_of_what_its_list_forbids),
           CASE(a_stream_may_accept_and_otherwise_what_a_front_may),
           CASE(mains_list_holds_every_roles), CASE(no_row_stands_twice))
