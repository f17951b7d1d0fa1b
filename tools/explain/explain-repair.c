#include "explain/explain-repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"

enum { TRIED_MAX = 64, UNDO_MAX = 8, DIGITS_SHOWN = 16 };

/* Where a digest of the log was exchanged. */
struct undo {
    size_t n;
    struct {
        size_t event;
        struct bytes digest;
    } at[UNDO_MAX];
};

struct repairing {
    struct explain_case *c;
    struct event_log log; /* a copy with events of its own */
    size_t bank;
    struct rejudge_judgement judged;
    struct rejudge_opinion opinion;
    bool aside[LIMIT_POLICY_RULES]; /* rules that are taken to have passed */
    bool unclaimed_aside;
    enum reason_effect worst; /* effects that refuse: of warnings too, where the floor says so */
    struct undo undos[REPAIR_STEPS];
    struct repair *ret;
};

static int
judge(struct repairing *p)
{
    struct rejudge_judge judging = explain_case_judging(p->c);
    struct rejudge_case about = p->c->about;

    about.firmware = &p->log;
    p->ret->n_judged++;
    return rejudge_judgement(&judging, &about, &p->c->chosen, &p->judged, &p->opinion);
}

static const struct rule_judgement *
judgement(const struct repairing *p)
{
    return p->judged.told.judgement;
}

static bool
has_unclaimed(const struct repairing *p)
{
    return judgement(p)->unclaimed != RULE_NO_EVENT && !p->unclaimed_aside;
}

/* How much still fails. */
static size_t
count_failing(const struct repairing *p)
{
    size_t n = has_unclaimed(p);

    for (size_t i = 0; i < judgement(p)->n; i++) {
        const struct rule_result *result = &judgement(p)->rules[i];

        n += result->outcome != OUTCOME_PASSED && result->effect <= p->worst && !p->aside[i] &&
             !explain_case_left_out(p->c, i);
    }
    return n;
}

/* ---- exchanging a value ---- */

/* The place in the firmware's log of an event that rules see; or its number: userspace's, none. */
static size_t
place_of(const struct repairing *p, const struct rule_event *event)
{
    size_t i = 0;

    while (i < p->log.n_events && (p->log.events[i].index != event->index ||
                                   p->log.events[i].digest[p->bank].p != event->digest.p)) {
        i++;
    }
    return i;
}

static void
take_back(struct repairing *p, struct undo *undo)
{
    for (size_t i = 0; i < undo->n; i++) {
        p->log.events[undo->at[i].event].digest[p->bank] = undo->at[i].digest;
    }
    undo->n = 0;
}

/* The value and what says it again: an echo of something else would be an event more. Its text, if
 * any, stays: rules that read words go on finding those that were measured. */
static void
exchange(struct repairing *p, size_t at, struct bytes digest, struct undo *undo)
{
    struct bytes old = p->log.events[at].digest[p->bank];

    for (size_t i = 0; i < p->log.n_events && undo->n < UNDO_MAX; i++) {
        struct event *event = &p->log.events[i];

        if (event->pcr == p->log.events[at].pcr && bytes_equal(event->digest[p->bank], old)) {
            undo->at[undo->n].event = i;
            undo->at[undo->n++].digest = event->digest[p->bank];
        }
    }
    for (size_t i = 0; i < undo->n; i++) {
        p->log.events[undo->at[i].event].digest[p->bank] = digest;
    }
}

/* One that might stand there: a record of a set, or a pin. */
struct candidate {
    struct bytes digest;
    uint16_t release; /* BUNDLE_NONE: of none */
    uint16_t label;
    bool pinned;
};

