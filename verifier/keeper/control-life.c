/* assay device new-era, rekey, replace, move: what an operator says when a device's TPM was
 * cleared, has another AK, or is another, and when the device has another use. What the machine was
 * held to goes with it, but not with another AK alone. */
#include <stdio.h>

#include "base/hex.h"
#include "keeper/control.h"

/* Writes a changed row and its audit line; the answer is left to the caller. */
static int
change(struct control *control, const struct store_device *device, const char *kind,
       const char *text)
{
    int r = store_device_put(control->keeper->store, device);

    if (r == 0) {
        keeper_audit(control->keeper, kind, device->id, control->actor, text);
    }
    return r;
}

static void
say_begin(struct control *control, const struct store_device *device)
{
    json_wr_object(&control->json);
    control_hex(control, "id", BYTES_OF(device->id));
    json_wr_key(&control->json, "state");
    json_wr_str(&control->json, device_state_name(device->state));
}

static void
say_unpinned(struct control *control, int64_t n)
{
    json_wr_key(&control->json, "unpinned");
    json_wr_int(&control->json, n);
}

/* A device that is not removed. Returns 0, or CONTROL_NO after an error was written. */
static int
living(struct control *control, size_t i, struct store_device *ret)
{
    int r = control_device(control, i, ret);

    if (r == 0 && ret->state == DEVICE_REMOVED) {
        return control_error(control, "state", "the device is removed: release it first");
    }
    return r;
}

/* The next era; an era that no evidence has come in yet is next already. */
static int
open_era(struct control *control, struct store_device *device, struct store_last *last,
         int64_t *ret_unpinned)
{
    struct keeper *keeper = control->keeper;
    char text[40];
    int r;

    if (last->era < device->era) {
        return 0;
    }
    if (last->era == INT64_MAX) {
        return STORE_NONE;
    }
    device->era = last->era + 1;
    last->low_ms = 0; /* what fell in the old era is no half of a pair in the new one */
    snprintf(text, sizeof(text), "era %lld", (long long)device->era);
    r = store_last_put(keeper->store, device->id, last);
    if (r == 0) {
        r = change(control, device, "new-era", text);
    }
    return r == 0 ? control_pins_drop(control, device, "new era", ret_unpinned) : r;
}

