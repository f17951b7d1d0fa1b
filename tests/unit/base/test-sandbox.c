/* base/sandbox: real filters and real Landlock domains, each in a process of its own. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/check.h"
#include "lib/confined.h"

static int
nothing(void)
{
    return 7;
}

static int
make_socket(void)
{
    return (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
}

static int
go_to_root(void)
{
    return (int)syscall(SYS_chdir, "/");
}

static void
what_is_not_listed_ends_the_process_and_is_named(void)
{
    struct confined c = confined_run(NULL, 0, make_socket);

    CHECK_EQ(c.end, CONFINED_FORBIDDEN);
    CHECK_EQ(c.call, SYS_socket);
    CHECK(strstr(c.said, "\"level\":\"error\""));
    c = confined_run(NULL, 0, go_to_root);
    CHECK_EQ(c.end, CONFINED_FORBIDDEN);
    CHECK_EQ(c.call, SYS_chdir);
}

static void
what_is_listed_goes_on(void)
{
    static const struct sandbox_rule rules[] = {SANDBOX_ANY("chdir")};

    CHECK_EQ(confined_run(rules, 1, go_to_root).end, CONFINED_RETURNED);
    CHECK_EQ(confined_run(rules, 1, nothing).status, 7);
    CHECK_EQ(confined_run(rules, 1, make_socket).end, CONFINED_FORBIDDEN);
}

static int
use_what_all_share(void)
{
    struct timespec now;
    uint8_t *large = malloc(8 << 20);
    uint8_t random[16];
    sigset_t set;

    if (!large) {
        return 1;
    }
    memset(large, 1, 8 << 20);
    large = realloc(large, 16 << 20);
    free(large);
    sigemptyset(&set);
    return syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) != 0 ||
           syscall(SYS_getrandom, random, sizeof(random), 0) != sizeof(random) ||
           sigprocmask(SIG_BLOCK, &set, NULL) != 0 || getpid() <= 0 ||
           write(STDERR_FILENO, "x", 1) != 1;
}

static void
memory_clock_random_and_stderr_are_everyones(void)
{
    struct confined c = confined_run(NULL, 0, use_what_all_share);

    CHECK_EQ(c.end, CONFINED_RETURNED);
    CHECK_EQ(c.status, 0);
    CHECK_STR(c.said, "x");
}

static int
write_elsewhere(void)
{
    return (int)syscall(SYS_write, 1, "", 0);
}

static int
map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED;
}

static int
make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

/* The high half of an int's register is nobody's: the kernel does not look at it. */
static int
map_code_with_high_bits(void)
{
    return (int)syscall(SYS_mmap, NULL, 4096, (1ul << 32) | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
}

static int
signal_first(void)
{
    return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static void
arguments_are_judged(void)
{
    CHECK_EQ(confined_run(NULL, 0, write_elsewhere).call, SYS_write);
    CHECK_EQ(confined_run(NULL, 0, map_code).call, SYS_mmap);
    CHECK_EQ(confined_run(NULL, 0, make_code).call, SYS_mprotect);
    CHECK_EQ(confined_run(NULL, 0, map_code_with_high_bits).call, SYS_mmap);
    CHECK_EQ(confined_run(NULL, 0, signal_first).call, SYS_tgkill);
}

static int
get_flags(void)
{
    return fcntl(STDERR_FILENO, F_GETFL) < 0;
}

static int
get_flags_with_high_bits(void)
{
    return (int)syscall(SYS_fcntl, STDERR_FILENO, (7ul << 32) | F_GETFL) < 0;
}

static int
get_owner(void)
{
    return fcntl(STDERR_FILENO, F_GETOWN) < 0;
}

static void
a_call_may_fit_either_of_its_rows(void)
{
    static const struct sandbox_rule rules[] = {
        SANDBOX_IF("fcntl", 1, F_SETFL),
        SANDBOX_IF("fcntl", 1, F_GETFL),
    };
    static const struct sandbox_rule wider[] = {
        SANDBOX_IF("fcntl", 1, F_SETFL),
        SANDBOX_ANY("fcntl"),
        SANDBOX_IF("fcntl", 1, F_GETFL),
    };

    CHECK_EQ(confined_run(rules, 2, get_flags).end, CONFINED_RETURNED);
    CHECK_EQ(confined_run(rules, 2, get_flags_with_high_bits).end, CONFINED_RETURNED);
    CHECK_EQ(confined_run(rules, 2, get_owner).call, SYS_fcntl);
    CHECK_EQ(confined_run(wider, 3, get_owner).end, CONFINED_RETURNED);
}

static int
other_abi(void)
{
    return (int)syscall(0x40000000 + 39); /* getpid of x32, on x86-64 */
}

static void
another_architectures_calls_end_it_too(void)
{
    CHECK_EQ(confined_run(NULL, 0, other_abi).signal, SIGSYS);
}

static int
block_and_try(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    ignore(sigprocmask(SIG_BLOCK, &set, NULL) != 0, "then it is not blocked");
    return make_socket();
}

static void
blocking_the_signal_helps_nobody(void)
{
    CHECK_EQ(confined_run(NULL, 0, block_and_try).signal, SIGSYS);
}

static int
take_the_handler(void)
{
    signal(SIGSYS, SIG_IGN);
    return make_socket();
}

static void
the_handler_cannot_be_taken(void)
{
    if (sandbox_build_n_rules > 0) {
        check_skip("sanitizers set handlers");
    }
    CHECK_EQ(confined_run(NULL, 0, take_the_handler).call, SYS_rt_sigaction);
}

static int
end_by_assertion(void)
{
    abort();
}

static void
an_assertion_is_still_an_abort(void)
{
    CHECK_EQ(confined_run(NULL, 0, end_by_assertion).signal, SIGABRT);
}

static int
log_a_line(void)
{
    log_event(LOG_ERROR, "said", LOG_INT("n", 1));
    return 0;
}

static void
a_confined_process_may_log(void)
{
    struct confined c = confined_run(NULL, 0, log_a_line);

    CHECK_EQ(c.end, CONFINED_RETURNED);
    CHECK(strstr(c.said, "\"id\":\"said\",\"n\":1}\n"));
}

static void
a_call_that_nobody_knows_is_refused_and_confines_nothing(void)
{
    static const struct sandbox_rule rules[] = {SANDBOX_ANY("no_such_call")};

    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ(sandbox_calls(rules, 1), -EINVAL);
    CHECK(make_socket() >= 0);
}

static void
a_call_of_other_architectures_is_passed_over(void)
{
    static const struct sandbox_rule rules[] = {SANDBOX_ANY("sigreturn"), SANDBOX_ANY("chdir")};

    CHECK_EQ(confined_run(rules, 2, go_to_root).end, CONFINED_RETURNED);
}

/* Files: a case is a process already, so that it may confine itself. */
static char top[] = "/tmp/assay-sandbox-XXXXXX";
static char inside[64];

static void
make_folders(void)
{
    int fd;

    if (sandbox_files_version() == 0) {
        check_skip("this kernel has no Landlock");
    }
    CHECK(mkdtemp(top));
    snprintf(inside, sizeof(inside), "%s/own", top);
    CHECK_EQ(mkdir(inside, 0700), 0);
    CHECK_EQ(chdir(top), 0);
    fd = open("secret", O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0);
    close(fd);
    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
}

/* Called by another process: the confined one can remove nothing of it. */
static void
remove_folders(void)
{
    unlink("own/new");
    unlink("own/held");
    rmdir("own");
    unlink("secret");
    rmdir(top);
}

static int
errno_of(int result)
{
    return result < 0 ? errno : 0;
}

static int
run_nothing(const char *path)
{
    char *const argv[] = {NULL};

    execve(path, argv, argv);
    return errno;
}

static int
connect_tcp(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return errno_of(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

/* Runs in a child, so that its parent can clear away. */
static void
apart(void (*act)(void))
{
    int status = 0;
    pid_t pid;

    make_folders();
    pid = fork();
    if (pid == 0) {
        act();
        _exit(0);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    remove_folders();
    CHECK_EQ(status, 0);
}

static void
act_with_own_folder(void)
{
    const char *const folders[] = {inside};
    int fd;

    CHECK_EQ(sandbox_files(folders, 1), 0);
    fd = open("own/new", O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(ftruncate(fd, 3), 0);
    CHECK(open("own", O_RDONLY | O_DIRECTORY) >= 0);
    CHECK_EQ(unlink("own/new"), 0);
    CHECK_EQ(errno_of(open("secret", O_RDONLY)), EACCES);
    CHECK_EQ(errno_of(open("secret", O_WRONLY)), EACCES);
    CHECK_EQ(errno_of(open("other", O_WRONLY | O_CREAT, 0600)), EACCES);
    CHECK_EQ(errno_of(unlink("secret")), EACCES);
    CHECK_EQ(mkdir("own/folder", 0700), 0); /* backups lie in one */
    CHECK_EQ(errno_of(mkdir("folder", 0700)), EACCES);
    CHECK_EQ(errno_of(symlink("/etc", "own/link")), EACCES);
    CHECK_EQ(run_nothing("/bin/true"), EACCES);
}

static void
a_folder_is_all_there_is(void)
{
    apart(act_with_own_folder);
}

static void
act_without_folder(void)
{
    int held = open("secret", O_RDWR);

    CHECK_EQ(sandbox_files(NULL, 0), 0);
    CHECK_EQ(write(held, "x", 1), 1); /* what is open stays open */
    CHECK_EQ(errno_of(open("secret", O_RDONLY)), EACCES);
    CHECK_EQ(errno_of(open("own", O_RDONLY | O_DIRECTORY)), EACCES);
    CHECK_EQ(errno_of(open("own/held", O_WRONLY | O_CREAT, 0600)), EACCES);
    CHECK_EQ(errno_of(open("/proc/self/maps", O_RDONLY)), EACCES);
    if (sandbox_files_version() >= 4) {
        CHECK_EQ(connect_tcp(), EACCES);
    }
    if (sandbox_files_version() >= 6) {
        CHECK_EQ(errno_of(kill(getppid(), 0)), EPERM);
    }
}

static void
without_a_folder_there_is_nothing(void)
{
    apart(act_without_folder);
}

static void
act_with_a_folder_that_is_none(void)
{
    const char *const missing[] = {"/nowhere/at/all"};
    const char *const file[] = {"secret"};

    CHECK_EQ(sandbox_files(missing, 1), -ENOENT);
    CHECK_EQ(sandbox_files(file, 1), -ENOTDIR);
    CHECK(open("secret", O_RDONLY) >= 0);
}

static void
a_folder_that_is_none_is_refused_and_confines_nothing(void)
{
    apart(act_with_a_folder_that_is_none);
}

CHECK_MAIN(CASE(what_is_not_listed_ends_the_process_and_is_named), CASE(what_is_listed_goes_on),
           CASE(memory_clock_random_and_stderr_are_everyones), CASE(arguments_are_judged),
           CASE(a_call_may_fit_either_of_its_rows), CASE(another_architectures_calls_end_it_too),
           CASE(blocking_the_signal_helps_nobody), CASE(the_handler_cannot_be_taken),
           CASE(an_assertion_is_still_an_abort), CASE(a_confined_process_may_log),
           CASE(a_call_that_nobody_knows_is_refused_and_confines_nothing),
           CASE(a_call_of_other_architectures_is_passed_over), CASE(a_folder_is_all_there_is),
           CASE(without_a_folder_there_is_nothing),
           CASE(a_folder_that_is_none_is_refused_and_confines_nothing))
