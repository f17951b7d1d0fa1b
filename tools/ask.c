#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "base/utf8.h"
#include "roles/roles.h"

enum { ROOM = 65536 }; /* most that a CONTROL message may have */

void
ask_word(struct ask *ask, const char *word)
{
    if (ask->words.n <= CONTROL_WORDS_MAX) {
        if (ask->words.n < CONTROL_WORDS_MAX) {
            ask->words.words[ask->words.n] = bytes_str(word);
        }
        ask->words.n++; /* one too many is found out when they are sent */
    }
}

void
ask_complain(const char *text)
{
    char shown[1024];

    fprintf(stderr, "assay: %s\n", text_escaped(shown, sizeof(shown), bytes_str(text)));
}

static bool
words_good(const struct control_words *words)
{
    if (words->n > CONTROL_WORDS_MAX) {
        fprintf(stderr, "assay: more words than one command may have\n");
        return false;
    }
    for (size_t i = 0; i < words->n; i++) {
        if (words->words[i].len > CONTROL_WORD_MAX || !utf8_valid(words->words[i])) {
            fprintf(stderr, "assay: an argument is too long or no UTF-8\n");
            return false;
        }
    }
    return true;
}

static const char *
socket_path(const struct ask *ask)
{
    const char *path = ask->socket ? ask->socket : getenv("ASSAY_SOCKET");

    return path && path[0] ? path : ASK_SOCKET;
}

/* Returns a connected socket, or a negative errno. */
static int
connect_to(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = ASK_WAIT_S};
    int fd;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(addr.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0 ||
        connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
        int r = -errno;

        close(fd);
        return r;
    }
    return fd;
}

static struct ipc *
reach(const char *path)
{
    int fd = connect_to(path);
    struct ipc *ipc;

    if (fd < 0) {
        fprintf(stderr,
                "assay: no verifier at %s: %s\n"
                "  Is it running?      systemctl status assay-verifier\n"
                "  May you ask it?     you must be root or in group assay-admin\n"
                "  Is it elsewhere?    --socket PATH or ASSAY_SOCKET\n",
                path, strerror(-fd));
        return NULL;
    }
    ipc = ipc_new(fd, true, roles_keeper_to_client);
    if (!ipc) {
        fprintf(stderr, "assay: out of memory\n");
    }
    return ipc;
}

/* Returns 0 when it is with the keeper. */
static int
send_part(struct ipc *ipc, uint16_t type, struct bytes body)
{
    int r = ipc_send(ipc, type, 0, &body, 1, -1);

    return r == 0 && ipc_pending(ipc) ? -ETIMEDOUT : r;
}

/* Returns 0 when the words are with the keeper. */
static int
send_words(struct ipc *ipc, const struct control_words *words)
{
    uint8_t *room = malloc(ROOM);
    struct wr wr = wr_init(room, room ? ROOM : 0);
    struct bytes body;
    int r;

    control_words_write(&wr, words);
    body = wr_done(&wr);
    r = body.p ? send_part(ipc, MSG_CONTROL, body) : -E2BIG;
    free(room);
    return r;
}

/* Waits for the answer; it is a view into ipc. Returns NULL, or what went wrong. */
static const char *
receive(struct ipc *ipc, struct control_answer *ret)
{
    struct ipc_msg msg = {.fd = -1};
    int r = ipc_recv(ipc, &msg);

    if (r == IPC_AGAIN) {
        return "the verifier did not answer within a minute: see its log";
    }
    if (r == IPC_E_CLOSED) {
        return "the verifier closed the connection without an answer: are you root or in group "
               "assay-admin? see its log";
    }
    if (r == IPC_E_FORM) {
        return "what listens there does not speak as a verifier does: is --socket right?";
    }
    if (r != IPC_OK) {
        return strerror(-r);
    }
    if (msg.fd >= 0) {
        close(msg.fd);
    }
    return control_answer_read(msg.body, ret) == 0
               ? NULL
               : "the verifier's answer cannot be read: are both of one version?";
}

/* A refusal in the keeper's words. */
static int
refused(const struct ask *ask, uint8_t status, json_t *take_answer)
{
    const char *text = json_string_value(json_object_get(take_answer, "error"));

    ask_complain(text ? text : "the verifier refused and did not say why: see its log");
    if (ask->json && text) {
        ignore(cmd_print_json(take_answer), "the exit status is no anyway");
    } else {
        json_decref(take_answer);
    }
    return status == CMD_USAGE ? CMD_USAGE : CMD_NO;
}

static int
judge(const struct ask *ask, const struct control_answer *answer, json_t **ret)
{
    json_error_t error;
    json_t *value =
        json_loadb((const char *)answer->json.p, answer->json.len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(value)) {
        char text[JSON_ERROR_TEXT_LENGTH + 64];

        snprintf(text, sizeof(text), "the verifier's answer is no JSON object: %s",
                 value ? "it is another value" : error.text);
        ask_complain(text);
        json_decref(value);
        return CMD_NO;
    }
    if (answer->status != CMD_YES) {
        return refused(ask, answer->status, value);
    }
    *ret = value;
    return CMD_YES;
}

int
ask_keeper(const struct ask *ask, json_t **ret_answer)
{
    CLEANUP(ipc_freep) struct ipc *ipc = NULL;
    struct control_answer answer;
    const char *problem;
    int r;

    if (!words_good(&ask->words)) {
        return CMD_USAGE;
    }
    ipc = reach(socket_path(ask));
    if (!ipc) {
        return CMD_NO;
    }
    r = ask->has_file ? send_part(ipc, MSG_CONTROL_FILE, ask->file) : 0;
    r = r == 0 ? send_words(ipc, &ask->words) : r;
    if (r != 0 && r != -EPIPE && r != -ECONNRESET) {
        ask_complain(strerror(-r));
        return CMD_NO;
    }
    /* a keeper that hung up early may have said why before */
    problem = receive(ipc, &answer);
    if (problem) {
        ask_complain(problem);
        return CMD_NO;
    }
    return judge(ask, &answer, ret_answer);
}

int
ask_and_say(const struct ask *ask, int (*say)(const json_t *answer))
{
    json_t *answer = NULL;
    int code = ask_keeper(ask, &answer);

    if (code != CMD_YES) {
        return code;
    }
    if (ask->json) {
        return cmd_print_json(answer) == 0 ? CMD_YES : CMD_NO;
    }
    code = say(answer) == 0 && fflush(stdout) == 0 ? CMD_YES : CMD_NO;
    json_decref(answer);
    return code;
}
