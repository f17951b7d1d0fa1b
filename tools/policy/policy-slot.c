#include "policy/policy-slot.h"

#define PCR(n) (1u << (n))
#define V(name) (1u << VERB_##name)
#define V_DIGEST \
    (V(ONE_OF) | V(SEQUENCE) | V(AT_LEAST) | V(DEVICE_PIN) | V(ANY) | V(FORBID) | V(NOT_IN))
#define V_LISTS \
    (V(EQUALS) | V(SUBSET_OF) | V(INCLUDES) | V(NOT_IN) | V(DEVICE_PIN) | V(ANY) | V(FORBID))

const struct policy_slot policy_slots[] = {
#define SLOT(name, pcrs, flags, verbs) {name, pcrs, flags, verbs},
#include "policy/policy-slot.def"
#undef SLOT
};
const size_t policy_slots_n = ARRAY_LEN(policy_slots);

const struct policy_slot *
policy_slot_named(struct bytes name)
{
    for (size_t i = 0; i < policy_slots_n; i++) {
        if (bytes_equal(name, bytes_str(policy_slots[i].name))) {
            return &policy_slots[i];
        }
    }
    return NULL;
}
