/* What the keeper holds to judge boots by policies: the memory that it takes, and the pins of the
 * device in hand as rules see them. One boot at a time. */
#pragma once

#include "appraise/boot.h"
#include "store/store.h"

struct boots;

struct boots *boots_new(void); /* NULL when memory ends */
void boots_free(struct boots *boots);

struct boot_room *boots_room(struct boots *boots);

/* What lists were that pins of the device in hand hold it to, from the store of boots_pins(). */
struct rule_past *boots_past(struct boots *boots);

/* The pins of a device, until the next call, for a judgement by policy `policy` of the book: it
 * says which slot those are of that an older version pinned under a rule's id; what it does not
 * know of them is left where it is. Returns 0 or a negative errno; -E2BIG when it has more than
 * RULE_PINS_MAX, which nothing of ours writes. */
MUST_CHECK int boots_pins(struct boots *boots, struct store *store,
                          const uint8_t device[WIRE_UEID_SIZE], const struct rulebook *book,
                          size_t policy, const struct rule_pin **ret, size_t *ret_n);

/* Whose boot was judged, when (UTC) and by which policy (NAME:VERSION). */
struct boots_note {
    const uint8_t *device; /* WIRE_UEID_SIZE bytes */
    int64_t at_ms;
    const char *policy;
};

/* Writes what rules learnt in a boot that is trusted, and what of it is a list (list-kept.h).
 * Returns 0 or a negative errno. */
MUST_CHECK int boots_learn(struct boots *boots, struct store *store, const struct boots_note *note,
                           const struct boot_told *told);

/* Writes what a genuine boot showed, with what of it is a list, where it is not what is pinned, in
 * the place of what one before showed; what it showed already keeps its time and policy. Pins of
 * boots_pins(), called for this very boot, that were under a rule's id are under their slot from
 * now on, so that an operator's word on the slot finds them. Returns 0 or a negative errno. */
MUST_CHECK int boots_show(struct boots *boots, struct store *store, const struct boots_note *note,
                          const struct boot_told *told);
