/* What the verbs of rules share; internal to rule-*.c. A verb looks at the events of one slot and
 * says the first thing that is wrong. */
#pragma once

#include "appraise/rule-judge.h"

struct rule_found {
    const struct rulebook_ref *refs; /* records that have the event's digest */
    uint32_t n;
    uint32_t next; /* next event of the slot, or RULE_NO_EVENT */
};

struct rule_room {
    uint32_t first[SLOT_N];
    uint32_t last[SLOT_N];
    uint16_t n[SLOT_N];                     /* events of a slot */
    uint64_t sets[LIMIT_BUNDLE_SETS / 64u]; /* those that have any event's digest */
    struct rule_found found[RULE_EVENTS_MAX];
    uint64_t releases[RULEBOOK_WORDS]; /* that same-release leaves */
    size_t n_values;                   /* bytes of values that holes learnt, or showed */
    uint8_t values[16384];             /* a boot's command lines have 2,048 each */
};

struct judging {
    const struct rulebook *book;
    const struct bundle *bundle;
    const struct rule_input *input;
    struct rule_room *room;
    const struct bundle_rule *rule;
    enum slot slot;
    struct rule_result *result;
    struct rule_judgement *judgement;
};

/* for (i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) */
uint32_t judging_first(const struct judging *j);
uint32_t judging_next(const struct judging *j, uint32_t event);
const struct bundle_arg *judging_arg(const struct judging *j, size_t i);
const struct bundle_set *judging_set(const struct judging *j, size_t i);

/* Notes the first cause; a later one that may be graver replaces it. judging_note() with the rule's
 * own effect; _as() with at worst this one. OUTCOME_PASSED notes nothing. */
void judging_note(struct judging *j, enum policy_outcome outcome, uint32_t event,
                  struct bytes token);
void judging_note_as(struct judging *j, enum policy_outcome outcome, enum reason_effect worst,
                     uint32_t event, struct bytes token);

/* A remark that lets the value pass: at worst a warning. */
bool outcome_is_remark(enum policy_outcome outcome);

/* The record of a set that has an event's digest, with the best state when there are several; NULL
 * when there is none. */
const struct rulebook_ref *judging_state(const struct judging *j, uint32_t event, uint16_t set,
                                         enum bundle_state *ret_state);
/* What a state is told as: OUTCOME_PASSED for an active one. */
enum policy_outcome state_outcome(enum bundle_state state);

/* Joins the releases in which an event's digest stands in these sets with those before. */
void judging_join(struct judging *j, uint32_t event, size_t n_args);

/* Pins of the rule's slot: of a hole of that name, or with an empty one of its events. */
bool judging_pinned(const struct judging *j, struct bytes name, struct bytes value);
bool judging_has_pins(const struct judging *j, struct bytes name);
/* Learns a value where nothing is pinned yet; false when it may not. What cannot be pinned, being
 * too long or beyond RULE_PINS_MAX with those that are, is a value that the rule does not allow:
 * else it would be learnt anew each time. What may not be whole yet (SLOT_F_LATE) passes unlearnt.
 */
bool judging_learn(struct judging *j, struct bytes name, struct bytes value, uint32_t event);
/* Copies what a judgement is to keep into its room; false when that is full. */
bool judging_keep(struct judging *j, struct bytes *value);
/* Learns a value that takes the place of what is pinned of that name, once the boot is trusted.
 * Where there is no room for one more the device is held to what it was. */
void judging_raise(struct judging *j, struct bytes name, struct bytes value);
/* Notes what a rule that pins saw; value stays valid as long as the judgement. */
void judging_show(struct judging *j, struct bytes name, struct bytes value);

/* `at-least` with a component (rule-floor.c). */
void judge_floor(struct judging *j, const struct bundle_arg *arg);

/* `device-pin` of a list of which is known what it was (rule-grown.c). Returns false where it is
 * not, and where nothing changed: then digests alone decide. */
bool judge_grown(struct judging *j);

void verb_one_of(struct judging *j);
void verb_sequence(struct judging *j);
void verb_signed_by(struct judging *j);
void verb_is(struct judging *j);
void verb_equals(struct judging *j);
void verb_subset_of(struct judging *j);
void verb_includes(struct judging *j);
void verb_at_least(struct judging *j);
void verb_match(struct judging *j);
void verb_tokens(struct judging *j);
void verb_commands(struct judging *j);
void verb_device_pin(struct judging *j);
void verb_any(struct judging *j);
void verb_forbid(struct judging *j);
void verb_not_in(struct judging *j);
void verb_policy(struct judging *j);
