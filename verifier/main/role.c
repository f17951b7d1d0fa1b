#include "main/role.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHANNEL = 3, EXIT_EXEC = 127 };

static const char *const names[ROLE_KIND_N] = {
    [ROLE_FRONT] = "front",
    [ROLE_STREAM] = "stream",
    [ROLE_KEEPER] = "keeper",
    [ROLE_READER] = "reader",
};

const char *
role_name(enum role_kind kind)
{
    return kind < ROLE_KIND_N ? names[kind] : "unknown";
}

enum role_kind
role_from_name(const char *name)
{
    unsigned kind = 0;

    while (kind < ROLE_KIND_N && strcmp(names[kind], name) != 0) {
        kind++;
    }
    return (enum role_kind)kind;
}

int
role_user_find(const char *name, struct role_user *ret)
{
    const struct passwd *entry;

    memset(ret, 0, sizeof(*ret));
    if (name[0] == '\0') {
        return 0;
    }
    errno = 0;
    entry = getpwnam(name);
    if (!entry) {
        return errno ? -errno : 1;
    }
    if (entry->pw_uid == geteuid() && geteuid() != 0) {
        return 0; /* main is it already and could not change anyhow */
    }
    ret->set = true;
    ret->uid = entry->pw_uid;
    ret->gid = entry->pw_gid;
    ret->n_groups = ROLE_GROUPS_MAX;
    return getgrouplist(name, ret->gid, ret->groups, &ret->n_groups) < 0 ? -E2BIG : 0;
}

int
role_channel(int ret_fds[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

static int
null_input(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int r = fd < 0 || (fd != STDIN_FILENO && dup2(fd, STDIN_FILENO) < 0) ? -errno : 0;

    if (fd > STDIN_FILENO) {
        close(fd);
    }
    return r;
}

int
role_harden(void)
{
    struct rlimit none = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        setrlimit(RLIMIT_CORE, &none) < 0) {
        return -errno;
    }
    return null_input();
}

static bool
become(const struct role_user *user)
{
    return !user->set || (setgroups((size_t)user->n_groups, user->groups) == 0 &&
                          setgid(user->gid) == 0 && setuid(user->uid) == 0);
}

/* A role ends with main, and not only when it next hears that main is gone: one that hangs would
 * hold the control socket, the store and its share of the port, and main's successor could not
 * serve. Asked for after become(), which takes it back; main may have died before. */
static bool
bind_life(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent;
}

/* The child's side of the fork; ends in exec or in its end. */
__attribute__((noreturn)) static void
child(enum role_kind kind, const struct role_user *user, int fd, pid_t parent)
{
    char program[] = "assay-verifier";
    char role[32];
    char channel[] = "--fd=3";
    char *const argv[] = {program, role, channel, NULL};
    char *const envp[] = {NULL};
    sigset_t none;

    snprintf(role, sizeof(role), "--role=%s", role_name(kind));
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(0077);             /* what a role writes, the store, is nobody else's */
    signal(SIGINT, SIG_IGN); /* a terminal's goes to all; main tells who ends when */
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* dup2() onto itself would leave the descriptor close-on-exec */
    if ((fd == CHANNEL ? fcntl(fd, F_SETFD, 0) : dup2(fd, CHANNEL)) >= 0 &&
        close_range(CHANNEL + 1, ~0u, 0) == 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 &&
        become(user) && bind_life(parent) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        execve("/proc/self/exe", argv, envp);
    }
    _exit(EXIT_EXEC);
}

int
role_spawn(enum role_kind kind, const struct role_user *user, pid_t *ret_pid, int *ret_fd)
{
    int fds[2];
    pid_t own = getpid();
    pid_t pid;
    int r = role_channel(fds);

    if (r < 0) {
        return r;
    }
    pid = fork();
    if (pid == 0) {
        child(kind, user, fds[1], own);
    }
    r = pid < 0 ? -errno : 0;
    close(fds[1]);
    if (r < 0) {
        close(fds[0]);
        return r;
    }
    *ret_pid = pid;
    *ret_fd = fds[0];
    return 0;
}