static void
add_set(const struct repairing *p, uint16_t index, struct candidate *list, size_t *n)
{
    const struct rulebook *book = p->c->bundle.book;
    const struct bundle_set *set = &rulebook_bundle(book)->sets[index];
    const struct bundle_table *table = bundle_set_table(set, p->c->quoted.bank);

    for (size_t i = 0; table && set->kind == BUNDLE_SET_DIGESTS && i < table->n && *n < TRIED_MAX;
         i++) {
        struct bundle_record record = bundle_table_at(table, i);
        enum bundle_state state = record.release == BUNDLE_NONE
                                      ? record.state
                                      : rulebook_release_state(book, record.release, p->c->now_s);

        if (state == BUNDLE_ACTIVE) {
            list[(*n)++] = (struct candidate){record.digest, record.release, record.label, false};
        }
    }
}

static size_t
candidates(const struct repairing *p, size_t rule, enum slot slot, struct candidate *list)
{
    const struct bundle *bundle = rulebook_bundle(p->c->bundle.book);
    const struct bundle_rule *at = explain_case_rule(p->c, rule);
    bool sets = at->verb == VERB_ONE_OF || at->verb == VERB_SEQUENCE;
    size_t n = 0;

    for (size_t i = 0; sets && i < at->n_args; i++) {
        uint16_t index = bundle->args[at->first_arg + i].index;

        if (index != BUNDLE_NONE) {
            add_set(p, index, list, &n);
        }
    }
    for (size_t i = 0; i < p->c->about.n_pins && n < TRIED_MAX; i++) {
        const struct rule_pin *pin = &p->c->about.pins[i];

        if (pin->slot == slot && pin->name.len == 0 && pin->value.len > 0) {
            list[n++] = (struct candidate){pin->value, BUNDLE_NONE, BUNDLE_NONE, true};
        }
    }
    return n;
}

static void
say_candidate(const struct repairing *p, const struct candidate *candidate, char *room, size_t cap)
{
    const struct bundle *bundle = rulebook_bundle(p->c->bundle.book);
    struct bytes label =
        candidate->label == BUNDLE_NONE ? BYTES_NULL : bundle->labels[candidate->label];
    char digits[2 * HASH_SIZE_MAX + 1];

    (void)hex_write(digits, candidate->digest);
    digits[DIGITS_SHOWN] = '\0';
    if (candidate->release != BUNDLE_NONE) {
        const struct bundle_release *release = &bundle->releases[candidate->release];

        snprintf(room, cap, "%s of %.*s/%.*s/%.*s", digits, (int)release->component.len,
                 (const char *)release->component.p, (int)release->name.len,
                 (const char *)release->name.p, (int)release->version.len,
                 (const char *)release->version.p);
    } else {
        snprintf(room, cap, "%s%s%.*s", digits,
                 candidate->pinned ? " that is pinned"
                 : label.len       ? " "
                                   : "",
                 (int)label.len, (const char *)label.p);
    }
}

/* How far a rule comes: fewer rules at fault are better, and of one rule a later event. */
static size_t
fault_score(const struct repairing *p, size_t rule)
{
    const struct rule_result *result = &judgement(p)->rules[rule];
    size_t far = result->outcome != OUTCOME_PASSED && result->event != RULE_NO_EVENT
                     ? result->event
                     : RULE_EVENTS_MAX;

    return count_failing(p) * (RULE_EVENTS_MAX + 1) + RULE_EVENTS_MAX - far;
}

/* Tries each value that the rule knows in the event's place; the one that leaves least at fault
 * stays, if it is any better. Returns 0 with step->tried, or a negative errno. */
static int
try_values(struct repairing *p, size_t at, struct repair_step *step, struct undo *undo)
{
    struct candidate list[TRIED_MAX];
    size_t n = candidates(p, step->rule, step->slot, list);
    size_t least = fault_score(p, step->rule);
    size_t best = n;
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        exchange(p, at, list[i].digest, undo);
        r = judge(p);
        if (r == 0 && fault_score(p, step->rule) < least) {
            least = fault_score(p, step->rule);
            best = i;
        }
        take_back(p, undo);
    }
    step->tried = r == 0 && best < n;
    if (step->tried) {
        exchange(p, at, list[best].digest, undo);
        say_candidate(p, &list[best], step->instead, sizeof(step->instead));
    }
    return r;
}

