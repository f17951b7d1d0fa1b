/* assay device pins, unpin, accept: what a device is held to, and an operator's word on it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/rule-judge.h"
#include "base/hex.h"
#include "base/text.h"
#include "keeper/control-say.h"

enum { PINS_MOST = RULE_PINS_MAX }; /* a device with more could not be judged */

/* SLOT or SLOT=HOLE of an operator. */
struct place {
    char slot[STORE_PIN_SLOT_MAX + STORE_PIN_NAME_MAX];
    const char *name; /* within slot; NULL: all of the slot */
};

struct walk {
    struct control *control;
    const struct place *place; /* NULL: all */
    int64_t n;                 /* that are of the place */
    uint8_t proposal[32];      /* a name for those of the place, as of golden learn */
    char text[320];            /* of them, for the audit log */
    int r;
};

static bool
is_of(const struct place *place, const struct store_pin *pin)
{
    return !place || (strcmp(place->slot, pin->slot) == 0 &&
                      (!place->name || strcmp(place->name, pin->name) == 0));
}

/* A value for people: a digest's digits, or what a hole took, escaped. */
static const char *
value_text(const struct store_pin *pin, char room[TEXT_QUOTED_ROOM(STORE_PIN_VALUE_MAX)])
{
    struct bytes value = bytes_of(pin->value, pin->value_len);

    if (pin->name[0] != '\0') {
        return text_escaped(room, TEXT_QUOTED_ROOM(STORE_PIN_VALUE_MAX), value);
    }
    return hex_write(room, value);
}

static void
say_pin(struct control *control, const struct store_pin *pin)
{
    struct json_wr *json = &control->json;
    char room[TEXT_QUOTED_ROOM(STORE_PIN_VALUE_MAX)];

    json_wr_object(json);
    json_wr_key(json, "slot");
    json_wr_str(json, pin->slot);
    if (pin->name[0] != '\0') {
        json_wr_key(json, "hole");
        json_wr_str(json, pin->name);
    }
    json_wr_key(json, "value");
    json_wr_str(json, value_text(pin, room));
    json_wr_key(json, "at_ms");
    json_wr_int(json, pin->at_ms);
    json_wr_key(json, "policy");
    json_wr_str(json, pin->policy);
    json_wr_end_object(json);
}

static bool
on_say(void *context, const struct store_pin *pin)
{
    struct walk *walk = context;

    if (is_of(walk->place, pin)) {
        say_pin(walk->control, pin);
    }
    return true;
}

/* A list of what is held, or was shown, in this place. Returns 0 or a negative errno. */
static int
say_pins(struct control *control, const struct store_device *device, enum store_pins pins,
         const struct place *place)
{
    struct walk walk = {.control = control, .place = place};
    int r;

    json_wr_key(&control->json, pins == PINS_HELD ? "pins" : "shown");
    json_wr_array(&control->json);
    r = store_pin_each(control->keeper->store, device->id, pins, on_say, &walk);
    json_wr_end_array(&control->json);
    return r;
}

static void
say_head(struct control *control, const struct store_device *device)
{
    json_wr_object(&control->json);
    control_hex(control, "id", BYTES_OF(device->id));
}

int
control_device_pins(struct control *control)
{
    struct store_device device;
    int r = control_device(control, 0, &device);

    if (r != 0) {
        return r;
    }
    say_head(control, &device);
    r = say_pins(control, &device, PINS_HELD, NULL);
    if (r == 0) {
        r = say_pins(control, &device, PINS_SHOWN, NULL);
    }
    json_wr_end_object(&control->json);
    return r != 0 ? control_broke(control, r) : CONTROL_YES;
}

/* The place that a word names. Returns 0, or CONTROL_NO after an error was written. */
static int
place_word(struct control *control, size_t i, struct place *ret)
{
    char *equals;

    if (!control_text(control, i, ret->slot, sizeof(ret->slot))) {
        return control_error(control, "slot", "give a slot, or SLOT=HOLE, as `device pins` has it");
    }
    equals = strchr(ret->slot, '=');
    ret->name = NULL;
    if (equals) {
        *equals = '\0';
        ret->name = equals + 1;
    }
    if (strlen(ret->slot) >= STORE_PIN_SLOT_MAX ||
        (ret->name && (ret->name[0] == '\0' || strlen(ret->name) >= STORE_PIN_NAME_MAX))) {
        return control_error(control, "slot", "no slot or hole has such a name");
    }
    return 0;
}

