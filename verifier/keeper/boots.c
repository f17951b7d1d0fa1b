#include "keeper/boots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/list-kept.h"

_Static_assert(LIST_KEPT_MAX <= STORE_LIST_MAX, "every list can be kept");

struct boots {
    struct boot_room *room;
    struct store *store; /* whose pins these are */
    struct rule_past past;
    uint8_t *list; /* what past gave last, malloc */
    uint8_t list_room[LIST_KEPT_MAX];
    const struct rulebook *book; /* whose rules name slots, while pins are read */
    size_t policy;
    size_t n;
    struct store_pin rows[RULE_PINS_MAX];
    struct rule_pin pins[RULE_PINS_MAX]; /* views into rows */
    bool too_many;
};

static int
past_get(void *context, struct bytes digest, struct bytes *ret)
{
    struct boots *boots = context;
    size_t len = 0;
    int r;

    free_p(&boots->list);
    r = store_list_get(boots->store, digest, &boots->list, &len);
    if (r == 0) {
        *ret = bytes_of(boots->list, len);
    }
    return r == STORE_NONE ? 1 : r;
}

struct boots *
boots_new(void)
{
    struct boots *boots = calloc(1, sizeof(*boots));

    if (boots) {
        boots->room = boot_room_new();
        boots->past = (struct rule_past){.get = past_get, .context = boots};
    }
    if (boots && !boots->room) {
        free(boots);
        boots = NULL;
    }
    return boots;
}

void
boots_free(struct boots *boots)
{
    if (boots) {
        boot_room_free(boots->room);
        free(boots->list);
        free(boots);
    }
}

struct boot_room *
boots_room(struct boots *boots)
{
    return boots->room;
}

struct rule_past *
boots_past(struct boots *boots)
{
    return &boots->past;
}

/* The slot of the policy's rule with that id; SLOT_NONE when it has none. */
static enum slot
slot_of_rule(const struct boots *boots, struct bytes id)
{
    const struct bundle *bundle = rulebook_bundle(boots->book);
    const struct bundle_policy *policy = &bundle->policies[boots->policy];

    for (size_t i = policy->first_rule; i < policy->first_rule + policy->n_rules; i++) {
        if (bytes_equal(bundle->rules[i].id, id)) {
            return rulebook_slot(boots->book, i);
        }
    }
    return SLOT_NONE;
}

static bool
is_old(const struct store_pin *pin)
{
    return strncmp(pin->slot, STORE_PIN_RULE, strlen(STORE_PIN_RULE)) == 0;
}

static bool
on_pin(void *context, const struct store_pin *pin)
{
    struct boots *boots = context;
    struct store_pin *row = &boots->rows[boots->n];
    enum slot slot = is_old(pin)
                         ? slot_of_rule(boots, bytes_str(pin->slot + strlen(STORE_PIN_RULE)))
                         : slot_table_find(bytes_str(pin->slot));

    if (boots->n == RULE_PINS_MAX) {
        boots->too_many = true;
        return false;
    }
    *row = *pin;
    boots->pins[boots->n++] =
        (struct rule_pin){slot, bytes_str(row->name), bytes_of(row->value, row->value_len)};
    return true;
}

int
boots_pins(struct boots *boots, struct store *store, const uint8_t device[WIRE_UEID_SIZE],
           const struct rulebook *book, size_t policy, const struct rule_pin **ret, size_t *ret_n)
{
    int r;

    boots->book = book;
    boots->policy = policy;
    boots->store = store;
    boots->past.r = 0;
    boots->n = 0;
    boots->too_many = false;
    r = store_pin_each(store, device, PINS_HELD, on_pin, boots);
    boots->book = NULL; /* lives as long as the turn */
    if (r == 0 && boots->too_many) {
        r = -E2BIG;
    }
    if (r == 0) {
        *ret = boots->pins;
        *ret_n = boots->n;
    }
    return r;
}

static int
put_pin(struct store *store, const struct boots_note *note, enum store_pins pins,
        const struct rule_pin *pin)
{
    struct store_pin row = {.value_len = pin->value.len, .at_ms = note->at_ms};
    int r;

    if (pin->name.len >= sizeof(row.name) || pin->value.len > sizeof(row.value)) {
        return -EINVAL; /* judging_learn() and judging_show() have the same bounds */
    }
    snprintf(row.slot, sizeof(row.slot), "%s", slot_table(pin->slot)->name);
    snprintf(row.name, sizeof(row.name), "%.*s", (int)pin->name.len, (const char *)pin->name.p);
    snprintf(row.policy, sizeof(row.policy), "%s", note->policy);
    if (pin->value.len > 0) {
        memcpy(row.value, pin->value.p, pin->value.len);
    }
    r = store_pin_put(store, note->device, pins, &row);
    return r > 0 ? -EIO : r; /* its verdict was just written, so the device is there */
}

