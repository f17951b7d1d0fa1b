#include "explain/explain-device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "explain/explain-advice.h"
#include "explain/explain-announced.h"
#include "explain/explain-diff.h"
#include "explain/explain-history.h"
#include "explain/explain-repair.h"
#include "explain/tell.h"

enum { VALUES_TOLD = 8 };

/* What is gathered before anything is told: the repair's judging takes the room last. */
struct gathered {
    bool has_peers, has_repair;
    struct explain_peers peers;
    struct explain_announced announced;
    struct explain_history history;
    struct explain_advice advice;
    struct repair repair;
};

static bool
is_good(enum tier tier)
{
    return tier == TIER_AFFIRMING || tier == TIER_WARNING;
}

bool
explain_device_accepted(const struct explain_case *c)
{
    return c->has_last && is_good(c->last.tier) && (c->why != REJUDGE_JUDGED || c->opinion.token);
}

static const char *
effect_name(enum reason_effect effect)
{
    static const char *const names[] = {"fail", "warn", "note"};

    return names[effect];
}

static void
tell_reason(struct json_wr *j, enum reason reason)
{
    tell_int(j, "number", reason);
    tell_text(j, "name", reason_name(reason));
}

/* ---- who, and what was decided ---- */

static void
tell_device(struct json_wr *j, const struct explain_case *c)
{
    json_wr_key(j, "device");
    json_wr_object(j);
    tell_hex(j, "id", BYTES_OF(c->device.id));
    tell_text(j, "class", c->device.class_name);
    tell_text(j, "state", device_state_name(c->device.state));
    tell_text(j, "why", c->device.why);
    json_wr_end_object(j);
}

static void
tell_verdict(struct json_wr *j, const struct explain_case *c, const struct explain_history *history)
{
    const struct store_last *last = &c->last;
    enum reason code = last->n_reasons > 0 ? (enum reason)last->reasons[0] : REASON_NONE;

    json_wr_key(j, "verdict");
    if (!c->has_last) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    tell_text(j, "tier", tier_name(last->tier));
    tell_bool(j, "accepted", is_good(last->tier));
    tell_int(j, "code", code);
    tell_text(j, "name", reason_name(code));
    tell_text(j, "rule", last->fault_rule);
    tell_place(j, "event", last->fault_event);
    tell_place(j, "pcr", last->fault_pcr);
    tell_text(j, "seen", last->fault_seen);
    tell_text(j, "expected", last->fault_expected);
    tell_text(j, "policy", last->policy);
    tell_time(j, "judged_ms", last->judged_ms);
    tell_time(j, "since_ms", history->since_ms);
    tell_time(j, "accepted_ms", last->accepted_ms);
    tell_int(j, "boot", last->reset_count);
    json_wr_end_object(j);
}

static void
tell_kept(struct json_wr *j, const struct explain_case *c)
{
    bool judged = c->why == REJUDGE_JUDGED;

    json_wr_key(j, "kept");
    json_wr_object(j);
    tell_bool(j, "judged", judged);
    tell_text(j, "why", judged ? NULL : rejudge_why_name(c->why));
    tell_text(j, "text", judged ? NULL : rejudge_why_text(c->why));
    tell_bool(j, "is_last", judged && explain_case_is_last(c));
    tell_bool(j, "ages", !c->no_ages);
    tell_bool(j, "ima", c->partial);
    json_wr_end_object(j);
}

static void
tell_now(struct json_wr *j, const struct explain_case *c)
{
    static const char *const modes[] = {"", "off", "observe", "enforce"};

    json_wr_key(j, "now");
    json_wr_object(j);
    tell_text(j, "tier", tier_name(c->opinion.tier));
    tell_bool(j, "token", c->opinion.token);
    tell_text(j, "policy", c->opinion.policy);
    tell_bool(j, "references", c->chosen.choice == BUNDLE_CHOICE_NONE);
    tell_text(j, "mode", c->row ? modes[c->row->mode] : NULL);
    if (c->has_bundle) {
        tell_int(j, "sequence", c->bundle_row.sequence);
    } else {
        tell_null(j, "sequence");
    }
    json_wr_end_object(j);
}

/* ---- the first cause ---- */

static void
tell_release(struct json_wr *j, const char *key, const struct bundle_release *release)
{
    char name[3 * LIMIT_BUNDLE_NAME + 3];

    snprintf(name, sizeof(name), "%.*s/%.*s/%.*s", (int)release->component.len,
             (const char *)release->component.p, (int)release->name.len,
             (const char *)release->name.p, (int)release->version.len,
             (const char *)release->version.p);
    tell_text(j, key, name);
}

