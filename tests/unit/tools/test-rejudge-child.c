/* rejudge-child: what is judged is judged by a process that can open nothing, whose end is told. */
#include "rejudge/rejudge-child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/check.h"

static struct rejudge_tally tally;

static int
counts(void *context, struct rejudge_tally *ret)
{
    CHECK_EQ(rejudge_confine(), 0);
    ret->members = *(uint64_t *)context;
    ret->others[REJUDGE_NO_IMA] = 7;
    return ret->members == 5 ? 0 : 1;
}

static void
numbers_and_exit_code_come_back(void)
{
    uint64_t members = 5;

    CHECK_EQ(rejudge_child(counts, &members, &tally), 0);
    CHECK(tally.members == 5 && tally.others[REJUDGE_NO_IMA] == 7 && tally.judged == 0);
    members = 6;
    CHECK_EQ(rejudge_child(counts, &members, &tally), 1);
    CHECK_EQ(tally.members, 6);
}

/* What a hijacked judge would try. */
static int
opens(void *context, struct rejudge_tally *ret)
{
    (void)ret;
    CHECK_EQ(rejudge_confine(), 0);
    ignore(open(context, O_RDONLY | O_DIRECTORY),
           "never comes back"); /* no call of the sanitizers */
    return 0;
}

static int
connects(void *context, struct rejudge_tally *ret)
{
    (void)context;
    (void)ret;
    CHECK_EQ(rejudge_confine(), 0);
    ignore(socket(AF_UNIX, SOCK_STREAM, 0), "never comes back");
    return 0;
}

static int
executes(void *context, struct rejudge_tally *ret)
{
    (void)context;
    (void)ret;
    CHECK_EQ(rejudge_confine(), 0);
    ignore(execl("/bin/true", "true", (char *)NULL), "never comes back");
    return 0;
}

static int
signals(void *context, struct rejudge_tally *ret)
{
    (void)ret;
    CHECK_EQ(rejudge_confine(), 0);
    ignore(kill(*(pid_t *)context, SIGTERM), "never comes back");
    return 0;
}

static void
a_call_that_judging_does_not_take_ends_it(void)
{
    char folder[] = "/";
    pid_t self = getpid();

    tally.members = 42;
    CHECK_EQ(rejudge_child(opens, folder, &tally), 1);
    CHECK_EQ(rejudge_child(connects, NULL, &tally), 1);
    CHECK_EQ(rejudge_child(executes, NULL, &tally), 1);
    CHECK_EQ(rejudge_child(signals, &self, &tally), 1);
    CHECK_EQ(tally.members, 42); /* what did not end well says nothing */
}

static int
falls(void *context, struct rejudge_tally *ret)
{
    (void)context;
    ret->members = 1;
    (void)raise(SIGKILL);
    return 0;
}

static int
leaves(void *context, struct rejudge_tally *ret)
{
    (void)context;
    (void)ret;
    _exit(0); /* with a yes, and no word of what was found */
}

static void
an_end_without_a_word_is_no_yes(void)
{
    tally.members = 42;
    CHECK_EQ(rejudge_child(falls, NULL, &tally), 1);
    CHECK_EQ(rejudge_child(leaves, NULL, &tally), 1);
    CHECK_EQ(tally.members, 42);
}

static int
reads(void *context, struct rejudge_tally *ret)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char byte[4] = "";

    (void)context;
    CHECK(fd >= 0);
    CHECK_EQ(rejudge_confine(), 0);
    ret->judged = pread(fd, byte, 4, 0) == 4 && memcmp(byte, "\177ELF", 4) == 0;
    return 0;
}

static void
what_was_open_before_stays_open(void)
{
    CHECK_EQ(rejudge_child(reads, NULL, &tally), 0);
    CHECK_EQ(tally.judged, 1);
}

CHECK_MAIN(CASE(numbers_and_exit_code_come_back), CASE(a_call_that_judging_does_not_take_ends_it),
           CASE(an_end_without_a_word_is_no_yes), CASE(what_was_open_before_stays_open))
