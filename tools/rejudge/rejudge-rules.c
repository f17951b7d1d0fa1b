#include "rejudge/rejudge-rules.h"

#include <stdlib.h>

struct rejudge_rules {
    const struct rulebook *book;
    struct rejudge_policy_count policies[LIMIT_BUNDLE_POLICIES];
    struct rejudge_policy_count none;
    struct rejudge_rule_count rules[LIMIT_BUNDLE_RULES];
    /* what refused the member in hand on the old side */
    bool has_old; /* false: no policy judged it there */
    uint8_t device[WIRE_UEID_SIZE];
    size_t n_failed;
    struct bytes failed[LIMIT_POLICY_RULES];
};

struct rejudge_rules *
rejudge_rules_new(const struct rulebook *book)
{
    struct rejudge_rules *rules = calloc(1, sizeof(*rules));

    if (rules) {
        rules->book = book;
    }
    return rules;
}

void
rejudge_rules_free(struct rejudge_rules *rules)
{
    free(rules);
}

void
rejudge_rules_freep(struct rejudge_rules **rules)
{
    rejudge_rules_free(*rules);
    *rules = NULL;
}

const struct rulebook *
rejudge_rules_book(const struct rejudge_rules *rules)
{
    return rules->book;
}

const struct rejudge_policy_count *
rejudge_rules_policy(const struct rejudge_rules *rules, size_t policy)
{
    return policy == REJUDGE_NO_POLICY ? &rules->none : &rules->policies[policy];
}

const struct rejudge_rule_count *
rejudge_rules_rule(const struct rejudge_rules *rules, size_t rule)
{
    return &rules->rules[rule];
}

uint64_t
rejudge_rules_failed(const struct rejudge_rules *rules)
{
    uint64_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(rules->policies); i++) {
        n += rules->policies[i].failed;
    }
    return n;
}

uint64_t
rejudge_rules_members(const struct rejudge_rules *rules)
{
    uint64_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(rules->policies); i++) {
        n += rules->policies[i].members;
    }
    return n;
}

static struct bytes
id_of(const struct rejudge_sight *sight, size_t i)
{
    const struct bundle *bundle = rulebook_bundle(sight->ask->book);

    return bundle->rules[sight->told->policy->first_rule + i].id;
}

static bool
fails(const struct rule_result *result)
{
    return result->outcome != OUTCOME_PASSED && result->effect == EFFECT_FAIL;
}

static void
see_old(struct rejudge_rules *rules, const struct rejudge_sight *sight)
{
    const struct rule_judgement *judgement = sight->told->judgement;

    rules->has_old = true;
    memcpy(rules->device, sight->device->id, sizeof(rules->device));
    rules->n_failed = 0;
    for (size_t i = 0; !sight->told->observed && i < judgement->n; i++) {
        if (fails(&judgement->rules[i])) {
            rules->failed[rules->n_failed++] = id_of(sight, i);
        }
    }
}

static bool
failed_before(const struct rejudge_rules *rules, struct bytes id)
{
    for (size_t i = 0; rules->has_old && i < rules->n_failed; i++) {
        if (bytes_equal(rules->failed[i], id)) {
            return true;
        }
    }
    return false;
}

static void
count_effect(struct rejudge_rule_count *count, enum reason_effect effect)
{
    switch (effect) {
    case EFFECT_FAIL:
        count->failed++;
        return;
    case EFFECT_WARN:
        count->warned++;
        return;
    default:
        count->noted++;
        return;
    }
}

/* A member whose rule did not pass. */
static void
count_not_passed(struct rejudge_rule_count *count, const struct rejudge_sight *sight,
                 enum reason code, enum reason_effect effect)
{
    bool graver = effect == EFFECT_FAIL   ? count->failed == 0
                  : effect == EFFECT_WARN ? count->failed + count->warned == 0
                                          : count->code == REASON_NONE;

    if (graver) {
        count->code = code;
        memcpy(count->device, sight->device->id, sizeof(count->device));
    }
    count_effect(count, effect);
}

static void
count_rule(struct rejudge_rules *rules, const struct rejudge_sight *sight, size_t i)
{
    size_t place = sight->told->policy->first_rule + i;
    struct rejudge_rule_count *count = &rules->rules[place];
    const struct rule_result *result = &sight->told->judgement->rules[i];

    if (rulebook_slot(rules->book, place) == SLOT_IMA) {
        count->left_out++;
    } else if (result->outcome == OUTCOME_PASSED) {
        count->passed++;
    } else {
        count_not_passed(count, sight, result->code.reason, result->effect);
        count->newly +=
            fails(result) && !sight->told->observed && !failed_before(rules, id_of(sight, i));
    }
}

void
rejudge_rules_see(void *context, const struct rejudge_sight *sight)
{
    struct rejudge_rules *rules = context;

    if (sight->side == REJUDGE_OLD) {
        see_old(rules, sight);
        return;
    }
    rules->has_old =
        rules->has_old && memcmp(rules->device, sight->device->id, sizeof(rules->device)) == 0;
    for (size_t i = 0; i < sight->told->judgement->n; i++) {
        count_rule(rules, sight, i);
    }
    rules->has_old = false;
}

/* The row of a code, which there is room for: as many as there are codes. */
static struct rejudge_rule_count *
row_of(struct rejudge_policy_count *policy, enum reason code)
{
    size_t i = 0;

    while (i < policy->n_codes && policy->codes[i].code != code) {
        i++;
    }
    policy->n_codes += i == policy->n_codes;
    policy->codes[i].code = code;
    return &policy->codes[i];
}

void
rejudge_rules_visit(void *context, const struct store_device *device,
                    const struct rejudge_result *result)
{
    struct rejudge_rules *rules = context;
    const struct rejudge_causes *causes = &result->sides[REJUDGE_NEW].causes;
    struct rejudge_policy_count *policy;

    if (!rejudge_why_heard(result->why)) {
        return;
    }
    policy = causes->policy == REJUDGE_NO_POLICY ? &rules->none : &rules->policies[causes->policy];
    policy->members++;
    policy->failed += !result->sides[REJUDGE_NEW].token;
    for (size_t i = 0; i < causes->n_codes; i++) {
        struct rejudge_rule_count *row = row_of(policy, (enum reason)causes->codes[i]);

        bool is_new = !rejudge_causes_code(&result->sides[REJUDGE_OLD].causes, row->code);

        if (is_new ? row->newly == 0 : row->failed == 0) {
            memcpy(row->device, device->id, sizeof(row->device));
        }
        row->failed++;
        row->newly += is_new;
    }
}
