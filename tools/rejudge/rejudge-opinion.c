#include "rejudge/rejudge-opinion.h"

#include <stdio.h>

#include "appraise/unchosen.h"

void
rejudge_choose(const struct rulebook *book, const char *class_name,
               const struct store_groups *groups, struct rejudge_choice *ret)
{
    const struct bundle *bundle = book ? rulebook_bundle(book) : NULL;
    struct bytes names[STORE_GROUPS_MAX];
    size_t n = store_groups_names(groups, names);

    *ret = (struct rejudge_choice){.choice = BUNDLE_CHOICE_NONE};
    if (bundle) {
        ret->choice = bundle_choose(bundle, bytes_str(class_name), names, n, ret->two);
    }
    if (ret->choice == BUNDLE_CHOICE_ONE) {
        ret->book = book;
        ret->row = ret->two[0];
        ret->policy = (size_t)(ret->row - bundle->policies);
        ret->two[0] = NULL;
    }
}

bool
rejudge_reads_ima(const struct rulebook *book, size_t policy)
{
    const struct bundle_policy *row = &rulebook_bundle(book)->policies[policy];
    bool reads = false;

    for (size_t i = 0; i < row->n_rules; i++) {
        reads = reads || rulebook_slot(book, row->first_rule + i) == SLOT_IMA;
    }
    return reads;
}

/* Everything that no bundle decides held, or the evidence would not be kept. */
static void
begin(const struct rejudge_case *about, struct verdict *verdict)
{
#define PASS(name) verdict->name = CHECK_PASSED;
    *verdict = (struct verdict){0};
    VERDICT_CHECKS(PASS)
#undef PASS
    (void)verdict_check(verdict, &verdict->ek,
                        !about->class_row->need_ek_chain ||
                            about->device->ek_chain == EK_CHAIN_VERIFIED,
                        RULE_EK_CHAIN_DEMANDED);
    verdict->events = CHECK_NOT_RUN;
    verdict->reference = CHECK_NOT_RUN;
}

/* The cause that the verdict names: the first that fails. */
static void
say_failed(const struct verdict *verdict, struct rejudge_opinion *ret)
{
    char room[RULE_NAME_MAX];

    ret->code = verdict->reasons[0];
    ret->event = verdict->fault.event;
    ret->pcr = verdict->pcr;
    snprintf(ret->rule, sizeof(ret->rule), "%s",
             verdict->policy_rule[0] != '\0'    ? verdict->policy_rule
             : verdict->fault.rule != RULE_NONE ? rule_name(verdict->fault.rule, room)
                                                : "");
    snprintf(ret->seen, sizeof(ret->seen), "%s", verdict->seen);
    snprintf(ret->expected, sizeof(ret->expected), "%s", verdict->expected);
}

/* A rule that did not pass, as the cause. */
static void
say_rule(const struct boot_ask *ask, const struct boot_told *told, size_t i,
         struct rejudge_opinion *ret)
{
    const struct rule_result *result = &told->judgement->rules[i];
    const struct bundle_rule *rule =
        &rulebook_bundle(ask->book)->rules[told->policy->first_rule + i];
    const struct rule_event *event =
        result->event == RULE_NO_EVENT ? NULL : &told->events[result->event];

    ret->code = result->code.reason;
    ret->event = event ? event->index : FAULT_NO_EVENT;
    ret->pcr = event ? event->pcr : FAULT_NO_EVENT;
    snprintf(ret->rule, sizeof(ret->rule), "%.*s", (int)rule->id.len, (const char *)rule->id.p);
    if (result->token.len > 0) {
        boot_say_token(result->token, ret->seen, sizeof(ret->seen));
    } else if (event) {
        boot_say_seen(ask, event, ret->seen, sizeof(ret->seen));
    }
    boot_say_expected(ask, rule, ret->expected, sizeof(ret->expected));
}