static void
tell_value(struct json_wr *j, const struct bundle *bundle, const struct bundle_record *record,
           enum bundle_state state)
{
    json_wr_object(j);
    tell_hex(j, "digest", record->digest);
    if (record->release == BUNDLE_NONE) {
        tell_null(j, "release");
    } else {
        tell_release(j, "release", &bundle->releases[record->release]);
    }
    tell_text(j, "state", bundle_state_name(state));
    tell_view(j, "label",
              record->label == BUNDLE_NONE ? BYTES_NULL : bundle->labels[record->label]);
    json_wr_end_object(j);
}

/* The values of one set, of a state or of all others; returns how many found no room. */
static size_t
tell_set(struct json_wr *j, const struct explain_case *c, uint16_t index, bool active, size_t *left)
{
    const struct bundle *bundle = rulebook_bundle(c->bundle.book);
    const struct bundle_table *table = bundle_set_table(&bundle->sets[index], c->quoted.bank);
    size_t more = 0;

    for (size_t i = 0; table && i < table->n; i++) {
        struct bundle_record record = bundle_table_at(table, i);
        enum bundle_state state =
            record.release == BUNDLE_NONE
                ? record.state
                : rulebook_release_state(c->bundle.book, record.release, c->now_s);

        if ((state == BUNDLE_ACTIVE) != active) {
            continue;
        }
        if (*left > 0) {
            tell_value(j, bundle, &record, state);
            (*left)--;
        } else {
            more++;
        }
    }
    return more;
}

/* What the rule knows: what passes first, then what waits or has ended. */
static void
tell_values(struct json_wr *j, const struct explain_case *c, size_t rule)
{
    const struct bundle *bundle = rulebook_bundle(c->bundle.book);
    const struct bundle_rule *at = rule == EXPLAIN_NO_RULE ? NULL : explain_case_rule(c, rule);
    bool sets =
        at && (bundle_verb_args(at->verb) == ARGS_SET || bundle_verb_args(at->verb) == ARGS_LIST) &&
        at->verb != VERB_NOT_IN;
    size_t left = VALUES_TOLD;
    size_t more = 0;

    json_wr_key(j, "values");
    json_wr_array(j);
    for (unsigned pass = 0; sets && pass < 2; pass++) {
        for (size_t i = 0; i < at->n_args; i++) {
            uint16_t index = bundle->args[at->first_arg + i].index;

            more += index == BUNDLE_NONE ? 0 : tell_set(j, c, index, pass == 0, &left);
        }
    }
    json_wr_end_array(j);
    tell_int(j, "values_more", more);
}

static const char *
slot_of(const struct explain_case *c)
{
    if (c->cause.rule != EXPLAIN_NO_RULE) {
        return slot_table(rulebook_slot(c->bundle.book, c->row->first_rule + c->cause.rule))->name;
    }
    return c->cause.event ? slot_table(c->cause.event->slot)->name : NULL;
}

static void
tell_known(struct json_wr *j, const struct explain_case *c)
{
    struct explain_known known = explain_known(c);

    json_wr_key(j, "known");
    if (!known.release) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    tell_release(j, "release", known.release);
    tell_text(j, "state", bundle_state_name(known.state));
    json_wr_end_object(j);
}

static void
tell_first(struct json_wr *j, const struct explain_case *c)
{
    const struct explain_cause *cause = &c->cause;
    bool check = cause->rule == EXPLAIN_NO_RULE && cause->check != RULE_NONE;
    char room[RULE_NAME_MAX];

    json_wr_key(j, "first_cause");
    if (!c->has_cause) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    tell_reason(j, cause->reason);
    tell_view(j, "rule",
              cause->rule == EXPLAIN_NO_RULE ? BYTES_NULL : explain_case_rule(c, cause->rule)->id);
    tell_text(j, "check", check ? rule_name(cause->check, room) : NULL);
    tell_text(j, "clause", check ? rule_clause(cause->check) : NULL);
    tell_text(j, "text", check ? rule_text(cause->check) : NULL);
    tell_text(j, "slot", slot_of(c));
    tell_place(j, "event", cause->index);
    tell_place(j, "pcr", cause->pcr);
    tell_bool(j, "verified", cause->event && cause->event->verified);
    tell_text(j, "seen", cause->seen);
    tell_text(j, "expected", cause->expected);
    tell_known(j, c);
    tell_values(j, c, c->row ? cause->rule : EXPLAIN_NO_RULE);
    json_wr_end_object(j);
}

