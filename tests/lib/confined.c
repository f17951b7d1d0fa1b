#include "lib/confined.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/check.h"

__attribute__((noreturn)) static void
child(const struct sandbox_rule *rules, size_t n_rules, int (*act)(void), int err)
{
    if (dup2(err, STDERR_FILENO) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        sandbox_calls(rules, n_rules) != 0) {
        abort();
    }
    _exit(act());
}

static long
call_of(const char *said)
{
    const char *number = strstr(said, "\"id\":\"forbidden-call\",\"syscall\":");

    return number ? strtol(strrchr(number, ':') + 1, NULL, 10) : -1;
}

struct confined
confined_run(const struct sandbox_rule *rules, size_t n_rules, int (*act)(void))
{
    struct confined ret = {.end = CONFINED_ELSE, .call = -1};
    size_t len = 0;
    ssize_t n;
    int fds[2];
    int status = 0;
    pid_t pid;

    CHECK_EQ(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        child(rules, n_rules, act, fds[1]);
    }
    CHECK(pid > 0);
    close(fds[1]);
    while (len < sizeof(ret.said) - 1 &&
           (n = read(fds[0], ret.said + len, sizeof(ret.said) - 1 - len)) > 0) {
        len += (size_t)n;
    }
    close(fds[0]);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    ret.call = call_of(ret.said);
    ret.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (WIFEXITED(status)) {
        ret.end = CONFINED_RETURNED;
        ret.status = WEXITSTATUS(status);
    } else if (ret.signal == SIGSYS) {
        ret.end = ret.call >= 0 ? CONFINED_FORBIDDEN : CONFINED_KILLED;
    }
    return ret;
}
