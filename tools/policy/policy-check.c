/* What is wrong with a policy as a whole, though each line has its form. */
#include "policy/policy-draft.h"
#include "appraise/slot-table.h"

static const struct bundle_rule *
rules_of(const struct draft *d, const struct bundle_policy *policy)
{
    return &d->b->rules[policy->first_rule];
}

static bool
same_args(const struct draft *d, const struct bundle_rule *a, const struct bundle_rule *b)
{
    for (size_t i = 0; a->n_args == b->n_args && i < a->n_args; i++) {
        const struct bundle_arg *x = &d->b->args[a->first_arg + i];
        const struct bundle_arg *y = &d->b->args[b->first_arg + i];

        if (x->index != y->index || x->number != y->number || !bytes_equal(x->text, y->text)) {
            return false;
        }
    }
    return a->n_args == b->n_args;
}

static void
say(struct draft *d, bool note, const char *text, const struct bundle_rule *rule,
    const struct bundle_rule *other)
{
    const struct policy_token *at = d->rule_at[rule - d->b->rules];

    policy_say(d->say, at->line, at->column, note, "rule %.*s: %s%.*s", (int)rule->id.len,
               (const char *)rule->id.p, text, other ? (int)other->id.len : 0,
               other ? (const char *)other->id.p : "");
}

/* Two rules of one slot that ask the same, or one that leaves the other nothing. */
static void
check_pair(struct draft *d, const struct bundle_rule *first, const struct bundle_rule *second)
{
    if (!bytes_equal(first->slot, second->slot)) {
        return;
    }
    if (first->verb == second->verb && same_args(d, first, second)) {
        say(d, false, "asks the same of the same slot as ", second, first);
    } else if (first->verb == VERB_FORBID) {
        say(d, false, "is never reached: the slot is forbidden by ", second, first);
    } else if (second->verb == VERB_FORBID) {
        say(d, false, "is never reached: the slot is forbidden by ", first, second);
    } else if (second->verb == VERB_ANY) {
        say(d, false, "allows all, which says nothing beside ", second, first);
    } else if (first->verb == VERB_ANY) {
        say(d, false, "allows all, which says nothing beside ", first, second);
    }
}

static void
check_rule(struct draft *d, const struct bundle_policy *policy, const struct bundle_rule *rule)
{
    const struct slot_info *slot = slot_table(slot_table_find(rule->slot));

    if (slot->pcrs != 0 && policy->quote.mask != 0 && (slot->pcrs & policy->quote.mask) == 0) {
        say(d, false, "is never reached: the quote names no PCR of its slot", rule, NULL);
    }
    if (rule->flags & RULE_UNPINNED) {
        say(d, true, "any code passes, so executables never rise above warning (442)", rule, NULL);
    }
}

/* Is there a rule that says what may be in the slot? */
static bool
is_claimed(const struct draft *d, const struct bundle_policy *policy, enum slot slot)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct bundle_rule *rule = &rules_of(d, policy)[i];

        if (slot_table_find(rule->slot) == slot && slot_table_claims(slot, rule->verb)) {
            return true;
        }
    }
    return false;
}

/* A rule that claims nothing needs another that does, or every event of its slot refuses. */
static void
check_claimed(struct draft *d, const struct bundle_policy *policy, const struct bundle_rule *rule)
{
    enum slot slot = slot_table_find(rule->slot);

    if (!(slot_table(slot)->flags & SLOT_F_VIRTUAL) && !is_claimed(d, policy, slot)) {
        say(d, true, "allows nothing by itself, so every event of its slot refuses (205)", rule,
            NULL);
    }
}

static bool
advisory_names(const struct bundle_advisory *advisory, struct bytes word)
{
    bool named = bytes_equal(advisory->name, word);

    for (size_t i = 0; !named && i < advisory->n_cves; i++) {
        named = bytes_equal(advisory->cves[i], word);
    }
    return named;
}

/* A rule of advisories sees what is published of TPMs by the file's own blocks and by nothing else;
 * a word that no block has is never found. */
