#include "key-tell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "base/clock.h"
#include "base/hex.h"
#include "main/keyset.h"

enum { PATIENCE_MS = 20000 };

int
key_tell_stamp(const char *folder, char ret[17])
{
    CLEANUP(free_p) struct keyset *set = calloc(1, sizeof(*set));
    struct conf_problem problem;
    uint8_t stamp[SETUP_STAMP_SIZE];
    int r = set ? keyset_load(folder, set, &problem) : -ENOMEM;

    if (r == 0) {
        r = keyset_stamp(set, stamp);
    }
    if (r == 0) {
        hex_write(ret, BYTES_OF(stamp));
    }
    return r > 0 ? -EINVAL : r;
}

/* The process that listens on the control socket is main: it bound it, whoever answers there.
 * Returns its pid, 0 when nobody listens, or a negative errno. */
static pid_t
main_of(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = fd < 0 ? -errno : 0;

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    if (r == 0 && connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
        r = errno == ENOENT || errno == ECONNREFUSED ? 0 : -errno;
    } else if (r == 0) {
        r = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ? -errno : peer.pid;
        r = r == 0 ? -ESRCH : r; /* of another namespace */
    }
    if (fd >= 0) {
        close(fd);
    }
    return r;
}

/* 1 when the keeper uses the list of this stamp, 0 when another one, -1 when it does not say; the
 * answer is the caller's. */
static int
uses(const struct settings *settings, const char *stamp, json_t **ret_answer)
{
    struct ask ask = {.socket = settings->control};
    const char *said;

    ask_word(&ask, "key");
    ask_word(&ask, "state");
    if (ask_keeper(&ask, ret_answer) != CMD_YES) {
        return -1;
    }
    said = json_string_value(json_object_get(*ret_answer, "stamp"));
    return said && strcmp(said, stamp) == 0;
}

static int
uses_now(const struct settings *settings, const char *stamp)
{
    json_t *answer = NULL;
    int r = uses(settings, stamp, &answer);

    json_decref(answer);
    return r;
}

static enum key_tell
wait_for(const struct settings *settings, const char *stamp)
{
    static const struct timespec slice = {.tv_nsec = 50000000L};
    int64_t end = clock_mono_ms() + PATIENCE_MS;
    int used = 0;

    while ((used = uses_now(settings, stamp)) == 0 && clock_mono_ms() < end) {
        (void)nanosleep(&slice, NULL);
    }
    if (used == 0) {
        fprintf(stderr, "assay: the verifier goes on with its old keys: its log says why, at "
                        "reload-refused\n");
    }
    return used > 0 ? KEY_TELL_TAKEN : KEY_TELL_NOT;
}

enum key_tell
key_tell(const struct settings *settings)
{
    pid_t pid = main_of(settings->control);
    char stamp[17];
    int r = key_tell_stamp(settings->keys, stamp);

    if (pid == 0) {
        return KEY_TELL_NOBODY;
    }
    if (r == 0 && pid > 0) {
        r = kill(pid, SIGHUP) < 0 ? -errno : 0;
    } else if (r == 0) {
        r = pid;
    }
    if (r < 0) {
        fprintf(stderr,
                "assay: the verifier cannot be told: %s\n"
                "  systemctl reload assay-verifier, or SIGHUP to its main process\n",
                strerror(-r));
        return KEY_TELL_NOT;
    }
    return wait_for(settings, stamp);
}

enum key_tell
key_tell_state(const struct settings *settings, json_t **ret_answer)
{
    char stamp[17] = ""; /* of a list that cannot be read: none that the keeper uses */
    int r;

    *ret_answer = NULL;
    if (main_of(settings->control) == 0) {
        return KEY_TELL_NOBODY;
    }
    r = key_tell_stamp(settings->keys, stamp);
    return uses(settings, stamp, ret_answer) > 0 && r == 0 ? KEY_TELL_TAKEN : KEY_TELL_NOT;
}
