#include "base/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

/* What the C library, OpenSSL and the log need whatever a process is for. */
static const struct sandbox_rule shared[] = {
    SANDBOX_ANY("brk"),
    SANDBOX_WITHOUT("mmap", 2, PROT_EXEC),
    SANDBOX_WITHOUT("mprotect", 2, PROT_EXEC),
    SANDBOX_ANY("mremap"),
    SANDBOX_ANY("munmap"),
    SANDBOX_ANY("madvise"),
    SANDBOX_ANY("futex"),
    SANDBOX_ANY("clock_gettime"), /* where the vDSO cannot */
    SANDBOX_ANY("getrandom"),
    SANDBOX_ANY("getpid"), /* OpenSSL's look whether it was forked */
    SANDBOX_ANY("gettid"),
    SANDBOX_ANY("sysinfo"), /* qsort(3) asks how much memory there is */
    SANDBOX_ANY("rt_sigprocmask"),
    SANDBOX_ANY("rt_sigreturn"),
    SANDBOX_ANY("restart_syscall"),
    SANDBOX_IF("write", 0, STDERR_FILENO),
    SANDBOX_IF("writev", 0, STDERR_FILENO), /* assert(3) */
    SANDBOX_ANY("exit"),
    SANDBOX_ANY("exit_group"),
};

/* The last words of this process. They are said by the library because there is no caller any more.
 * The handler stood for one signal: the next of its kind, sent here, ends the process. */
static void
on_forbidden(int number, siginfo_t *info, void *context)
{
    (void)context;
    log_event(LOG_ERROR, "forbidden-call", LOG_INT("syscall", info->si_syscall));
    (void)syscall(SYS_tgkill, getpid(), gettid(), number);
}

static int
catch_forbidden(void)
{
    struct sigaction action = {
        .sa_sigaction = on_forbidden,
        .sa_flags = SA_SIGINFO | (int)SA_RESETHAND,
    };

    return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

static int
add_rule(scmp_filter_ctx filter, const struct sandbox_rule *rule)
{
    struct scmp_arg_cmp cmp = {rule->arg, SCMP_CMP_MASKED_EQ, rule->mask, rule->value};
    int number = seccomp_syscall_resolve_name(rule->call);
    int r;

    if (number == __NR_SCMP_ERROR) {
        return -EINVAL;
    }
    if (number < 0) {
        return 0; /* known, but not on this architecture */
    }
    r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, rule->mask ? 1 : 0, &cmp);
    return r == -EEXIST ? 0 : r; /* allowed already */
}

static int
add_rules(scmp_filter_ctx filter, const struct sandbox_rule *rules, size_t n_rules)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n_rules; i++) {
        r = add_rule(filter, &rules[i]);
    }
    return r;
}

static int
fill(scmp_filter_ctx filter, const struct sandbox_rule *rules, size_t n_rules)
{
    const struct sandbox_rule itself = SANDBOX_IF("tgkill", 0, (uint64_t)getpid());
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    if (r == 0) {
        r = add_rules(filter, shared, ARRAY_LEN(shared));
    }
    if (r == 0) {
        r = add_rule(filter, &itself);
    }
    if (r == 0) {
        r = add_rules(filter, sandbox_build_rules, sandbox_build_n_rules);
    }
    return r == 0 ? add_rules(filter, rules, n_rules) : r;
}

int
sandbox_calls(const struct sandbox_rule *rules, size_t n_rules)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    int r = filter ? fill(filter, rules, n_rules) : -ENOMEM;

    tzset(); /* OpenSSL's times would read the time zone's file at their first use */
    if (r == 0) {
        r = catch_forbidden();
    }
    if (r == 0) {
        r = seccomp_load(filter);
    }
    seccomp_release(filter);
    return r;
}
