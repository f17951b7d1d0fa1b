/* base/notify: what systemd is told, over a socket of the test's own. */
#include "base/notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/check.h"

static char folder[] = "/tmp/assay-notify-XXXXXX";
static char heard_text[512];
static int fd = -1;

/* Binds the socket that the variable names; '@' is an abstract one. */
static void
listen_at(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0 && len < sizeof(addr.sun_path));
    memcpy(addr.sun_path, path, len);
    if (path[0] == '@') {
        addr.sun_path[0] = '\0';
    }
    CHECK_EQ(bind(fd, (const struct sockaddr *)&addr,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
             0);
    CHECK_EQ(setenv("NOTIFY_SOCKET", path, 1), 0);
}

/* In a folder of its own. */
static void
begin(void)
{
    char path[64];

    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/socket", folder);
    listen_at(path);
}

static void
end(void)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/socket", folder);
    close(fd);
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(rmdir(folder), 0);
    CHECK_EQ(unsetenv("NOTIFY_SOCKET"), 0);
}

/* The next datagram; "" when there is none. */
static const char *
heard(void)
{
    ssize_t len = recv(fd, heard_text, sizeof(heard_text) - 1, 0);

    heard_text[len > 0 ? len : 0] = '\0';
    return heard_text;
}

static void
each_word_is_one_datagram(void)
{
    begin();
    CHECK_EQ(notify_systemd("READY=1"), 0);
    CHECK_EQ(notify_life(), 0);
    CHECK_EQ(notify_status("attested", "affirming"), 0);
    CHECK_EQ(notify_systemd("STOPPING=1"), 0);
    CHECK_STR(heard(), "READY=1");
    CHECK_STR(heard(), "WATCHDOG=1");
    CHECK_STR(heard(), "STATUS=attested: affirming");
    CHECK_STR(heard(), "STOPPING=1");
    CHECK_STR(heard(), "");
    end();
}

static void
a_reload_tells_its_time(void)
{
    long long usec = 0;
    char rest = 0;

    begin();
    CHECK_EQ(notify_reloading(), 0);
    CHECK_EQ(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%lld%c", &usec, &rest), 1);
    CHECK(usec > 0);
    end();
}

/* A line feed would begin a word of its own: MAINPID=, or FDSTORE=. */
static void
a_status_is_one_line_of_plain_text(void)
{
    char long_text[1000];

    begin();
    CHECK_EQ(notify_status("x", "a\nMAINPID=1\r\t\x01\x7f\xc3\xbc."), 0);
    CHECK_STR(heard(), "STATUS=x: a?MAINPID=1??????.");
    memset(long_text, 'y', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    CHECK_EQ(notify_status("x", long_text), 0);
    CHECK(strlen(heard()) < 256 && strncmp(heard_text, "STATUS=x: yyy", 13) == 0);
    end();
}

static void
an_abstract_name_is_one(void)
{
    char name[64];

    snprintf(name, sizeof(name), "@assay-notify-%d", (int)getpid());
    listen_at(name);
    CHECK_EQ(notify_systemd("READY=1"), 0);
    CHECK_STR(heard(), "READY=1");
    close(fd);
    CHECK_EQ(unsetenv("NOTIFY_SOCKET"), 0);
}

static void
without_systemd_nothing_is_done(void)
{
    CHECK_EQ(unsetenv("NOTIFY_SOCKET"), 0);
    CHECK_EQ(notify_systemd("READY=1"), 0);
    CHECK_EQ(notify_reloading(), 0);
    CHECK_EQ(notify_status("a", "b"), 0);
    CHECK_EQ(notify_life(), 0);
    CHECK_EQ(setenv("NOTIFY_SOCKET", "", 1), 0);
    CHECK_EQ(notify_systemd("READY=1"), 0);
    CHECK_EQ(unsetenv("NOTIFY_SOCKET"), 0);
}

static void
nobody_there_and_names_too_long_are_errors(void)
{
    char name[200];

    CHECK_EQ(setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1), 0);
    CHECK_EQ(notify_systemd("READY=1"), -ENOENT);
    CHECK_EQ(notify_life(), -ENOENT);
    memset(name, 'a', sizeof(name) - 1);
    name[0] = '/';
    name[sizeof(name) - 1] = '\0';
    CHECK_EQ(setenv("NOTIFY_SOCKET", name, 1), 0);
    CHECK_EQ(notify_systemd("READY=1"), -ENAMETOOLONG);
    CHECK_EQ(unsetenv("NOTIFY_SOCKET"), 0);
}

/* A sign of life and a status wait for nobody: the queue of the socket is full. */
static void
who_does_not_read_holds_nobody_up(void)
{
    int r = 0;

    begin();
    for (int i = 0; i < 10000 && r == 0; i++) {
        r = notify_life();
    }
    CHECK_EQ(r, -EAGAIN);
    CHECK_EQ(notify_status("a", "b"), -EAGAIN);
    CHECK_STR(heard(), "WATCHDOG=1");
    end();
}

static int64_t
watchdog(const char *usec, const char *pid)
{
    CHECK_EQ(usec ? setenv("WATCHDOG_USEC", usec, 1) : unsetenv("WATCHDOG_USEC"), 0);
    CHECK_EQ(pid ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID"), 0);
    return notify_watchdog_ms();
}

static void
systemd_hears_twice_within_its_patience(void)
{
    char own[16];
    char other[16];

    snprintf(own, sizeof(own), "%d", (int)getpid());
    snprintf(other, sizeof(other), "%d", (int)getpid() + 1);
    CHECK_EQ(watchdog("30000000", NULL), 15000);
    CHECK_EQ(watchdog("30000000", own), 15000);
    CHECK_EQ(watchdog("30000000", other), 0);
    CHECK_EQ(watchdog("1", NULL), 1);
    CHECK_EQ(watchdog("0", NULL), 0);
    CHECK_EQ(watchdog("-5", NULL), 0);
    CHECK_EQ(watchdog("12x", NULL), 0);
    CHECK_EQ(watchdog("", NULL), 0);
    CHECK_EQ(watchdog(NULL, NULL), 0);
}

CHECK_MAIN(CASE(each_word_is_one_datagram), CASE(a_reload_tells_its_time),
           CASE(a_status_is_one_line_of_plain_text), CASE(an_abstract_name_is_one),
           CASE(without_systemd_nothing_is_done), CASE(nobody_there_and_names_too_long_are_errors),
           CASE(who_does_not_read_holds_nobody_up), CASE(systemd_hears_twice_within_its_patience))
