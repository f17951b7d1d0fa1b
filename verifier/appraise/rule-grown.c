/* `device-pin` of the list of forbidden programs holds a device to what it forbade: a list that
 * grew passes and is pinned in the place of what it was. */
#include "appraise/list-kept.h"
#include "appraise/rule-verb.h"
#include "base/hex.h"

/* What the slot is held to, when that is one value; NULL when it is none, or several. */
static const struct rule_pin *
only_pin(const struct judging *j)
{
    const struct rule_pin *found = NULL;

    for (size_t i = 0; i < j->input->n_pins; i++) {
        const struct rule_pin *pin = &j->input->pins[i];

        if (pin->slot == j->slot && pin->name.len == 0) {
            if (found || pin->value.len == 0) {
                return NULL;
            }
            found = pin;
        }
    }
    return found;
}

/* The one event of the slot; RULE_NO_EVENT when there is none, or there are several. */
static uint32_t
only_event(const struct judging *j)
{
    uint32_t event = judging_first(j);

    return event != RULE_NO_EVENT && judging_next(j, event) != RULE_NO_EVENT ? RULE_NO_EVENT
                                                                             : event;
}

/* What the list had when it was pinned; empty where nobody knows. */
static struct bytes
kept_of(const struct judging *j, const struct rule_pin *pin)
{
    struct rule_past *past = j->input->past;
    struct bytes kept = BYTES_NULL;
    int r = past ? past->get(past->context, pin->value, &kept) : 1;

    if (r < 0) {
        past->r = r;
    }
    return r == 0 ? kept : BYTES_NULL;
}

/* What is missing as people search for it: a digest by its digits, a GUID as it is. */
static struct bytes
told(struct judging *j, struct bytes lost)
{
    char hex[2 * 32 + 1];
    struct bytes kept = lost.len == 32 ? bytes_str(hex_write(hex, lost)) : lost;

    return judging_keep(j, &kept) ? kept : BYTES_NULL;
}

bool
judge_grown(struct judging *j)
{
    uint32_t event = only_event(j);
    const struct rule_pin *pin = only_pin(j);
    struct bytes kept, digest, lost = BYTES_NULL;

    if (j->slot != SLOT_SB_DBX || event == RULE_NO_EVENT || !pin ||
        !j->input->entries[j->slot].known) {
        return false;
    }
    digest = j->input->events[event].digest;
    kept = bytes_equal(pin->value, digest) ? BYTES_NULL : kept_of(j, pin);
    if (kept.len == 0) {
        return false;
    }
    switch (list_kept_compare(kept, j->input, &lost)) {
    case LIST_KEPT_ALL:
        judging_raise(j, BYTES_NULL, digest);
        return true;
    case LIST_KEPT_LOST:
        judging_show(j, BYTES_NULL, digest);
        judging_note(j, OUTCOME_CHANGED, event, told(j, lost));
        return true;
    case LIST_KEPT_BROKEN:
        break;
    }
    return false;
}
