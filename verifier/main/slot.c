#include "main/slot.h"

enum {
    FIRST_MS = 100,
    MOST_MS = 30000,
    READER_MOST_MS = 1000,
    GOOD_LIFE_MS = 60000,
    SHIFT_MAX = 9
};

bool
slot_is_front(const struct slot *slot)
{
    return slot->kind == ROLE_FRONT || slot->kind == ROLE_STREAM;
}

int64_t
slot_delay_ms(enum role_kind kind, unsigned n_faults)
{
    int64_t most = kind == ROLE_READER ? READER_MOST_MS : MOST_MS;
    int64_t delay;

    if (n_faults == 0) {
        return 0;
    }
    delay = (int64_t)FIRST_MS << (n_faults - 1 < SHIFT_MAX ? n_faults - 1 : SHIFT_MAX);
    return delay < most ? delay : most;
}

int64_t
slot_ended(struct slot *slot, bool at_fault, int64_t now_ms)
{
    int64_t delay;

    if (now_ms - slot->started_ms >= GOOD_LIFE_MS) {
        slot->n_faults = 0;
    }
    slot->n_faults = at_fault ? slot->n_faults + 1 : slot->n_faults;
    delay = at_fault ? slot_delay_ms(slot->kind, slot->n_faults) : 0;
    ipc_freep(&slot->channel);
    slot->pid = 0;
    slot->ready = false;
    slot->asked = false;
    slot->start_at_ms = now_ms + delay;
    return delay;
}