int
control_pins_drop(struct control *control, const struct store_device *device, const char *why,
                  int64_t *ret_n)
{
    struct keeper *keeper = control->keeper;
    char text[96];
    int64_t n = 0;
    int r = store_pin_drop(keeper->store, device->id, PINS_SHOWN, NULL, NULL, NULL);

    if (r == 0) {
        r = store_pin_drop(keeper->store, device->id, PINS_HELD, NULL, NULL, &n);
    }
    if (r == 0 && n > 0) {
        snprintf(text, sizeof(text), "all: %lld values, %s", (long long)n, why);
        keeper_audit(keeper, "unpinned", device->id, control->actor, text);
    }
    *ret_n = r == 0 ? n : 0;
    return r;
}

/* Drops the pins of one place, with an audit row. Returns 0, or CONTROL_NO after an error. */
static int
drop_place(struct control *control, const struct store_device *device, const struct place *place,
           int64_t *ret_n)
{
    char text[160];
    int r = store_pin_drop(control->keeper->store, device->id, PINS_HELD, place->slot, place->name,
                           ret_n);

    if (r != 0) {
        return control_broke(control, r);
    }
    if (*ret_n == 0) {
        return control_error(control, "pin", "nothing is pinned there: see `assay device pins ID`");
    }
    snprintf(text, sizeof(text), "%s%s%s: %lld values", place->slot, place->name ? "=" : "",
             place->name ? place->name : "", (long long)*ret_n);
    keeper_audit(control->keeper, "unpinned", device->id, control->actor, text);
    return 0;
}

