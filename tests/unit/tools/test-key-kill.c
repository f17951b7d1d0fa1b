/* A rotation is killed before every call that changes the folder: what is left is a site that
 * starts, and the next rotation clears up. */
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key-bundle.h"
#include "lib/check.h"
#include "lib/key-site.h"

/* Whether the child is about to make a call that changes the folder. */
static bool
at_a_change(pid_t pid)
{
    static const uint64_t calls[] = {SYS_write,  SYS_fsync,  SYS_fchmod,
                                     SYS_rename, SYS_unlink, SYS_flock};
    struct __ptrace_syscall_info info;

    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
    for (size_t i = 0; info.op == PTRACE_SYSCALL_INFO_ENTRY && i < ARRAY_LEN(calls); i++) {
        if (info.entry.nr == calls[i]) {
            return true;
        }
    }
    return false;
}

/* Runs a rotation in a child that is killed before its nth call that changes anything. False when
 * it came to its end before that. */
static bool
killed_at(enum keyset_kind kind, uint32_t retire, bool leaked, size_t nth)
{
    pid_t pid = fork();
    int status = 0;

    CHECK(pid >= 0);
    if (pid == 0) {
        ignore(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0, "then it ends");
        _exit(key_site_rotate(kind, retire, leaked, KEY_SITE_NOW) == 0 ? 0 : 9);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_EQ(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD), 0);
    while (nth > 0) {
        CHECK_EQ(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status)) {
            CHECK_EQ(WEXITSTATUS(status), 0);
            return false;
        }
        nth -= at_a_change(pid);
    }
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status));
    return true;
}

/* A kill before each call in turn: main starts each time, the next rotation is not hindered, and at
 * the end no file is left that the list does not name. */
static void
kill_everywhere(enum keyset_kind kind, uint32_t retire, bool leaked)
{
    size_t n = 1;
    size_t n_done = 0;
    bool killed = true;

    for (; killed; n++) {
        struct keyset set;
        struct conf_problem problem = {""};

        key_site_new();
        if (retire) {
            CHECK_EQ(key_site_rotate(kind, 0, false, KEY_SITE_NOW), 0);
        }
        killed = killed_at(kind, retire, leaked, n);
        key_site_drop(key_site_load(KEY_SITE_NOW));
        CHECK_EQ(keyset_load(key_site.folder, &set, &problem), 0);
        n_done += keyset_find(&set, kind, retire ? retire : 2) ? !retire : retire != 0;
        CHECK_EQ(key_site_rotate(KEYSET_TICKET, 0, false, KEY_SITE_NOW), 0);
        key_site_drop(key_site_load(KEY_SITE_NOW));
        for (size_t i = 0; i < key_site.last.set.n; i++) {
            CHECK(key_site.last.set.keys[i].file[0] == '\0' ||
                  key_site_has(key_site.last.set.keys[i].file));
        }
        CHECK(key_site_has(KEY_BUNDLE_FILE));
        key_site_end();
    }
    printf("# %s: killed at %zu steps, %zu of them behind the change\n", keyset_kind_name(kind), n,
           n_done);
    CHECK(n > 10);                   /* it was killed, and often */
    CHECK(n_done > 0 && n_done < n); /* on both sides of the list's change */
}

static void
a_kill_at_any_step_leaves_a_site_that_starts(void)
{
    kill_everywhere(KEYSET_PSK_MASTER, 0, true);
    kill_everywhere(KEYSET_SERVER, 0, false);
    kill_everywhere(KEYSET_AUDIT, 0, false);
}

static void
so_does_one_while_a_ca_takes_over(void)
{
    kill_everywhere(KEYSET_CA, 0, false);
    kill_everywhere(KEYSET_CA, 1, false);
}

CHECK_MAIN(CASE(a_kill_at_any_step_leaves_a_site_that_starts),
           CASE(so_does_one_while_a_ca_takes_over))
