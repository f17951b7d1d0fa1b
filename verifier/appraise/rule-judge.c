#include <stdlib.h>

#include "appraise/rule-verb.h"

struct rule_room *
rule_room_new(void)
{
    return calloc(1, sizeof(struct rule_room));
}

void
rule_room_free(struct rule_room *room)
{
    free(room);
}

void
rule_room_freep(struct rule_room **room)
{
    rule_room_free(*room);
    *room = NULL;
}

uint32_t
judging_first(const struct judging *j)
{
    return j->room->first[j->slot];
}

uint32_t
judging_next(const struct judging *j, uint32_t event)
{
    return j->room->found[event].next;
}

const struct bundle_arg *
judging_arg(const struct judging *j, size_t i)
{
    return &j->bundle->args[j->rule->first_arg + i];
}

const struct bundle_set *
judging_set(const struct judging *j, size_t i)
{
    return &j->bundle->sets[judging_arg(j, i)->index];
}

bool
outcome_is_remark(enum policy_outcome outcome)
{
    return outcome == OUTCOME_RETIRING || outcome == OUTCOME_UNPINNED ||
           outcome == OUTCOME_RETRIED || outcome == OUTCOME_SHUTDOWN ||
           outcome == OUTCOME_ANNOUNCED;
}

void
judging_note_as(struct judging *j, enum policy_outcome outcome, enum reason_effect worst,
                uint32_t event, struct bytes token)
{
    struct rule_result *result = j->result;

    if (outcome != OUTCOME_PASSED &&
        (result->outcome == OUTCOME_PASSED || worst < result->effect)) {
        result->outcome = outcome;
        result->effect = worst;
        result->event = event;
        result->token = token;
    }
}

void
judging_note(struct judging *j, enum policy_outcome outcome, uint32_t event, struct bytes token)
{
    judging_note_as(j, outcome, outcome_is_remark(outcome) ? EFFECT_WARN : EFFECT_FAIL, event,
                    token);
}

/* Chains the events of each slot and looks their digests up, once for all rules. */
static void
find_all(const struct rulebook *book, const struct rule_input *input, struct rule_room *room)
{
    for (size_t i = 0; i < SLOT_N; i++) {
        room->first[i] = room->last[i] = RULE_NO_EVENT;
        room->n[i] = 0;
    }
    memset(room->sets, 0, sizeof(room->sets));
    for (uint32_t i = 0; i < input->n_events; i++) {
        const struct rule_event *event = &input->events[i];
        struct rule_found *found = &room->found[i];

        *found = (struct rule_found){.next = RULE_NO_EVENT};
        found->n = (uint32_t)rulebook_find(book, input->bank, event->digest, &found->refs);
        for (size_t k = 0; k < found->n; k++) {
            room->sets[found->refs[k].set / 64] |= UINT64_C(1) << found->refs[k].set % 64;
        }
        room->n[event->slot]++;
        if (room->first[event->slot] == RULE_NO_EVENT) {
            room->first[event->slot] = i;
        } else {
            room->found[room->last[event->slot]].next = i;
        }
        room->last[event->slot] = i;
    }
    memset(room->releases, 0xff, sizeof(room->releases));
    room->n_values = 0;
}

static void
judge_count(struct judging *j)
{
    uint32_t n = j->room->n[j->slot];
    uint32_t event = judging_first(j);

    if (slot_table(j->slot)->flags & SLOT_F_VIRTUAL) {
        return;
    }
    j->result->n_events = (uint16_t)n;
    if (n < j->rule->count_min) {
        judging_note(j, OUTCOME_FEW, RULE_NO_EVENT, BYTES_NULL);
    } else if (n > j->rule->count_max) {
        for (uint32_t i = 0; i < j->rule->count_max; i++) {
            event = judging_next(j, event);
        }
        judging_note(j, OUTCOME_MANY, event, BYTES_NULL);
    }
}

/* `else`, or what stands in its place once the set is old enough. A set that does not say when it
 * was published is as old as can be. */
