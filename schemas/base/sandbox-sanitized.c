#include "base/sandbox.h"

#include <fcntl.h>

/* What the sanitizers' runtimes do while a program runs, and when they report: shadow memory, their
 * own stacks and handlers, maps and symbols read from files. It still runs no program, makes no
 * socket and writes no file. */
const struct sandbox_rule sandbox_build_rules[] = {
    SANDBOX_IF("open", 1, O_RDONLY),
    SANDBOX_IF("open", 1, O_RDONLY | O_CLOEXEC),
    SANDBOX_IF("openat", 2, O_RDONLY),
    SANDBOX_IF("openat", 2, O_RDONLY | O_CLOEXEC),
    SANDBOX_ANY("read"),
    SANDBOX_ANY("pread64"),
    SANDBOX_ANY("lseek"),
    SANDBOX_ANY("close"),
    SANDBOX_ANY("fstat"),
    SANDBOX_ANY("stat"),
    SANDBOX_ANY("newfstatat"),
    SANDBOX_ANY("readlink"),
    SANDBOX_ANY("getcwd"),
    SANDBOX_ANY("sigaltstack"),
    SANDBOX_ANY("rt_sigaction"),
    SANDBOX_ANY("sched_yield"),
    SANDBOX_ANY("sched_getaffinity"),
    SANDBOX_ANY("getrlimit"),
    SANDBOX_ANY("prlimit64"),
    SANDBOX_ANY("getrusage"),
};
const size_t sandbox_build_n_rules = ARRAY_LEN(sandbox_build_rules);