/* A pin under a rule's id, to the slot that the rule has. */
static int
rename_pin(struct boots *boots, struct store *store, const struct boots_note *note, size_t i)
{
    struct store_pin row = boots->rows[i];
    int r;

    if (!is_old(&row) || boots->pins[i].slot == SLOT_NONE) {
        return 0;
    }
    snprintf(row.slot, sizeof(row.slot), "%s", slot_table(boots->pins[i].slot)->name);
    r = store_pin_put(store, note->device, PINS_HELD, &row);
    if (r == 0) {
        r = store_pin_drop(store, note->device, PINS_HELD, boots->rows[i].slot, row.name, NULL);
    }
    return r > 0 ? -EIO : r;
}

/* What a mark or a list rises to takes the place of what it was; all else is learnt where there is
 * nothing. */
static int
drop_before(struct store *store, const struct boots_note *note, const struct rule_pin *pin)
{
    char name[STORE_PIN_NAME_MAX];

    if (!pin->instead || pin->name.len >= sizeof(name)) {
        return 0;
    }
    snprintf(name, sizeof(name), "%.*s", (int)pin->name.len, (const char *)pin->name.p);
    return store_pin_drop(store, note->device, PINS_HELD, slot_table(pin->slot)->name, name, NULL);
}

/* Of a list that is pinned, or may be if an operator says so: what it is. */
static int
keep_list(struct boots *boots, struct store *store, const struct boot_facts *facts,
          const struct rule_pin *pin)
{
    struct wr wr = wr_init(boots->list_room, sizeof(boots->list_room));

    if (pin->slot != SLOT_SB_DBX || pin->name.len > 0 || pin->value.len == 0 ||
        list_kept_write(facts, &wr) != 0) {
        return 0;
    }
    return store_list_put(store, pin->value, wr_done(&wr));
}

int
boots_learn(struct boots *boots, struct store *store, const struct boots_note *note,
            const struct boot_told *told)
{
    const struct rule_judgement *judgement = told->judgement;
    int r = 0;

    for (size_t i = 0; i < judgement->n_learnt && r == 0; i++) {
        r = drop_before(store, note, &judgement->learnt[i]);
        r = r == 0 ? put_pin(store, note, PINS_HELD, &judgement->learnt[i]) : r;
        r = r == 0 ? keep_list(boots, store, told->facts, &judgement->learnt[i]) : r;
    }
    return r;
}

/* What one device showed before, against what it shows now. */
struct shown {
    const struct rule_judgement *judgement;
    size_t n_same;
    bool other;
};

static bool
is_shown(const struct rule_pin *pin, const struct store_pin *row)
{
    return strcmp(slot_table(pin->slot)->name, row->slot) == 0 &&
           bytes_equal(pin->name, bytes_str(row->name)) &&
           bytes_equal(pin->value, bytes_of(row->value, row->value_len));
}

static bool
on_shown(void *context, const struct store_pin *row)
{
    struct shown *shown = context;
    size_t i = 0;

    while (i < shown->judgement->n_shown && !is_shown(&shown->judgement->shown[i], row)) {
        i++;
    }
    shown->other = i == shown->judgement->n_shown;
    shown->n_same += !shown->other;
    return !shown->other;
}

/* Rows of what is shown, unless they are there: a device that is refused each five minutes shows
 * the same each time, and when it first did so stays known. */
static int
show_pins(struct store *store, const struct boots_note *note,
          const struct rule_judgement *judgement)
{
    struct shown shown = {.judgement = judgement};
    int r = store_pin_each(store, note->device, PINS_SHOWN, on_shown, &shown);

    if (r != 0 || (!shown.other && shown.n_same == judgement->n_shown)) {
        return r;
    }
    r = store_pin_drop(store, note->device, PINS_SHOWN, NULL, NULL, NULL);
    for (size_t i = 0; i < judgement->n_shown && r == 0; i++) {
        r = put_pin(store, note, PINS_SHOWN, &judgement->shown[i]);
    }
    return r;
}

int
boots_show(struct boots *boots, struct store *store, const struct boots_note *note,
           const struct boot_told *told)
{
    const struct rule_judgement *judgement = told->judgement;
    int r = show_pins(store, note, judgement);

    for (size_t i = 0; i < judgement->n_shown && r == 0; i++) {
        r = keep_list(boots, store, told->facts, &judgement->shown[i]);
    }
    for (size_t i = 0; i < boots->n && r == 0; i++) {
        r = rename_pin(boots, store, note, i);
    }
    return r;
}
