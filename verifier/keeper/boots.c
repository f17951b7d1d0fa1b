#include "keeper/boots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct boots {
    struct boot_room *room;
    size_t n;
    struct store_pin rows[RULE_PINS_MAX];
    struct rule_pin pins[RULE_PINS_MAX]; /* views into rows */
    bool too_many;
};

struct boots *
boots_new(void)
{
    struct boots *boots = calloc(1, sizeof(*boots));

    if (boots) {
        boots->room = boot_room_new();
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
        free(boots);
    }
}

struct boot_room *
boots_room(struct boots *boots)
{
    return boots->room;
}

static bool
on_pin(void *context, const struct store_pin *pin)
{
    struct boots *boots = context;
    struct store_pin *row = &boots->rows[boots->n];

    if (boots->n == RULE_PINS_MAX) {
        boots->too_many = true;
        return false;
    }
    *row = *pin;
    boots->pins[boots->n++] = (struct rule_pin){bytes_str(row->rule), bytes_str(row->name),
                                                bytes_of(row->value, row->value_len)};
    return true;
}

int
boots_pins(struct boots *boots, struct store *store, const uint8_t device[WIRE_UEID_SIZE],
           const struct rule_pin **ret, size_t *ret_n)
{
    int r;

    boots->n = 0;
    boots->too_many = false;
    r = store_pin_each(store, device, on_pin, boots);
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
put_pin(struct store *store, const uint8_t device[WIRE_UEID_SIZE], const struct rule_pin *pin)
{
    struct store_pin row = {.value_len = pin->value.len};
    int r;

    if (pin->rule.len >= sizeof(row.rule) || pin->name.len >= sizeof(row.name) ||
        pin->value.len > sizeof(row.value)) {
        return -EINVAL; /* judging_learn() has the same bounds */
    }
    snprintf(row.rule, sizeof(row.rule), "%.*s", (int)pin->rule.len, (const char *)pin->rule.p);
    snprintf(row.name, sizeof(row.name), "%.*s", (int)pin->name.len, (const char *)pin->name.p);
    if (pin->value.len > 0) {
        memcpy(row.value, pin->value.p, pin->value.len);
    }
    r = store_pin_put(store, device, &row);
    return r > 0 ? -EIO : r; /* its verdict was just written, so the device is there */
}

int
boots_learn(struct store *store, const uint8_t device[WIRE_UEID_SIZE],
            const struct rule_judgement *judgement)
{
    int r = 0;

    for (size_t i = 0; i < judgement->n_learnt && r == 0; i++) {
        r = put_pin(store, device, &judgement->learnt[i]);
    }
    return r;
}
