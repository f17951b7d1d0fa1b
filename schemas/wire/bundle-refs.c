/* What a bundle's parts say of each other: indices in range, of the right kind, names unique. */
#include "wire/bundle-part.h"

static bool
policies_hold(const struct bundle *b)
{
    for (size_t i = 1; i < b->n_policies; i++) {
        if (!part_before(b->policies[i - 1].name, b->policies[i].name)) {
            return false;
        }
    }
    for (size_t i = 0; i < b->n_policies; i++) {
        const struct bundle_policy *policy = &b->policies[i];

        if (policy->group.len > 0 && policy->n_classes == 0) {
            return false; /* a base is for nobody */
        }
        for (size_t k = 0; k < policy->n_classes; k++) {
            /* one policy for a class, or for a class and group: the first must be this one */
            if (bundle_policy_of(b, policy->classes[k], policy->group) != policy) {
                return false;
            }
        }
    }
    return true;
}

static bool
release_before(const struct bundle_release *a, const struct bundle_release *b)
{
    if (!bytes_equal(a->component, b->component)) {
        return part_before(a->component, b->component);
    }
    if (!bytes_equal(a->name, b->name)) {
        return part_before(a->name, b->name);
    }
    return part_before(a->version, b->version);
}

static bool
releases_hold(const struct bundle *b)
{
    for (size_t i = 0; i < b->n_releases; i++) {
        const struct bundle_release *r = &b->releases[i];

        if ((i > 0 && !release_before(&r[-1], r)) ||
            (r->cmdline != BUNDLE_NONE && r->cmdline >= b->n_cmdlines)) {
            return false;
        }
    }
    return true;
}

static bool
record_refs_hold(const struct bundle *b, const struct bundle_record *record)
{
    if (record->label != BUNDLE_NONE && record->label >= b->n_labels) {
        return false;
    }
    return record->release == BUNDLE_NONE ||
           (record->release < b->n_releases && b->releases[record->release].state == record->state);
}

static bool
table_refs_hold(const struct bundle *b, const struct bundle_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        struct bundle_record record = bundle_table_at(table, i);

        if (!record_refs_hold(b, &record)) {
            return false;
        }
    }
    return true;
}

/* Does the chain of successors end, and does it lead to baselines only? */
static bool
chain_ends(const struct bundle *b, const struct bundle_set *set)
{
    size_t steps = 0;

    while (set->next != BUNDLE_NONE) {
        if (set->next >= b->n_sets || steps++ >= b->n_sets) {
            return false;
        }
        set = &b->sets[set->next];
        if (set->kind != BUNDLE_SET_DBX) {
            return false;
        }
    }
    return true;
}

static bool
sets_hold(const struct bundle *b)
{
    for (size_t i = 0; i < b->n_sets; i++) {
        const struct bundle_set *set = &b->sets[i];

        if ((i > 0 && !part_before(set[-1].name, set->name)) || !chain_ends(b, set)) {
            return false;
        }
        for (size_t k = 0; k < set->n_tables; k++) {
            if (!table_refs_hold(b, &set->tables[k])) {
                return false;
            }
        }
    }
    return true;
}

static unsigned
kind_bit(const struct bundle *b, size_t index)
{
    return index < b->n_sets ? 1u << b->sets[index].kind : 0;
}

/* The kinds of sets that a verb can compare with. */
static unsigned
verb_kinds(enum bundle_verb verb)
{
    const unsigned lists = 1u << BUNDLE_SET_CERTS | 1u << BUNDLE_SET_DBX;

    if (verb == VERB_AT_LEAST) {
        return 1u << BUNDLE_SET_SBAT;
    }
    if (verb == VERB_NOT_IN) {
        return lists | 1u << BUNDLE_SET_DIGESTS | 1u << BUNDLE_SET_ADVISORIES;
    }
    return bundle_verb_flags(verb) & VERB_CERTS ? lists : 1u << BUNDLE_SET_DIGESTS;
}

static bool
arg_refs_hold(const struct bundle *b, enum bundle_verb verb, const struct bundle_arg *arg)
{
    if (arg->index == BUNDLE_NONE) {
        return true;
    }
    switch (bundle_verb_args(verb)) {
    case ARGS_CMDLINE:
        return arg->index < b->n_cmdlines;
    case ARGS_GRUBCMD:
        return arg->index < b->n_grubcmds;
    case ARGS_IMA:
        return arg->index < b->n_imas;
    default:
        return kind_bit(b, arg->index) & verb_kinds(verb);
    }
}

static bool
rules_hold(const struct bundle *b)
{
    for (size_t i = 0; i < b->n_rules; i++) {
        for (size_t k = 0; k < b->rules[i].n_args; k++) {
            if (!arg_refs_hold(b, b->rules[i].verb, &b->args[b->rules[i].first_arg + k])) {
                return false;
            }
        }
    }
    return true;
}

static bool
lists_ascend(const struct bundle_list *lists, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (!part_before(lists[i - 1].name, lists[i].name)) {
            return false;
        }
    }
    return true;
}

static bool
imas_ascend(const struct bundle *b)
{
    for (size_t i = 1; i < b->n_imas; i++) {
        if (!part_before(b->imas[i - 1].list.name, b->imas[i].list.name)) {
            return false;
        }
    }
    return true;
}

static bool
items_hold(const struct bundle *b)
{
    const unsigned digests = 1u << BUNDLE_SET_DIGESTS | 1u << BUNDLE_SET_FILE;

    for (size_t i = 0; i < b->n_items; i++) {
        const struct bundle_item *item = &b->items[i];
        unsigned kinds = item->kind == ITEM_SIGNED_SET ? 1u << BUNDLE_SET_KEYS : digests;

        if (bundle_item_is_set(item->kind) && !(kind_bit(b, item->set) & kinds)) {
            return false;
        }
    }
    return true;
}

bool
part_refs_hold(const struct bundle *b)
{
    return policies_hold(b) && releases_hold(b) && sets_hold(b) && rules_hold(b) && items_hold(b) &&
           lists_ascend(b->cmdlines, b->n_cmdlines) && lists_ascend(b->grubcmds, b->n_grubcmds) &&
           imas_ascend(b);
}