/* The first rule of that effect that did not pass, those of the IMA list left out; or n. */
static size_t
first_rule(const struct boot_ask *ask, const struct boot_told *told, enum reason_effect effect)
{
    size_t i = 0;

    while (i < told->judgement->n &&
           (told->judgement->rules[i].outcome == OUTCOME_PASSED ||
            told->judgement->rules[i].effect != effect ||
            rulebook_slot(ask->book, told->policy->first_rule + i) == SLOT_IMA)) {
        i++;
    }
    return i;
}

/* Whether something beside the rules (boot_beside()) fails. */
static bool
fails_beside(const struct verdict *verdict)
{
    bool any = false;

    for (size_t i = 0; i < verdict->n_reasons; i++) {
        any = any || (verdict->effects[i] == EFFECT_FAIL &&
                      (verdict->reasons[i] == rule_reason(RULE_POLICY_AK) ||
                       verdict->reasons[i] == rule_reason(RULE_POLICY_AGE)));
    }
    return any;
}

/* What fails, with the list that is not there counted as good: no rule of it says anything. */
static void
judge_apart(const struct boot_ask *ask, const struct boot_told *told, const struct verdict *verdict,
            struct rejudge_opinion *ret)
{
    size_t failed = first_rule(ask, told, EFFECT_FAIL);
    bool any = failed < told->judgement->n;
    bool warns;

    if (any) {
        say_rule(ask, told, failed, ret);
    }
    any = any || fails_beside(verdict) || verdict->events != CHECK_PASSED ||
          verdict->ek != CHECK_PASSED || told->slots_broken ||
          told->judgement->unclaimed != RULE_NO_EVENT;
    if (any && ret->code == REASON_NONE) {
        say_failed(verdict, ret);
    }
    ret->tier = any && !told->observed ? TIER_CONTRAINDICATED : TIER_WARNING;
    warns = first_rule(ask, told, EFFECT_WARN) < told->judgement->n;
    ret->token =
        ret->tier == TIER_WARNING && (!warns || boot_floor_met(told->policy, TIER_WARNING));
}

static void
settle(const struct boot_ask *ask, const struct boot_told *told, const struct verdict *verdict,
       struct rejudge_opinion *ret)
{
    size_t warns = ask ? first_rule(ask, told, EFFECT_WARN) : 0;

    ret->tier = verdict_tier(verdict);
    ret->token = verdict_trusted(verdict) && (!ask || boot_floor_met(told->policy, ret->tier));
    if (verdict->n_reasons > 0 && verdict->effects[0] == EFFECT_FAIL) {
        say_failed(verdict, ret);
    } else if (ask && warns < told->judgement->n) {
        say_rule(ask, told, warns, ret);
    } else if (ret->tier != TIER_AFFIRMING && verdict->n_reasons > 0) {
        ret->code = verdict->reasons[0];
    }
}

static void
show(const struct rejudge_judge *judge, const struct boot_ask *ask, const struct boot_told *told,
     const struct verdict *verdict)
{
    struct rejudge_sight sight = judge->sight;

    if (judge->witness) {
        sight.ask = ask;
        sight.told = told;
        sight.verdict = verdict;
        judge->witness(judge->witness_context, &sight);
    }
}

static int
by_policy(const struct rejudge_judge *judge, const struct rejudge_case *about,
          const struct rulebook *book, size_t policy, struct rejudge_judgement *ret,
          struct rejudge_opinion *ret_opinion)
{
    const struct bundle_policy *row = &rulebook_bundle(book)->policies[policy];
    struct rejudge_opinion *opinion = ret_opinion;
    int r;

