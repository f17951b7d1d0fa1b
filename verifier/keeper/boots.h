/* What the keeper holds to judge boots by policies: the memory that it takes, and the pins of the
 * device in hand as rules see them. One boot at a time. */
#pragma once

#include "appraise/boot.h"
#include "store/store.h"

struct boots;

struct boots *boots_new(void); /* NULL when memory ends */
void boots_free(struct boots *boots);

struct boot_room *boots_room(struct boots *boots);

/* The pins of a device, until the next call. Returns 0 or a negative errno; -E2BIG when it has more
 * than RULE_PINS_MAX, which nothing of ours writes. */
MUST_CHECK int boots_pins(struct boots *boots, struct store *store,
                          const uint8_t device[WIRE_UEID_SIZE], const struct rule_pin **ret,
                          size_t *ret_n);

/* Writes what rules learnt in a boot that is trusted. Returns 0 or a negative errno. */
MUST_CHECK int boots_learn(struct store *store, const uint8_t device[WIRE_UEID_SIZE],
                           const struct rule_judgement *judgement);