/* ---- what else was found ---- */

static void
tell_rule(struct json_wr *j, const struct explain_case *c, size_t i)
{
    const struct rule_result *result = &c->judged.told.judgement->rules[i];
    const struct bundle_rule *rule = explain_case_rule(c, i);
    const struct rule_event *event =
        result->event == RULE_NO_EVENT ? NULL : &c->judged.told.events[result->event];
    bool softer = c->judged.told.observed && result->effect == EFFECT_FAIL;

    json_wr_object(j);
    tell_view(j, "id", rule->id);
    tell_view(j, "slot", rule->slot);
    tell_text(j, "outcome", "not passed");
    tell_text(j, "effect", effect_name(softer ? EFFECT_WARN : result->effect));
    tell_reason(j, result->code.reason);
    tell_place(j, "event", event ? event->index : FAULT_NO_EVENT);
    tell_place(j, "pcr", event ? event->pcr : FAULT_NO_EVENT);
    json_wr_end_object(j);
}

static void
tell_rules(struct json_wr *j, const struct explain_case *c)
{
    json_wr_key(j, "rules");
    json_wr_array(j);
    for (size_t i = 0; c->row && i < c->judged.told.judgement->n; i++) {
        if (c->judged.told.judgement->rules[i].outcome != OUTCOME_PASSED &&
            !explain_case_left_out(c, i)) {
            tell_rule(j, c, i);
        }
    }
    json_wr_end_array(j);
}

/* Reasons that only rules for the list have, which is not there, say nothing. */
static bool
is_left_out(const struct explain_case *c, enum reason reason)
{
    bool out = false;

    for (size_t i = 0; c->partial && i < c->judged.told.judgement->n; i++) {
        const struct rule_result *result = &c->judged.told.judgement->rules[i];

        if (result->outcome != OUTCOME_PASSED && result->code.reason == reason) {
            if (!explain_case_left_out(c, i)) {
                return false;
            }
            out = true;
        }
    }
    return out;
}

static void
tell_reasons(struct json_wr *j, const struct explain_case *c)
{
    const struct verdict *verdict = &c->judged.verdict;

    json_wr_key(j, "reasons");
    json_wr_array(j);
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        if (!is_left_out(c, verdict->reasons[i])) {
            json_wr_object(j);
            tell_reason(j, verdict->reasons[i]);
            tell_text(j, "effect", effect_name(verdict->effects[i]));
            json_wr_end_object(j);
        }
    }
    json_wr_end_array(j);
}

/* ---- around it ---- */

static void
tell_peers(struct json_wr *j, const struct gathered *all)
{
    const struct explain_peers *peers = &all->peers;

    json_wr_key(j, "peers");
    if (!all->has_peers) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    tell_int(j, "members", peers->members);
    tell_int(j, "kept", peers->kept);
    tell_int(j, "same", peers->same);
    tell_int(j, "refused", peers->refused);
    tell_int(j, "not_read", peers->not_read);
    tell_int(j, "logs", peers->logs);
    tell_time(j, "since_ms", peers->since_ms);
    json_wr_end_object(j);
}

static void
tell_announced(struct json_wr *j, const struct explain_announced *announced)
{
    char room[TEXT_QUOTED_ROOM(LIMIT_TEXT)];
    bool found = announced->found;

    json_wr_key(j, "announced");
    json_wr_object(j);
    tell_int(j, "standing", announced->standing);
    tell_text(j, "component", found ? announced->component : NULL);
    tell_text(j, "version",
              found ? text_escaped(room, sizeof(room), bytes_str(announced->version)) : NULL);
    tell_time(j, "heard_ms", found ? announced->heard_ms : 0);
    json_wr_end_object(j);
}

static void
tell_history(struct json_wr *j, const struct explain_history *history)
{
    size_t n = history->n_moves < HISTORY_MOVES ? history->n_moves : HISTORY_MOVES;

    json_wr_key(j, "history");
    json_wr_object(j);
    tell_bool(j, "known", history->known);
    tell_int(j, "then", history->then);
    tell_int(j, "now", history->now);
    tell_time(j, "published_ms", history->published_ms);
    tell_int(j, "published", history->n_published);
    json_wr_key(j, "moves");
    json_wr_array(j);
    for (size_t i = 0; i < n; i++) {
        json_wr_str(j, history->moves[i]);
    }
    json_wr_end_array(j);
    tell_int(j, "moves_more", history->n_moves - n);
    json_wr_end_object(j);
}