    *opinion = (struct rejudge_opinion){.event = FAULT_NO_EVENT, .pcr = FAULT_NO_EVENT};
    ret->ask = (struct boot_ask){
        .book = book,
        .policy = policy,
        .log = about->firmware,
        .userspace = about->userspace,
        .pins = about->pins,
        .n_pins = about->n_pins,
        .n_announced = about->n_announced,
        .announced = about->announced,
        .past = about->past,
        .may_pin = true,
        .enforced = judge->enforced,
        .tpm = about->tpm,
        .now_s = judge->now_s,
    };
    begin(about, &ret->verdict);
    r = events_check(judge->hasher, about->firmware, row->quote.bank, &ret->verdict);
    r = r < 0 ? r : boot_judge(judge->room, judge->hasher, &ret->ask, &ret->verdict, &ret->told);
    if (r < 0) {
        return r;
    }
    boot_beside(&ret->told, &about->beside, &ret->verdict);
    show(judge, &ret->ask, &ret->told, &ret->verdict);
    snprintf(opinion->policy, sizeof(opinion->policy), "%.*s:%u", (int)row->name.len,
             (const char *)row->name.p, row->version);
    if (rejudge_reads_ima(book, policy)) {
        judge_apart(&ret->ask, &ret->told, &ret->verdict, opinion);
    } else {
        settle(&ret->ask, &ret->told, &ret->verdict, opinion);
    }
    opinion->causes.policy = (uint32_t)policy;
    if (!opinion->token) {
        rejudge_causes_by_policy(&ret->ask, &ret->told, &about->beside, &ret->verdict,
                                 rejudge_reads_ima(book, policy), &opinion->causes);
    }
    return 0;
}

static int
by_references(const struct rejudge_judge *judge, const struct rejudge_case *about,
              struct verdict *ret, struct rejudge_opinion *ret_opinion)
{
    const struct golden *golden = NULL;
    int r;

    *ret_opinion = (struct rejudge_opinion){.event = FAULT_NO_EVENT, .pcr = FAULT_NO_EVENT};
    begin(about, ret);
    r = events_check(judge->hasher, about->firmware, about->class_row->bank, ret);
    if (r == 0) {
        r = golden_cache_get(judge->golden, judge->store, about->class_row->name, &golden);
    }
    if (r == 0) {
        golden_check(golden, about->firmware, about->class_row->bank, ret);
        settle(NULL, NULL, ret, ret_opinion);
        ret_opinion->causes.policy = REJUDGE_NO_POLICY;
        if (!ret_opinion->token) {
            rejudge_causes_by_references(ret, &ret_opinion->causes);
        }
    }
    return r;
}

static void
by_nothing(const struct rejudge_case *about, const struct rejudge_choice *choice,
           struct verdict *ret, struct rejudge_opinion *ret_opinion)
{
    *ret_opinion = (struct rejudge_opinion){.event = FAULT_NO_EVENT, .pcr = FAULT_NO_EVENT};
    begin(about, ret);
    unchosen_refuse(ret, choice->two);
    settle(NULL, NULL, ret, ret_opinion);
}

int
rejudge_judgement(const struct rejudge_judge *judge, const struct rejudge_case *about,
                  const struct rejudge_choice *choice, struct rejudge_judgement *ret,
                  struct rejudge_opinion *ret_opinion)
{
    switch (choice->choice) {
    case BUNDLE_CHOICE_ONE:
        return by_policy(judge, about, choice->book, choice->policy, ret, ret_opinion);
    case BUNDLE_CHOICE_NONE:
        return by_references(judge, about, &ret->verdict, ret_opinion);
    case BUNDLE_CHOICE_APART:
    case BUNDLE_CHOICE_TWO:
        break;
    }
    by_nothing(about, choice, &ret->verdict, ret_opinion);
    return 0;
}

int
rejudge_opinion(const struct rejudge_judge *judge, const struct rejudge_case *about,
                const struct rejudge_choice *choice, struct rejudge_opinion *ret, bool *ret_partial)
{
    struct rejudge_judgement judgement;
    struct rejudge_opinion opinion;
    int r = rejudge_judgement(judge, about, choice, &judgement, &opinion);

    if (r == 0) {
        *ret = opinion;
        *ret_partial = choice->row && rejudge_reads_ima(choice->book, choice->policy);
    }
    return r;
}
