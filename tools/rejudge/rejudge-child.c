#include "rejudge/rejudge-child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "reader/reader-userlog.h"

/* SQLite's reads of files that are open, and print. */
static const struct sandbox_rule calls[] = {
    SANDBOX_ANY("read"),
    SANDBOX_ANY("pread64"),
    SANDBOX_ANY("write"),
    SANDBOX_ANY("lseek"),
    SANDBOX_ANY("fstat"),
    SANDBOX_ANY("newfstatat"),
    SANDBOX_ANY("close"),
    SANDBOX_IF("fcntl", 1, F_GETFL),
    SANDBOX_IF("fcntl", 1, F_SETLK),
    SANDBOX_IF("fcntl", 1, F_GETLK),
};

int
rejudge_confine(void)
{
    int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : sandbox_files(NULL, 0);

    reader_userlog_prepare();
    return r < 0 ? r : sandbox_calls(calls, ARRAY_LEN(calls)); /* Landlock where there is one */
}

static _Noreturn void
child(rejudge_work_fn *work, void *context, int fd)
{
    struct rejudge_tally tally = {.members = 0};
    int code = work(context, &tally);
    bool told = fflush(stdout) == 0 && write(fd, &tally, sizeof(tally)) == sizeof(tally);

    _exit(told ? code : 1);
}

static int
wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    if (WIFEXITED(status)) {
        return WEXITSTATUS(status);
    }
    if (WTERMSIG(status) == SIGPIPE) {
        return 1; /* who reads our output has gone */
    }
    fprintf(stderr,
            "assay: the process that reads kept logs was ended by signal %d: one of them may be "
            "made to do harm\n",
            WTERMSIG(status));
    return 1;
}

int
rejudge_child(rejudge_work_fn *work, void *context, struct rejudge_tally *ret)
{
    struct rejudge_tally tally;
    ssize_t len;
    int ends[2];
    pid_t pid;
    int r;

    if (fflush(NULL) != 0 || pipe2(ends, O_CLOEXEC) < 0) {
        fprintf(stderr, "assay: %s\n", strerror(errno));
        return 1;
    }
    pid = fork();
    if (pid < 0) {
        fprintf(stderr, "assay: %s\n", strerror(errno));
    }
    if (pid == 0) {
        close(ends[0]);
        child(work, context, ends[1]);
    }
    close(ends[1]);
    len = pid < 0 ? -1 : read(ends[0], &tally, sizeof(tally));
    close(ends[0]);
    r = pid < 0 ? 1 : wait_for(pid);
    if (len != sizeof(tally) || r < 0) {
        return r > 0 ? r : 1;
    }
    *ret = tally;
    return r;
}