static void
check_advisories(struct draft *d, const struct bundle_rule *rule)
{
    const struct bundle_set *set;

    if (slot_table_find(rule->slot) != SLOT_TPM_ADVISORY) {
        return;
    }
    if (d->b->n_advisories == 0) {
        say(d, true, "no advisory is in this file, so of no TPM anything is known (321)", rule,
            NULL);
        return;
    }
    set = &d->b->sets[d->b->args[rule->first_arg].index];
    for (size_t i = 0; i < set->n_words; i++) {
        struct bytes word = d->b->words[set->first_word + i].name;
        size_t k = 0;

        while (k < d->b->n_advisories && !advisory_names(&d->b->advisories[k], word)) {
            k++;
        }
        if (k == d->b->n_advisories) {
            const struct policy_token *at = d->rule_at[rule - d->b->rules];

            policy_say(d->say, at->line, at->column, true,
                       "rule %.*s: no advisory has the name or CVE %.*s", (int)rule->id.len,
                       (const char *)rule->id.p, (int)word.len, (const char *)word.p);
        }
    }
}

/* Slots of code that a quoted PCR holds: those that every boot fills must have a rule; in the
 * others an event without rule refuses, but nobody asks whether one is missing. */
static void
check_code(struct draft *d, const struct bundle_policy *policy, const struct policy_token *at)
{
    unsigned needed = policy->profile.len > 0 ? SLOT_F_NEEDED_PROFILE : SLOT_F_NEEDED;

    for (size_t i = 0; i < SLOT_N; i++) {
        const struct slot_info *slot = slot_table((enum slot)i);

        if ((slot->pcrs & policy->quote.mask) != 0 && slot->flags & needed &&
            !is_claimed(d, policy, (enum slot)i)) {
            policy_say(d->say, at->line, at->column, false,
                       "no rule says what may be in %s, which carries code", slot->name);
        }
    }
}

/* Two for one class, or for one class and group, would be equal candidates. */
static void
check_alone(struct draft *d, const struct bundle_policy *policy, const struct policy_token *at)
{
    struct bytes group = policy->group;

    for (size_t i = 0; i < policy->n_classes; i++) {
        struct bytes class = policy->classes[i];
        const struct bundle_policy *other = bundle_policy_of(d->b, class, group);

        if (other && other != policy) {
            policy_say(d->say, at->line, at->column, false,
                       "class %.*s%s%.*s has policy %.*s already", (int)class.len,
                       (const char *)class.p, group.len > 0 ? " of group " : "", (int)group.len,
                       group.len > 0 ? (const char *)group.p : "", (int)other->name.len,
                       (const char *)other->name.p);
        }
    }
}

static void
check_applied(struct draft *d, const struct bundle_policy *policy, const struct policy_token *at)
{
    if (policy->quote.mask == 0) {
        policy_say(d->say, at->line, at->column, false,
                   "no quote: `quote sha256 pcrs 0-9,14` names the bank and its PCRs");
    } else if (policy->quote.bank == HASH_SHA1) {
        policy_say(d->say, at->line, at->column, true, "the quoted bank is SHA-1 (109)");
    }
    if (policy->n_rules == 0) {
        policy_say(d->say, at->line, at->column, false, "a policy without rules judges nothing");
        return;
    }
    check_code(d, policy, at);
    for (size_t i = 0; i < policy->n_rules; i++) {
        check_claimed(d, policy, &rules_of(d, policy)[i]);
    }
    check_alone(d, policy, at);
}

void
draft_policy_check(struct draft *d, const struct bundle_policy *policy,
                   const struct policy_token *at)
{
    const struct bundle_rule *rules = rules_of(d, policy);

    for (size_t i = 0; i < policy->n_rules; i++) {
        check_rule(d, policy, &rules[i]);
        check_advisories(d, &rules[i]);
        for (size_t k = 0; k < i; k++) {
            check_pair(d, &rules[k], &rules[i]);
        }
    }
    /* after an error in a line, what is missing may be that line */
    if (policy->n_classes > 0 && d->say->n_errors == 0) {
        check_applied(d, policy, at);
    }
}
