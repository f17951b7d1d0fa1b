#include "appraise/slot-table.h"

#define P(n) (1u << (n))
#define ALL 0xffffu
#define FIRMWARE 0xffu
#define F_CODE SLOT_F_CODE
#define F_TEXT SLOT_F_TEXT
#define F_RELEASE SLOT_F_RELEASE
#define F_VIRTUAL SLOT_F_VIRTUAL
#define F_NEEDED SLOT_F_NEEDED
#define F_NEEDED_PROFILE SLOT_F_NEEDED_PROFILE
#define F_BUILTIN SLOT_F_BUILTIN
#define F_LATE SLOT_F_LATE
#define F_ASIDE SLOT_F_ASIDE
#define V(name) (1u << VERB_##name)
#define V_DIGEST \
    (V(ONE_OF) | V(SEQUENCE) | V(AT_LEAST) | V(DEVICE_PIN) | V(ANY) | V(FORBID) | V(NOT_IN))
#define V_LISTS \
    (V(EQUALS) | V(SUBSET_OF) | V(INCLUDES) | V(NOT_IN) | V(DEVICE_PIN) | V(ANY) | V(FORBID))

static const struct slot_info slots[SLOT_N] = {
    [SLOT_NONE] = {.name = "none"},
#define SLOT(id, name, pcrs, flags, verbs) [SLOT_##id] = {name, pcrs, flags, verbs},
#include "appraise/slot.def"
#undef SLOT
};

const struct slot_info *
slot_table(enum slot slot)
{
    return &slots[slot < SLOT_N ? slot : SLOT_NONE];
}

bool
slot_table_claims(enum slot slot, enum bundle_verb verb)
{
    return verb != VERB_NOT_IN && (verb != VERB_AT_LEAST || slot == SLOT_SB_SBAT) &&
           !(slot_table(slot)->flags & SLOT_F_ASIDE);
}

enum slot
slot_table_find(struct bytes name)
{
    for (size_t i = SLOT_NONE + 1; i < SLOT_N; i++) {
        if (slots[i].verbs != 0 && bytes_equal(name, bytes_str(slots[i].name))) {
            return (enum slot)i;
        }
    }
    return SLOT_NONE;
}