/* ---- step by step ---- */

static void
set_aside(struct repairing *p, const struct repair_step *step, bool aside)
{
    if (step->rule == EXPLAIN_NO_RULE) {
        p->unclaimed_aside = aside;
    } else {
        p->aside[step->rule] = aside;
    }
}

/* What is at fault next: a rule, or the event that has none. */
static bool
next_step(const struct repairing *p, struct repair_step *ret, const struct rule_event **ret_event)
{
    const struct boot_told *told = &p->judged.told;
    size_t rule = explain_case_next(p->c, told, p->aside, p->worst);
    uint32_t at = rule == EXPLAIN_NO_RULE ? RULE_NO_EVENT : told->judgement->rules[rule].event;

    if (has_unclaimed(p) && told->judgement->unclaimed < at) {
        rule = EXPLAIN_NO_RULE;
        at = told->judgement->unclaimed;
    } else if (rule == EXPLAIN_NO_RULE) {
        return false;
    }
    *ret = (struct repair_step){.rule = rule, .event = FAULT_NO_EVENT, .pcr = FAULT_NO_EVENT};
    *ret_event = at == RULE_NO_EVENT ? NULL : &told->events[at];
    ret->slot = rule != EXPLAIN_NO_RULE
                    ? rulebook_slot(p->c->bundle.book, p->c->row->first_rule + rule)
                    : told->events[at].slot;
    return true;
}

/* What a rule of words wants of the one that is at fault. */
static void
say_word(const struct rule_result *result, const char *word, char *room, size_t cap)
{
    if (result->outcome == OUTCOME_MISSING) {
        snprintf(room, cap, "the word %s", word);
    } else if (result->outcome == OUTCOME_CHANGED) {
        snprintf(room, cap, "the value that is pinned instead of %s", word);
    } else {
        snprintf(room, cap, "no %s", word);
    }
}

static void
describe(struct repairing *p, const struct rule_event *event, struct repair_step *step)
{
    const struct rule_result *result =
        step->rule == EXPLAIN_NO_RULE ? NULL : &judgement(p)->rules[step->rule];

    if (event) {
        step->event = event->index;
        step->pcr = event->pcr;
        boot_say_seen(&p->judged.ask, event, step->seen, sizeof(step->seen));
    }
    if (!result) {
        snprintf(step->instead, sizeof(step->instead), "a rule for its slot, or not to be there");
        return;
    }
    if (result->token.len > 0) {
        boot_say_token(result->token, step->seen, sizeof(step->seen));
        say_word(result, step->seen, step->instead, sizeof(step->instead));
        return;
    }
    boot_say_expected(&p->judged.ask, explain_case_rule(p->c, step->rule), step->instead,
                      sizeof(step->instead));
}

static int
take_step(struct repairing *p, const struct rule_event *event, struct repair_step *step,
          struct undo *undo)
{
    size_t at = event ? place_of(p, event) : p->log.n_events;
    int r = 0;

    describe(p, event, step);
    if (step->rule != EXPLAIN_NO_RULE && at < p->log.n_events) {
        r = try_values(p, at, step, undo);
    }
    if (r == 0 && !step->tried) {
        set_aside(p, step, true);
    }
    return r == 0 ? judge(p) : r;
}

/* Whether a reason is one that a rule set aside, or a rule that is left out, has. */
static bool
is_aside(const struct repairing *p, enum reason reason)
{
    bool any = p->unclaimed_aside && reason == REASON_EVT_UNCLAIMED;

    for (size_t i = 0; i < judgement(p)->n; i++) {
        const struct rule_result *result = &judgement(p)->rules[i];

        any = any || (result->outcome != OUTCOME_PASSED && result->code.reason == reason &&
                      (p->aside[i] || explain_case_left_out(p->c, i)));
    }
    return any;
}