int
control_device_unpin(struct control *control)
{
    struct store_device device;
    struct place place;
    int64_t n = 0;
    int r = control_device(control, 0, &device);

    if (r == 0 && bytes_equal(control->words.words[1], bytes_str("*"))) {
        r = control_pins_drop(control, &device, "by command", &n);
        r = r != 0 ? control_broke(control, r) : 0;
    } else if (r == 0) {
        r = place_word(control, 1, &place);
        r = r == 0 ? drop_place(control, &device, &place, &n) : r;
    }
    if (r != 0) {
        return r;
    }
    say_head(control, &device);
    json_wr_key(&control->json, "dropped");
    json_wr_int(&control->json, n);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

/* Names what was shown in a place by SHA-256 over slot, hole and value of each, in their order, and
 * writes the first of them down. */
static bool
on_shown(void *context, const struct store_pin *pin)
{
    struct walk *walk = context;
    uint8_t ends[4] = {(uint8_t)strlen(pin->slot), (uint8_t)strlen(pin->name),
                       (uint8_t)(pin->value_len >> 8), (uint8_t)pin->value_len};
    struct bytes parts[] = {BYTES_OF(walk->proposal), BYTES_OF(ends), bytes_str(pin->slot),
                            bytes_str(pin->name), bytes_of(pin->value, pin->value_len)};
    char room[TEXT_QUOTED_ROOM(STORE_PIN_VALUE_MAX)];
    size_t len = strlen(walk->text);

    if (!is_of(walk->place, pin)) {
        return true;
    }
    walk->r = hasher_parts(walk->control->keeper->hasher, HASH_SHA256, parts, ARRAY_LEN(parts),
                           walk->proposal);
    walk->n++;
    snprintf(walk->text + len, sizeof(walk->text) - len, " %s%s%s", pin->name,
             pin->name[0] ? "=" : "", pin->value_len > 0 ? value_text(pin, room) : "nothing");
    return walk->r == 0;
}

/* Shown values of one place, collected before they are written: a walk reads what it must not
 * change. */
struct taking {
    const struct place *place;
    size_t n;
    struct store_pin pins[PINS_MOST];
    size_t n_stay; /* held ones that they do not replace */
};

static bool
on_take(void *context, const struct store_pin *pin)
{
    struct taking *taking = context;

    if (is_of(taking->place, pin) && taking->n < ARRAY_LEN(taking->pins)) {
        taking->pins[taking->n++] = *pin;
    }
    return true;
}

static bool
on_stay(void *context, const struct store_pin *pin)
{
    struct taking *taking = context;
    bool goes = false;

    for (size_t i = 0; i < taking->n && !goes; i++) {
        goes = strcmp(taking->pins[i].slot, pin->slot) == 0 &&
               strcmp(taking->pins[i].name, pin->name) == 0;
    }
    taking->n_stay += !goes;
    return true;
}

/* What was shown takes the place of what is held. Each hole that was shown stands for itself; of
 * those that were not the old value stays. Returns 0 or a negative errno. */
static int
take(struct control *control, const struct store_device *device, struct taking *taking)
{
    struct store *store = control->keeper->store;
    const struct clock *clock = control->keeper->clock;
    int r = 0;

    for (size_t i = 0; i < taking->n && r == 0; i++) {
        struct store_pin *pin = &taking->pins[i];

        r = store_pin_drop(store, device->id, PINS_HELD, pin->slot, pin->name, NULL);
    }
    for (size_t i = 0; i < taking->n && r == 0; i++) {
        struct store_pin *pin = &taking->pins[i];

        pin->at_ms = clock->utc_ms(clock->context);
        r = store_pin_put(store, device->id, PINS_HELD, pin);
    }
    if (r == 0) {
        r = store_pin_drop(store, device->id, PINS_SHOWN, taking->place->slot, taking->place->name,
                           NULL);
    }
    return r > 0 ? -EIO : r;
}

/* With the audit row. Returns 0, or CONTROL_NO after an error was written. */
static int
pin_shown(struct control *control, const struct store_device *device, const struct walk *shown)
{
    CLEANUP(free_p) struct taking *taking = calloc(1, sizeof(*taking));
    struct store *store = control->keeper->store;
    char text[sizeof(shown->text) + 160];
    int r = -ENOMEM;

    if (taking) {
        taking->place = shown->place;
        r = store_pin_each(store, device->id, PINS_SHOWN, on_take, taking);
    }
    if (r == 0) {
        r = store_pin_each(store, device->id, PINS_HELD, on_stay, taking);
    }
    if (r == 0 && taking->n + taking->n_stay > PINS_MOST) {
        return control_error(control, "many", "a device has 256 pins at most: unpin others first");
    }
    r = r == 0 ? take(control, device, taking) : r;
    if (r != 0) {
        return control_broke(control, r);
    }
    snprintf(text, sizeof(text), "%s:%s", shown->place->slot, shown->text);
    keeper_audit(control->keeper, "pinned", device->id, control->actor, text);
    return 0;
}

/* Nothing is written without the name of what was shown: what is confirmed is what was seen,
 * whatever the device has brought in between. Returns 0, or CONTROL_NO after an error. */
static int
confirm(struct control *control, const struct store_device *device, const struct walk *shown)
{
    char want[8 + 2 * 32 + 1] = "confirm=";

    (void)hex_write(want + 8, BYTES_OF(shown->proposal));
    if (!bytes_equal(control->words.words[2], bytes_str(want))) {
        return control_error(control, "changed",
                             "what would be pinned is not what was shown: the device has brought "
                             "another boot since; look again");
    }
    return pin_shown(control, device, shown);
}

static int
say_reasons(struct control *control, const struct store_device *device)
{
    struct store_last last = {0};
    int r = store_last_get(control->keeper->store, device->id, &last);

    say_reason_names(control, &last);
    return r == STORE_NONE ? 0 : r;
}

static int
say_accept(struct control *control, const struct store_device *device, const struct walk *shown,
           bool pinned)
{
    int r = 0;

    say_head(control, device);
    json_wr_key(&control->json, "slot");
    json_wr_str(&control->json, shown->place->slot);
    json_wr_key(&control->json, "pinned");
    json_wr_int(&control->json, pinned ? shown->n : 0);
    r = say_pins(control, device, PINS_HELD, shown->place);
    if (r == 0 && !pinned) {
        r = say_pins(control, device, PINS_SHOWN, shown->place);
        control_hex(control, "proposal", BYTES_OF(shown->proposal));
    }
    if (r == 0) {
        r = say_reasons(control, device);
    }
    json_wr_end_object(&control->json);
    return r != 0 ? control_broke(control, r) : CONTROL_YES;
}

int
control_device_accept(struct control *control)
{
    struct store_device device;
    struct place place;
    struct walk shown = {.control = control, .place = &place};
    bool confirmed = control->words.n > 2;
    int r = control_device(control, 0, &device);

    if (r == 0) {
        r = place_word(control, 1, &place);
    }
    if (r != 0) {
        return r;
    }
    r = store_pin_each(control->keeper->store, device.id, PINS_SHOWN, on_shown, &shown);
    if (r != 0 || shown.r != 0) {
        return control_broke(control, r != 0 ? r : shown.r);
    }
    if (shown.n == 0) {
        return control_error(control, "shown",
                             "its last genuine evidence showed nothing there that is not pinned");
    }
    r = confirmed ? confirm(control, &device, &shown) : 0;
    return r != 0 ? r : say_accept(control, &device, &shown, confirmed);
}