static enum reason_effect
effect_now(const struct judging *j)
{
    const struct bundle_rule *rule = j->rule;
    uint64_t published_s = 0;

    if (rule->for_s == 0) {
        return rule->otherwise;
    }
    for (size_t i = 0; i < rule->n_args; i++) {
        uint16_t set = judging_arg(j, i)->index;
        enum verb_args kind = bundle_verb_args(rule->verb);

        if ((kind == ARGS_SET || kind == ARGS_LIST || kind == ARGS_LEAST) && set != BUNDLE_NONE &&
            j->bundle->sets[set].published_s > published_s) {
            published_s = j->bundle->sets[set].published_s;
        }
    }
    return published_s != 0 && j->input->now_s < published_s + rule->for_s ? rule->otherwise
                                                                           : rule->then_effect;
}

static void
settle(struct judging *j)
{
    struct rule_result *result = j->result;
    enum reason_effect own = effect_now(j);

    if (result->outcome != OUTCOME_PASSED) {
        result->effect = own > result->effect ? own : result->effect;
        result->code = policy_code(j->rule->slot, j->rule->verb, result->outcome);
    }
}

static void
judge_rule(struct judging *j)
{
    static void (*const verbs[VERB_MAX + 1])(struct judging *) = {
        [VERB_ONE_OF] = verb_one_of,
        [VERB_SEQUENCE] = verb_sequence,
        [VERB_SIGNED_BY] = verb_signed_by,
        [VERB_IS] = verb_is,
        [VERB_EQUALS] = verb_equals,
        [VERB_SUBSET_OF] = verb_subset_of,
        [VERB_INCLUDES] = verb_includes,
        [VERB_AT_LEAST] = verb_at_least,
        [VERB_MATCH] = verb_match,
        [VERB_TOKENS] = verb_tokens,
        [VERB_COMMANDS] = verb_commands,
        [VERB_DEVICE_PIN] = verb_device_pin,
        [VERB_ANY] = verb_any,
        [VERB_FORBID] = verb_forbid,
        [VERB_NOT_IN] = verb_not_in,
        [VERB_POLICY] = verb_policy,
    };

    *j->result = (struct rule_result){.event = RULE_NO_EVENT, .release = BUNDLE_NONE};
    verbs[j->rule->verb](j);
    judge_count(j);
    settle(j);
}

/* An event of a quoted PCR that no rule of its slot says may be there. */
static uint32_t
first_unclaimed(const struct rulebook *book, const struct bundle_policy *policy,
                const struct rule_input *input)
{
    bool ruled[SLOT_N] = {false};

    for (size_t i = 0; i < policy->n_rules; i++) {
        size_t rule = policy->first_rule + i;
        enum slot slot = rulebook_slot(book, rule);

        ruled[slot] |= slot_table_claims(slot, rulebook_bundle(book)->rules[rule].verb);
    }
    for (uint32_t i = 0; i < input->n_events; i++) {
        const struct rule_event *event = &input->events[i];
        bool quoted = event->pcr < 32 && policy->quote.mask >> event->pcr & 1;

        if (quoted && !ruled[event->slot] && !(slot_table(event->slot)->flags & SLOT_F_BUILTIN)) {
            return i;
        }
    }
    return RULE_NO_EVENT;
}

/* What a rule that passed affirms: code by its digest, or a fact that no event carries. Text that
 * names a version says nothing of the code behind it. */
static bool
affirms(const struct judging *j, enum policy_dimension dimension)
{
    unsigned flags = slot_table(j->slot)->flags;
    bool carries = flags & SLOT_F_VIRTUAL || j->result->n_events > 0;

    if (!slot_table_claims(j->slot, j->rule->verb) || j->rule->verb == VERB_FORBID || !carries) {
        return false;
    }
    return dimension == DIMENSION_CONFIGURATION || flags & (SLOT_F_CODE | SLOT_F_VIRTUAL);
}

static enum tier
worse(enum tier a, enum tier b)
{
    return a > b ? a : b;
}

