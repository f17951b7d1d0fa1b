#include "appraise/dbx-level.h"

/* The set that the level is asked by; BUNDLE_NONE: no rule asks. */
static uint16_t
asked_of(const struct bundle *bundle, const struct bundle_policy *policy)
{
    uint16_t first = BUNDLE_NONE;

    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct bundle_rule *rule = &bundle->rules[policy->first_rule + i];
        uint16_t set = rule->n_args > 0 ? bundle->args[rule->first_arg].index : BUNDLE_NONE;

        if (rule->verb != VERB_INCLUDES || !bytes_equal(rule->slot, bytes_str("sb.dbx")) ||
            bundle->sets[set].kind != BUNDLE_SET_DBX) {
            continue;
        }
        if (bytes_equal(rule->claim, bytes_str("dbx.level"))) {
            return set;
        }
        first = first == BUNDLE_NONE ? set : first;
    }
    return first;
}

/* How many sets supersede this one before `last`; false when that is not among them. */
static bool
steps_to(const struct bundle *bundle, uint16_t set, uint16_t last, unsigned *ret)
{
    unsigned n = 0;

    while (set != last && bundle->sets[set].next != BUNDLE_NONE) {
        set = bundle->sets[set].next;
        n++;
    }
    *ret = n;
    return set == last;
}

/* The baseline that is so many steps from the newest, and later than those of as many that were
 * looked at: of two that the same one supersedes, by their places in the bundle. */
static uint16_t
baseline_at(const struct bundle *bundle, uint16_t newest, unsigned steps, uint16_t from)
{
    for (uint16_t i = from; i < bundle->n_sets; i++) {
        unsigned n;

        if (bundle->sets[i].kind == BUNDLE_SET_DBX && steps_to(bundle, i, newest, &n) &&
            n == steps) {
            return i;
        }
    }
    return BUNDLE_NONE;
}

/* The newest of the baselines behind the newest that is met. */
static uint16_t
met_of(const struct bundle *bundle, uint16_t newest, const struct rule_input *input)
{
    for (unsigned steps = 1; steps < LIMIT_BUNDLE_SETS; steps++) {
        uint16_t at = baseline_at(bundle, newest, steps, 0);

        if (at == BUNDLE_NONE) {
            break;
        }
        for (; at != BUNDLE_NONE; at = baseline_at(bundle, newest, steps, (uint16_t)(at + 1))) {
            if (rule_set_missing(bundle, &bundle->sets[at], input, SLOT_SB_DBX, 1) == 0) {
                return at;
            }
        }
    }
    return BUNDLE_NONE;
}

void
dbx_level_find(const struct bundle *bundle, size_t policy, const struct boot_facts *facts,
               struct dbx_level *ret)
{
    uint16_t newest = asked_of(bundle, &bundle->policies[policy]);
    struct rule_input input = {0};
    size_t missing;

    *ret = (struct dbx_level){.set = BUNDLE_NONE};
    if (newest == BUNDLE_NONE || !facts->lists[SLOT_SB_DBX].known) {
        return;
    }
    while (bundle->sets[newest].next != BUNDLE_NONE) { /* never a circle: bundle-set.h */
        newest = bundle->sets[newest].next;
    }
    facts_input(facts, &input);
    missing = rule_set_missing(bundle, &bundle->sets[newest], &input, SLOT_SB_DBX, SIZE_MAX);
    *ret = (struct dbx_level){
        .known = true,
        .set = missing == 0 ? newest : met_of(bundle, newest, &input),
        .missing = (uint32_t)missing,
    };
}