int
control_device_new_era(struct control *control)
{
    struct store_device device;
    struct store_last last;
    int64_t unpinned = 0;
    int r = living(control, 0, &device);

    if (r != 0) {
        return r;
    }
    r = store_last_get(control->keeper->store, device.id, &last);
    if (r == 0) {
        r = open_era(control, &device, &last, &unpinned);
    }
    if (r == STORE_NONE) {
        return control_error(control, "evidence",
                             "it has brought no evidence yet: nothing to leave");
    }
    if (r != 0) {
        return control_broke(control, r);
    }
    say_begin(control, &device);
    json_wr_key(&control->json, "era");
    json_wr_int(&control->json, device.era);
    say_unpinned(control, unpinned);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

/* Puts the candidate's AK into the row, and takes the candidate off. */
static int
take_over(struct control *control, struct store_device *device,
          const struct store_candidate *candidate)
{
    struct keeper *keeper = control->keeper;
    char was[2 * STORE_NAME_MAX + 1];
    char is[2 * STORE_NAME_MAX + 1];
    char text[sizeof(was) + sizeof(is) + 16];
    int r = store_candidate_drop(keeper->store, device->id);

    snprintf(text, sizeof(text), "AK %s after %s",
             hex_write(is, bytes_of(candidate->ak_name, candidate->ak_name_len)),
             hex_write(was, bytes_of(device->ak_name, device->ak_name_len)));
    memcpy(device->ident, candidate->ident, sizeof(device->ident));
    memcpy(device->ak_name, candidate->ak_name, sizeof(device->ak_name));
    device->ak_name_len = candidate->ak_name_len;
    memcpy(device->ak_public, candidate->ak_public, sizeof(device->ak_public));
    device->ak_public_len = candidate->ak_public_len;
    sessions_drop_device(keeper->sessions, device->id); /* the old AK's connections */
    return r == 0 ? change(control, device, "rekeyed", text) : r;
}

int
control_device_rekey(struct control *control)
{
    struct store_device device;
    struct store_candidate candidate;
    int r = living(control, 0, &device);

    if (r != 0) {
        return r;
    }
    r = store_candidate_get(control->keeper->store, device.id, &candidate);
    if (r == STORE_NONE) {
        return control_error(control, "candidate", "no other AK of this device's EK has enrolled");
    }
    if (r == 0 && candidate.accepted_ms == 0) {
        return control_error(control, "quote",
                             "the other AK has not brought evidence that passes: let the device "
                             "attest first");
    }
    if (r == 0) {
        r = take_over(control, &device, &candidate);
    }
    if (r != 0) {
        return control_broke(control, r);
    }
    say_begin(control, &device);
    control_hex(control, "ak_name", bytes_of(device.ak_name, device.ak_name_len));
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

/* "replaced by ID": as it stands at the old device, so that the same word again is known. */
static void
replaced_text(const struct store_device *by, char text[STORE_TEXT_MAX])
{
    char id[2 * WIRE_UEID_SIZE + 1];

    snprintf(text, STORE_TEXT_MAX, "replaced by %s", hex_write(id, BYTES_OF(by->id)));
}

/* Why one cannot stand in the place of the other. Returns 0, or CONTROL_NO after an error. */
static int
check_pair(struct control *control, const struct store_device *old, const struct store_device *new)
{
    if (memcmp(old->id, new->id, sizeof(old->id)) == 0) {
        return control_error(control, "same", "a device cannot replace itself");
    }
    if (old->state == DEVICE_REMOVED) {
        return control_error(control, "state", "the old device is removed: approve the new one");
    }
    if (old->state == DEVICE_QUARANTINED) {
        return control_error(control, "state",
                             "the old device is quarantined: release it first, when its reason is "
                             "gone");
    }
    if (old->class_name[0] == '\0') {
        return control_error(control, "class", "the old device is no member: approve the new one");
    }
    return new->state == DEVICE_PENDING
               ? 0
               : control_error(control, "state", "the new device is not pending");
}

static int
put_in_place(struct control *control, struct store_device *old, struct store_device *new,
             int64_t *ret_unpinned)
{
    char text[STORE_TEXT_MAX];
    char id[2 * WIRE_UEID_SIZE + 1];
    int r;

    replaced_text(new, old->why);
    old->state = DEVICE_REMOVED;
    sessions_drop_device(control->keeper->sessions, old->id);
    r = change(control, old, "replaced", old->why);
    if (r == 0) {
        r = control_pins_drop(control, old, "replaced", ret_unpinned);
    }
    if (r != 0) {
        return r;
    }
    snprintf(new->class_name, sizeof(new->class_name), "%s", old->class_name);
    new->state = DEVICE_PROVISIONAL;
    snprintf(text, sizeof(text), "in the place of %s", hex_write(id, BYTES_OF(old->id)));
    r = change(control, new, "replaces", text);
    return r == 0 ? control_groups_as(control, old, new) : r;
}

int
control_device_replace(struct control *control)
{
    struct store_device old;
    struct store_device new;
    char text[STORE_TEXT_MAX];
    int64_t unpinned = 0;
    int r = control_device(control, 0, &old);

    if (r == 0 && control->words.words[1].len != 64) {
        /* it admits a device, as approval does: a prefix could be another's */
        return control_error(control, "fingerprint",
                             "give all 64 digits that `assay-attestor --fingerprint` prints on "
                             "the new device");
    }
    if (r == 0) {
        r = control_device(control, 1, &new);
    }
    if (r != 0) {
        return r;
    }
    replaced_text(&new, text);
    if (old.state != DEVICE_REMOVED || strcmp(old.why, text) != 0) {
        r = check_pair(control, &old, &new);
        if (r != 0) {
            return r;
        }
        r = put_in_place(control, &old, &new, &unpinned);
    }
    if (r != 0) {
        return control_broke(control, r);
    }
    say_begin(control, &new);
    control_hex(control, "replaces", BYTES_OF(old.id));
    say_unpinned(control, unpinned);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

/* Into another class, where it has to pass anew. Its open connections were judged by the class that
 * it had. */
static int
put_in_class(struct control *control, struct store_device *device, const char *class_name,
             int64_t *ret_unpinned)
{
    char text[2 * STORE_CLASS_MAX + 16];
    int r;

    snprintf(text, sizeof(text), "class %s after %s", class_name, device->class_name);
    snprintf(device->class_name, sizeof(device->class_name), "%s", class_name);
    if (device->state != DEVICE_QUARANTINED) {
        device->state = DEVICE_PROVISIONAL;
    }
    sessions_drop_device(control->keeper->sessions, device->id);
    r = change(control, device, "moved", text);
    return r == 0 ? control_pins_drop(control, device, "moved", ret_unpinned) : r;
}

int
control_device_move(struct control *control)
{
    struct store_device device;
    char class_name[STORE_CLASS_MAX];
    int64_t unpinned = 0;
    int r = living(control, 0, &device);

    if (r == 0) {
        r = control_class_word(control, 1, class_name);
    }
    if (r != 0) {
        return r;
    }
    if (device.class_name[0] == '\0') {
        return control_error(control, "state", "the device is no member yet: approve it");
    }
    if (strcmp(device.class_name, class_name) != 0) {
        r = put_in_class(control, &device, class_name, &unpinned);
    }
    if (r != 0) {
        return control_broke(control, r);
    }
    say_begin(control, &device);
    json_wr_key(&control->json, "class");
    json_wr_str(&control->json, device.class_name);
    say_unpinned(control, unpinned);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}