static enum tier
tier_of(enum reason_effect effect)
{
    return effect == EFFECT_FAIL   ? TIER_CONTRAINDICATED
           : effect == EFFECT_WARN ? TIER_WARNING
                                   : TIER_AFFIRMING;
}

/* Passed, or is of a release that is to come where the policy only warns of that. */
static bool
is_known(const struct rule_result *result)
{
    return result->outcome == OUTCOME_PASSED || outcome_is_remark(result->outcome) ||
           (result->outcome == OUTCOME_PENDING && result->effect != EFFECT_FAIL);
}

static void
weigh(const struct judging *j, enum policy_dimension dimension, struct rule_judgement *ret)
{
    if (is_known(j->result) && affirms(j, dimension)) {
        ret->affirmed |= 1u << dimension;
    }
    if (j->result->outcome != OUTCOME_PASSED) {
        ret->n_failed = (uint16_t)(ret->n_failed + (j->result->effect == EFFECT_FAIL));
        dimension = j->result->code.dimension;
        ret->tiers[dimension] = worse(ret->tiers[dimension], tier_of(j->result->effect));
    }
}

static void
sum_up(const struct bundle_policy *policy, bool enforced, struct rule_judgement *ret)
{
    if (ret->unclaimed != RULE_NO_EVENT) {
        ret->tiers[DIMENSION_EXECUTABLES] = TIER_CONTRAINDICATED;
    }
    ret->affirmed |= 1u << DIMENSION_IDENTITY;
    for (enum policy_dimension i = DIMENSION_IDENTITY; i <= DIMENSION_MAX; i++) {
        if (!(ret->affirmed >> i & 1)) {
            ret->tiers[i] = worse(ret->tiers[i],
                                  i == DIMENSION_EXECUTABLES ? TIER_CONTRAINDICATED : TIER_WARNING);
        }
        ret->tier = worse(ret->tier, ret->tiers[i]);
    }
    if (policy->mode == BUNDLE_MODE_OBSERVE && !enforced) {
        ret->tier = TIER_WARNING;
    }
}

/* One rule, and what becomes of the values that it looked at: those of one that fails, if only as a
 * warning, are not held to; of one that passes there is nothing to ask an operator. */
static void
judge_pins(struct judging *j)
{
    size_t n_learnt = j->judgement->n_learnt;
    size_t n_shown = j->judgement->n_shown;
    size_t n_values = j->room->n_values;

    judge_rule(j);
    if (is_known(j->result)) {
        j->judgement->n_shown = n_shown;
    } else if (j->result->learns) {
        j->judgement->n_learnt = n_learnt;
        j->result->learns = false;
    }
    if (j->judgement->n_learnt == n_learnt && j->judgement->n_shown == n_shown) {
        j->room->n_values = n_values;
    }
}

void
rule_judge(const struct rulebook *book, size_t policy, const struct rule_input *input,
           struct rule_room *room, struct rule_judgement *ret)
{
    const struct bundle *bundle = rulebook_bundle(book);
    const struct bundle_policy *of = &bundle->policies[policy];
    struct judging j = {
        .book = book, .bundle = bundle, .input = input, .room = room, .judgement = ret};

    ret->n = of->n_rules;
    ret->affirmed = 0;
    ret->n_learnt = 0;
    ret->n_shown = 0;
    ret->n_failed = 0;
    ret->tier = TIER_AFFIRMING;
    for (size_t i = 0; i <= DIMENSION_MAX; i++) {
        ret->tiers[i] = TIER_AFFIRMING;
    }
    find_all(book, input, room);
    ret->unclaimed = first_unclaimed(book, of, input);
    for (size_t i = 0; i < of->n_rules; i++) {
        j.rule = &bundle->rules[of->first_rule + i];
        j.slot = rulebook_slot(book, of->first_rule + i);
        j.result = &ret->rules[i];
        judge_pins(&j);
        weigh(&j, rulebook_dimension(book, of->first_rule + i), ret);
    }
    sum_up(of, input->enforced, ret);
}