static void
tell_advice(struct json_wr *j, const struct explain_advice *advice)
{
    json_wr_key(j, "advice");
    json_wr_object(j);
    tell_text(j, "command", advice->command);
    tell_text(j, "what", advice->what);
    tell_int(j, "devices", advice->devices);
    json_wr_end_object(j);
}

static void
tell_step(struct json_wr *j, const struct explain_case *c, const struct repair_step *step)
{
    json_wr_object(j);
    tell_text(j, "slot", slot_table(step->slot)->name);
    tell_view(j, "rule",
              step->rule == EXPLAIN_NO_RULE ? BYTES_NULL : explain_case_rule(c, step->rule)->id);
    tell_place(j, "event", step->event);
    tell_place(j, "pcr", step->pcr);
    tell_bool(j, "tried", step->tried);
    tell_text(j, "seen", step->seen);
    tell_text(j, "instead", step->instead);
    json_wr_end_object(j);
}

static void
tell_repair(struct json_wr *j, const struct explain_case *c, const struct gathered *all)
{
    json_wr_key(j, "repair");
    if (!all->has_repair) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    tell_bool(j, "passes", all->repair.passes);
    tell_text(j, "left", all->repair.left == REASON_NONE ? NULL : reason_name(all->repair.left));
    json_wr_key(j, "steps");
    json_wr_array(j);
    for (size_t i = 0; i < all->repair.n; i++) {
        tell_step(j, c, &all->repair.steps[i]);
    }
    json_wr_end_array(j);
    json_wr_end_object(j);
}

/* ---- all of it ---- */

/* A value of the firmware's log that others may have too. */
static bool
has_value(const struct explain_case *c)
{
    return c->row && c->has_cause && c->cause.event && c->cause.event->pcr < LIMIT_PCRS &&
           !(PCR_MASK_USERSPACE >> c->cause.event->pcr & 1);
}

static int
find_peers(struct explain_case *c, struct gathered *all)
{
    const struct explain_peers_ask ask = {
        .store = c->store,
        .hasher = c->hasher,
        .device = &c->device,
        .quoted = c->quoted,
        .slot = c->cause.event->slot,
        .pcr = c->cause.event->pcr,
        .digest = c->cause.event->digest,
    };

    all->has_peers = true;
    return explain_peers(&ask, &all->peers);
}

/* What stays good when the room judges again. */
static int
gather(struct explain_case *c, struct gathered *all)
{
    int r = explain_history(c->store, c->device.id, c->has_last ? c->last.accepted_ms : 0,
                            &all->history);

    if (r == 0 && has_value(c)) {
        r = find_peers(c, all);
    }
    r = r == 0 ? explain_announced(c, &all->announced) : r;
    return r == 0 ? explain_advice(c, all->has_peers ? &all->peers : NULL, &all->advice) : r;
}

/* What looks into the judgement. */
static int
tell_judged(struct json_wr *j, const struct explain_case *c)
{
    tell_now(j, c);
    tell_first(j, c);
    tell_rules(j, c);
    tell_reasons(j, c);
    return explain_diff(j, c);
}

static void
tell_unjudged(struct json_wr *j)
{
    tell_null(j, "now");
    tell_null(j, "first_cause");
    tell_null(j, "diff");
}

int
explain_device(struct explain_case *c, void *room, size_t cap, struct bytes *ret)
{
    CLEANUP(free_p) struct gathered *all = calloc(1, sizeof(*all));
    struct json_wr j = json_wr_init(room, cap);
    bool judged = c->why == REJUDGE_JUDGED;
    int r = all ? gather(c, all) : -ENOMEM;

    if (r != 0) {
        return r;
    }
    json_wr_object(&j);
    tell_device(&j, c);
    tell_verdict(&j, c, &all->history);
    tell_kept(&j, c);
    if (judged) {
        r = tell_judged(&j, c);
    } else {
        tell_unjudged(&j);
    }
    tell_peers(&j, all);
    tell_announced(&j, &all->announced);
    tell_history(&j, &all->history);
    tell_advice(&j, &all->advice);
    all->has_repair = r == 0 && judged && c->row && c->has_cause;
    if (all->has_repair) {
        r = explain_repair(c, &all->repair); /* the last: it judges again in the room */
    }
    if (r == 0) {
        tell_repair(&j, c, all);
        tell_bool(&j, "accepted", explain_device_accepted(c));
        json_wr_end_object(&j);
        *ret = json_wr_done(&j);
        r = ret->p ? 0 : -ENOSPC;
    }
    return r;
}
