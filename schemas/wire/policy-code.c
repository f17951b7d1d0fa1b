#include "wire/policy-code.h"

static const struct {
    const char *slot;
    enum bundle_verb verb;
    int outcome;
    enum reason reason;
} codes[] = {
#define CODE(slot, verb, outcome, reason) {slot, VERB_##verb, outcome, REASON_##reason},
#define DIMENSION(slot, dimension)
#include "wire/policy-code.def"
#undef CODE
#undef DIMENSION
};

static const struct {
    const char *slot;
    enum policy_dimension dimension;
} dimensions[] = {
#define CODE(slot, verb, outcome, reason)
#define DIMENSION(slot, dimension) {slot, DIMENSION_##dimension},
#include "wire/policy-code.def"
#undef CODE
#undef DIMENSION
};

static bool
fits(const char *row, struct bytes slot)
{
    return strcmp(row, "*") == 0 || bytes_equal(slot, bytes_str(row));
}

/* The last rows of both tables fit everything. */
struct policy_code
policy_code(struct bytes slot, enum bundle_verb verb, enum policy_outcome outcome)
{
    size_t i = 0;
    size_t k = 0;

    while (i + 1 < ARRAY_LEN(codes) &&
           !(fits(codes[i].slot, slot) && (codes[i].verb == VERB_NONE || codes[i].verb == verb) &&
             (codes[i].outcome == 0 || codes[i].outcome == (int)outcome))) {
        i++;
    }
    while (k + 1 < ARRAY_LEN(dimensions) && !fits(dimensions[k].slot, slot)) {
        k++;
    }
    return (struct policy_code){codes[i].reason, dimensions[k].dimension};
}
