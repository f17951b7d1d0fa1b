#include "keeper/sandbox-keeper.h"

#include <fcntl.h>

/* Channels, operators, and SQLite's files; where those may be is Landlock's to say. No socket is
 * made: operators come by the listening one that main made. */
const struct sandbox_rule sandbox_keeper[] = {
    SANDBOX_ANY("recvmsg"),
    SANDBOX_ANY("sendmsg"),
    SANDBOX_ANY("poll"),
    SANDBOX_ANY("ppoll"),
    SANDBOX_ANY("accept4"),
    SANDBOX_ANY("getsockopt"), /* SO_PEERCRED */
    SANDBOX_ANY("close"),

    SANDBOX_IF("fcntl", 1, F_GETFL),
    SANDBOX_IF("fcntl", 1, F_SETFL),
    SANDBOX_IF("fcntl", 1, F_SETLK),
    SANDBOX_IF("fcntl", 1, F_GETLK),
    SANDBOX_ANY("openat"),
    SANDBOX_ANY("read"),
    SANDBOX_ANY("write"),
    SANDBOX_ANY("pread64"),
    SANDBOX_ANY("pwrite64"),
    SANDBOX_ANY("lseek"),
    SANDBOX_ANY("fstat"),
    SANDBOX_ANY("newfstatat"),
    SANDBOX_ANY("faccessat"),
    SANDBOX_ANY("access"),
    SANDBOX_ANY("fsync"),
    SANDBOX_ANY("fdatasync"),
    SANDBOX_ANY("ftruncate"),
    SANDBOX_ANY("unlink"),
    SANDBOX_ANY("unlinkat"),
    SANDBOX_ANY("rename"), /* the audit log's head is replaced at once */
    SANDBOX_ANY("link"),   /* a backup gets its name when it is whole */
    SANDBOX_ANY("mkdir"),  /* the folder of backups */
    SANDBOX_ANY("chmod"),
    SANDBOX_ANY("geteuid"), /* as root SQLite gives its files the owner of the first */
    SANDBOX_ANY("fchown"),
    SANDBOX_ANY("fchmod"),
    SANDBOX_ANY("clock_nanosleep"), /* while another has the store's lock */
};
const size_t sandbox_keeper_n = ARRAY_LEN(sandbox_keeper);
