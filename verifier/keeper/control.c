#include "keeper/control.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/name.h"
#include "roles/roles.h"

enum { JSON_ROOM = 4 * 1024 * 1024, PREFIX_MIN = 8 };

static const struct command {
    const char *noun;
    const char *verb; /* NULL: the noun alone */
    size_t least;
    size_t most;
    int (*run)(struct control *control);
} commands[] = {
    {"device", "list", 0, 1, control_device_list},
    {"device", "group", 2, CONTROL_WORDS_MAX, control_device_group},
    {"device", "show", 1, 1, control_device_show},
    {"device", "approve", 2, 2, control_device_approve},
    {"device", "quarantine", 2, 2, control_device_quarantine},
    {"device", "release", 1, 1, control_device_release},
    {"device", "remove", 2, 2, control_device_remove},
    {"device", "new-era", 1, 1, control_device_new_era},
    {"device", "rekey", 1, 1, control_device_rekey},
    {"device", "replace", 2, 2, control_device_replace},
    {"device", "move", 2, 2, control_device_move},
    {"device", "pins", 1, 1, control_device_pins},
    {"device", "unpin", 2, 2, control_device_unpin},
    {"device", "accept", 2, 3, control_device_accept},
    {"device", "code", 2, 2, control_device_code},
    {"device", "import", 1, CONTROL_WORDS_MAX, control_device_import},
    {"audit", "head", 0, 0, control_audit_head},
    {"audit", "rows", 1, 1, control_audit_rows},
    {"class", "add", 1, 16, control_class_add},
    {"class", "list", 0, 0, control_class_list},
    {"golden", "learn", 2, CONTROL_WORDS_MAX, control_golden_learn},
    {"golden", "show", 1, 1, control_golden_show},
    {"group", "add", 1, 2, control_group_add},
    {"group", "remove", 1, 2, control_group_remove},
    {"group", "list", 0, 0, control_group_list},
    {"group", "show", 1, 1, control_group_show},
    {"key", "state", 0, 0, control_key_state},
    {"policy", "active", 0, 0, control_policy_active},
    {"policy", "publish", 1, 7, control_policy_publish},
    {"store", "backup", 1, 1, control_store_backup},
    {"store", "state", 0, 0, control_store_state},
    {"status", NULL, 0, 0, control_status},
};

int
control_error(struct control *control, const char *code, const char *text)
{
    json_wr_object(&control->json);
    json_wr_key(&control->json, "code");
    json_wr_str(&control->json, code);
    json_wr_key(&control->json, "error");
    json_wr_str(&control->json, text);
    json_wr_end_object(&control->json);
    return CONTROL_NO;
}

int
control_broke(struct control *control, int r)
{
    struct json_wr fresh = json_wr_init(control->json.wr.p, control->json.wr.cap);

    keeper_broke(control->keeper, NULL, "control", r);
    control->json = fresh;
    return control_error(control, "store", "the store failed: see the verifier's log");
}

bool
control_text(const struct control *control, size_t i, char *room, size_t cap)
{
    struct bytes word = i < control->words.n ? control->words.words[i] : BYTES_NULL;

    if (word.len == 0 || word.len >= cap || memchr(word.p, 0, word.len)) {
        return false;
    }
    memcpy(room, word.p, word.len);
    room[word.len] = '\0';
    return true;
}

bool
control_name_good(struct bytes name)
{
    return name_good(name) && name.p[0] != '-';
}

void
control_hex(struct control *control, const char *key, struct bytes value)
{
    char text[2 * 128 + 1];

    value.len = value.len > 128 ? 128 : value.len;
    json_wr_key(&control->json, key);
    json_wr_str(&control->json, hex_write(text, value));
}

int
control_device(struct control *control, size_t i, struct store_device *ret)
{
    struct bytes digits = control->words.words[i];
    int r;

    if (digits.len < PREFIX_MIN) {
        return control_error(control, "prefix", "give at least 8 digits of the id or fingerprint");
    }
    r = store_device_by_prefix(control->keeper->store, digits, ret);
    if (r == STORE_NONE) {
        return control_error(control, "unknown",
                             "no device has this id or fingerprint: see "
                             "`assay device list`");
    }
    if (r == STORE_EXISTS) {
        return control_error(control, "ambiguous", "several devices begin so: give more digits");
    }
    return r == 0 ? 0 : control_broke(control, r);
}

/* The row of a command, its words taken off; NULL when there is none, or their number is wrong. */
static const struct command *
find_command(struct control_words *words)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        const struct command *command = &commands[i];
        size_t own = command->verb ? 2 : 1;

        if (words->n < own || !bytes_equal(words->words[0], bytes_str(command->noun)) ||
            (command->verb && !bytes_equal(words->words[1], bytes_str(command->verb)))) {
            continue;
        }
        if (words->n - own < command->least || words->n - own > command->most) {
            return NULL;
        }
        memmove(words->words, words->words + own, (words->n - own) * sizeof(words->words[0]));
        words->n -= own;
        return command;
    }
    return NULL;
}

static void
send_answer(struct control *control, struct ipc *client, int status)
{
    struct bytes json = json_wr_done(&control->json);
    struct control_answer answer = {.status = (uint8_t)status, .json = json};
    uint8_t *room;
    struct wr wr;

    if (!json.p) {
        answer.status = CONTROL_NO;
        answer.json = bytes_str("{\"code\":\"size\",\"error\":\"the answer is too long\"}");
    }
    room = malloc(answer.json.len + 16);
    if (!room) {
        return;
    }
    wr = wr_init(room, answer.json.len + 16);
    control_answer_write(&wr, &answer);
    if (outbox_put(control->keeper->outbox, client, MSG_CONTROLLED, 0, wr_done(&wr)) < 0) {
        log_event(LOG_ERROR, "no-memory", LOG_STR("where", "control"));
    }
    free(room);
}

void
control_run(struct keeper *keeper, struct ipc *client, unsigned uid,
            const struct control_file *file, struct bytes body)
{
    struct control *control = calloc(1, sizeof(*control));
    uint8_t *room = malloc(JSON_ROOM);
    const struct command *command = NULL;
    int status = CONTROL_USAGE;

    if (control && room) {
        control->keeper = keeper;
        control->file = file;
        control->json = json_wr_init(room, JSON_ROOM);
        snprintf(control->actor, sizeof(control->actor), "uid %u", uid);
        if (control_words_read(body, &control->words) == 0) {
            command = find_command(&control->words);
        }
        if (command) {
            keeper_begin(keeper);
            status = command->run(control);
        } else {
            (void)control_error(control, "usage", "no such command: see `assay help`");
        }
        send_answer(control, client, status);
        if (command) {
            keeper_end(keeper);
        }
    }
    free(room);
    free(control);
}