static bool
has_aside(const struct repairing *p)
{
    bool any = p->unclaimed_aside;

    for (size_t i = 0; i < judgement(p)->n; i++) {
        any = any || p->aside[i];
    }
    return any;
}

/* What refuses though no rule fails: a check, an age, a key. That nothing affirmed a dimension is
 * no news where a rule was set aside. */
static enum reason
left_over(const struct repairing *p)
{
    const struct verdict *verdict = &p->judged.verdict;

    for (size_t i = 0; i < verdict->n_reasons; i++) {
        enum reason reason = verdict->reasons[i];

        if (verdict->effects[i] <= p->worst && !is_aside(p, reason) &&
            !(reason == REASON_DIMENSION_UNASSERTED && has_aside(p)) &&
            !(reason == REASON_MODE_OBSERVE && p->judged.told.observed)) {
            return reason;
        }
    }
    return REASON_NONE;
}

static bool
passes(const struct repairing *p)
{
    return count_failing(p) == 0 && left_over(p) == REASON_NONE;
}

/* Leaves out the steps that the verdict can do without, the first ones first: later ones may have
 * done their work. */
static int
make_small(struct repairing *p)
{
    struct repair *ret = p->ret;
    int r = 0;

    for (size_t i = 0; r == 0 && ret->n > 1 && i < ret->n; i++) {
        struct undo kept = p->undos[i];
        struct repair_step *step = &ret->steps[i];
        struct bytes digest = BYTES_NULL;

        if (step->tried) {
            digest = p->log.events[kept.at[0].event].digest[p->bank];
            take_back(p, &p->undos[i]);
        } else {
            set_aside(p, step, false);
        }
        r = judge(p);
        if (r == 0 && passes(p)) {
            memmove(step, step + 1, (ret->n - i - 1) * sizeof(*step));
            memmove(&p->undos[i], &p->undos[i + 1], (ret->n - i - 1) * sizeof(p->undos[0]));
            ret->n--;
            i--;
        } else if (step->tried) {
            exchange(p, kept.at[0].event, digest, &p->undos[i]);
        } else {
            set_aside(p, step, true);
        }
    }
    return r;
}

static int
repair(struct repairing *p)
{
    struct repair *ret = p->ret;
    const struct rule_event *event = NULL;
    struct repair_step step;
    int r = judge(p);

    while (r == 0 && ret->n < REPAIR_STEPS && next_step(p, &step, &event)) {
        struct undo *undo = &p->undos[ret->n];

        r = take_step(p, event, &step, undo);
        ret->steps[ret->n++] = step;
    }
    if (r != 0) {
        return r;
    }
    ret->passes = passes(p);
    ret->left = ret->passes ? REASON_NONE : left_over(p);
    return ret->passes ? make_small(p) : 0;
}

int
explain_repair(struct explain_case *c, struct repair *ret)
{
    CLEANUP(free_p) struct repairing *p = calloc(1, sizeof(*p));
    CLEANUP(free_p) struct event *events = calloc(c->about.firmware->n_events + 1, sizeof(*events));
    int r;

    if (!p || !events) {
        return -ENOMEM;
    }
    *ret = (struct repair){.left = REASON_NONE};
    p->c = c;
    p->ret = ret;
    p->log = *c->about.firmware;
    p->log.boot = NULL;
    p->log.memo = NULL;
    p->worst = c->row->token_floor == BUNDLE_TIER_AFFIRMING ? EFFECT_WARN : EFFECT_FAIL;
    p->bank = event_log_bank(&p->log, c->quoted.bank);
    memcpy(events, p->log.events, p->log.n_events * sizeof(*events));
    p->log.events = events;
    r = p->bank < p->log.n_banks ? repair(p) : 0;
    if (r == 0 && p->bank == p->log.n_banks) {
        ret->left = REASON_BANK_MISSING_IN_LOG;
    }
    return r;
}
