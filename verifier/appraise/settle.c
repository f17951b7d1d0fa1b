#include "appraise/settle.h"

static const enum slot slots[] = {SLOT_BOOT_KERNEL, SLOT_BOOT_INITRD, SLOT_BOOT_FILES};

/* The sets that rules of a slot compare with, a bit each. */
struct compared {
    uint64_t sets[LIMIT_BUNDLE_SETS / 64u];
};

static void
add_sets(const struct bundle *bundle, const struct bundle_rule *rule, struct compared *ret)
{
    for (size_t i = 0; i < rule->n_args; i++) {
        uint16_t set = bundle->args[rule->first_arg + i].index;

        if (set != BUNDLE_NONE) {
            ret->sets[set / 64] |= UINT64_C(1) << set % 64;
        }
    }
}

static void
find_sets(const struct rulebook *book, size_t policy, struct compared ret[ARRAY_LEN(slots)])
{
    const struct bundle *bundle = rulebook_bundle(book);
    const struct bundle_policy *of = &bundle->policies[policy];

    for (size_t i = of->first_rule; i < of->first_rule + of->n_rules; i++) {
        const struct bundle_rule *rule = &bundle->rules[i];

        for (size_t k = 0; k < ARRAY_LEN(slots); k++) {
            if (rulebook_slot(book, i) == slots[k] &&
                (rule->verb == VERB_ONE_OF || rule->verb == VERB_SEQUENCE)) {
                add_sets(bundle, rule, &ret[k]);
            }
        }
    }
}

static bool
stands_in(const struct rulebook_ref *refs, size_t n, const struct compared *compared)
{
    for (size_t i = 0; i < n; i++) {
        if (compared->sets[refs[i].set / 64] >> refs[i].set % 64 & 1) {
            return true;
        }
    }
    return false;
}

/* The slot of a digest, or SLOT_NONE when none of the sets has it. */
static enum slot
slot_of(const struct rulebook_ref *refs, size_t n, const struct compared *compared, enum slot label)
{
    enum slot found = SLOT_NONE;

    for (size_t k = ARRAY_LEN(slots); k > 0; k--) {
        if (found != label && stands_in(refs, n, &compared[k - 1])) {
            found = slots[k - 1];
        }
    }
    return found;
}

void
settle_files(const struct rulebook *book, size_t policy, const struct event_log *log,
             enum hash bank, struct slot_map *map)
{
    struct compared compared[ARRAY_LEN(slots)] = {0};
    size_t at = event_log_bank(log, bank);

    find_sets(book, policy, compared);
    for (size_t i = 0; at < log->n_banks && i < map->n; i++) {
        const struct rulebook_ref *refs = NULL;
        enum slot slot = SLOT_NONE;

        if (slots_movable(map, log, i) && log->events[i].digest[at].p) {
            size_t n = rulebook_find(book, bank, log->events[i].digest[at], &refs);

            slot = slot_of(refs, n, compared, (enum slot)map->events[i].slot);
        }
        if (slot != SLOT_NONE) {
            slots_known(map, i, slot);
        }
    }
}
