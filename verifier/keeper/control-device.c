/* assay device …: the list, and what an operator decides about one device. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "keeper/control-say.h"
#include "keeper/groups.h"

struct list {
    struct control *control;
    char group[STORE_CLASS_MAX]; /* "": all devices */
    int r;
};

static bool
on_device(void *context, const struct store_device *device)
{
    struct list *list = context;
    struct control *control = list->control;

    json_wr_object(&control->json);
    list->r = say_device(control, device);
    json_wr_end_object(&control->json);
    return list->r == 0;
}

int
control_device_list(struct control *control)
{
    struct store *store = control->keeper->store;
    struct list list = {.control = control};
    int r = control_group_filter(control, 0, list.group);

    if (r != 0) {
        return r;
    }
    json_wr_object(&control->json);
    json_wr_key(&control->json, "devices");
    json_wr_array(&control->json);
    r = list.group[0] != '\0' ? store_group_devices(store, list.group, on_device, &list)
                              : store_device_each(store, on_device, &list);
    r = r == 0 ? list.r : r;
    if (r != 0) {
        return control_broke(control, r);
    }
    json_wr_end_array(&control->json);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

int
control_device_show(struct control *control)
{
    struct store_device device;
    int r = control_device(control, 0, &device);

    if (r != 0) {
        return r;
    }
    json_wr_object(&control->json);
    r = say_device(control, &device);
    r = r == 0 ? say_details(control, &device) : r;
    json_wr_end_object(&control->json);
    return r < 0 ? control_broke(control, r) : CONTROL_YES;
}

/* Writes a changed row and its audit line, and answers with the new state. */
static int
decide(struct control *control, const struct store_device *device, const char *kind,
       const char *text)
{
    int r = store_device_put(control->keeper->store, device);

    if (r != 0) {
        return control_broke(control, r);
    }
    keeper_audit(control->keeper, kind, device->id, control->actor, text);
    json_wr_object(&control->json);
    control_hex(control, "id", BYTES_OF(device->id));
    json_wr_key(&control->json, "state");
    json_wr_str(&control->json, device_state_name(device->state));
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

int
control_class_word(struct control *control, size_t i, char name[STORE_CLASS_MAX])
{
    struct store_class class_row;
    int r = control_text(control, i, name, STORE_CLASS_MAX)
                ? store_class_get(control->keeper->store, name, &class_row)
                : STORE_NONE;

    if (r == STORE_NONE) {
        return control_error(control, "class", "there is no such class: see `assay class list`");
    }
    return r == 0 ? 0 : control_broke(control, r);
}

int
control_device_approve(struct control *control)
{
    struct store_device device;
    char text[160];
    int r;

    /* the whole fingerprint, as the device's own console shows it: a prefix could be another's */
    if (control->words.words[0].len != 64) {
        return control_error(control, "fingerprint",
                             "give all 64 digits that `assay-attestor --fingerprint` prints on "
                             "the device");
    }
    r = control_device(control, 0, &device);
    if (r == 0) {
        r = control_class_word(control, 1, device.class_name);
    }
    if (r != 0) {
        return r;
    }
    if (device.state != DEVICE_PENDING) {
        return control_error(control, "state", "the device is not pending");
    }
    device.state = DEVICE_PROVISIONAL;
    snprintf(text, sizeof(text), "class %s", device.class_name);
    return decide(control, &device, "approved", text);
}

/* Quarantine and removal: at once, on every open connection too. */
static int
shut(struct control *control, enum device_state state, const char *kind)
{
    struct store_device device;
    int r = control_device(control, 0, &device);

    if (r != 0) {
        return r;
    }
    if (!control_text(control, 1, device.why, sizeof(device.why))) {
        return control_error(control, "why", "give a reason of at most 127 characters");
    }
    device.state = state;
    sessions_drop_device(control->keeper->sessions, device.id);
    return decide(control, &device, kind, device.why);
}

int
control_device_quarantine(struct control *control)
{
    return shut(control, DEVICE_QUARANTINED, "quarantined");
}

int
control_device_remove(struct control *control)
{
    return shut(control, DEVICE_REMOVED, "removed");
}

int
control_device_release(struct control *control)
{
    struct store_device device;
    int r = control_device(control, 0, &device);

    if (r != 0) {
        return r;
    }
    if (device.state != DEVICE_QUARANTINED && device.state != DEVICE_REMOVED) {
        return control_error(control, "state", "the device is neither quarantined nor removed");
    }
    device.state = device.class_name[0] ? DEVICE_PROVISIONAL : DEVICE_PENDING;
    device.why[0] = '\0';
    return decide(control, &device, "released", "");
}

/* 26 characters of RFC 4648 base32 without the digits that look like letters: 130 random bits. */
static int
code_make(char room[27])
{
    static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint8_t random[26];
    int r = random_bytes(random, sizeof(random));

    for (size_t i = 0; i < sizeof(random); i++) {
        room[i] = alphabet[random[i] & 31];
    }
    room[26] = '\0';
    wipe(random, sizeof(random));
    return r;
}

/* A whole number of hours; 0 for anything else. */
static long
hours_word(const struct control *control, size_t i)
{
    char text[5];

    if (!control_text(control, i, text, sizeof(text)) || text[strspn(text, "0123456789")] != '\0') {
        return 0;
    }
    return strtol(text, NULL, 10);
}

int
control_device_code(struct control *control)
{
    struct keeper *keeper = control->keeper;
    char class_name[STORE_CLASS_MAX];
    char code[27];
    uint8_t digest[32];
    int64_t expires;
    long hours;
    int r = control_class_word(control, 0, class_name);

    if (r != 0) {
        return r;
    }
    hours = hours_word(control, 1);
    if (hours < 1 || hours > 8760) {
        return control_error(control, "hours", "hours are 1 to 8760");
    }
    expires = keeper->clock->utc_ms(keeper->clock->context) + hours * 3600 * 1000;
    r = code_make(code);
    if (r == 0) {
        r = hasher_bytes(keeper->hasher, HASH_SHA256, bytes_str(code), digest);
    }
    if (r == 0) {
        r = store_code_put(keeper->store, digest, class_name, expires);
    }
    if (r != 0) {
        return control_broke(control, r);
    }
    keeper_audit(keeper, "code", NULL, control->actor, class_name);
    json_wr_object(&control->json);
    json_wr_key(&control->json, "code");
    json_wr_str(&control->json, code);
    json_wr_key(&control->json, "class");
    json_wr_str(&control->json, class_name);
    json_wr_key(&control->json, "expires_ms");
    json_wr_int(&control->json, expires);
    json_wr_end_object(&control->json);
    wipe(code, sizeof(code));
    return CONTROL_YES;
}

/* The groups of a row are those of its device from now on; of a row that says none of them, what
 * was said before. */
static int
import_groups(struct control *control, const uint8_t fingerprint[32], const char *names, bool write)
{
    struct store_groups groups = {.n = 0};
    char joined[STORE_GROUPS_TEXT_MAX];
    int r = groups_add_all(control->keeper->store, names, &groups);

    if (r > 0) {
        return control_error(control, "group", groups_problem((enum groups_outcome)r));
    }
    if (r == 0 && write) {
        groups_join(&groups, joined);
        r = store_inventory_groups_put(control->keeper->store, fingerprint, joined);
    }
    return r == 0 ? 0 : control_broke(control, r);
}

/* One "fingerprint,class" or "fingerprint,class,group group…" of an import: checked, or written.
 * Returns 0, or CONTROL_NO after an error was written. */
static int
import_one(struct control *control, size_t i, bool write)
{
    struct store_class class_row;
    char word[64 + 1 + STORE_CLASS_MAX + STORE_GROUPS_TEXT_MAX];
    uint8_t fingerprint[32];
    size_t len = 0;
    char *names;
    int r;

    if (!control_text(control, i, word, sizeof(word)) || strlen(word) < 66 || word[64] != ',' ||
        hex_read(bytes_of(word, 64), fingerprint, sizeof(fingerprint), &len) != 0 || len != 32) {
        return control_error(control, "row", "a row is not FINGERPRINT,CLASS[,GROUPS]");
    }
    names = strchr(word + 65, ',');
    if (names) {
        *names++ = '\0';
    }
    r = strlen(word + 65) < STORE_CLASS_MAX
            ? store_class_get(control->keeper->store, word + 65, &class_row)
            : STORE_NONE;
    if (r == STORE_NONE) {
        return control_error(control, "class", "a row names a class that does not exist");
    }
    if (r == 0 && write) {
        r = store_inventory_put(control->keeper->store, fingerprint, word + 65);
    }
    if (r == 0 && names) {
        return import_groups(control, fingerprint, names, write);
    }
    return r == 0 ? 0 : control_broke(control, r);
}

int
control_device_import(struct control *control)
{
    /* a list is imported whole or not at all; the store's batch is not ours to roll back, it holds
     * the verdicts of devices whose answers are about to leave */
    for (size_t i = 0; i < 2 * control->words.n; i++) {
        int r = import_one(control, i % control->words.n, i >= control->words.n);

        if (r != 0) {
            return r;
        }
    }
    keeper_audit(control->keeper, "imported", NULL, control->actor, "inventory");
    json_wr_object(&control->json);
    json_wr_key(&control->json, "imported");
    json_wr_int(&control->json, (int64_t)control->words.n);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}
