/* `sequence`: the slot's events in order, each member min to max times. All readings are followed
 * at once, since one digest may be of two members. */
#include "appraise/rule-verb.h"

/* at[m][n]: it may be that member m was seen n times and all before it often enough. */
struct readings {
    bool at[LIMIT_RULE_ARGS][LIMIT_RULE_TIMES + 1];
};

static bool
fits(const struct judging *j, uint32_t event, size_t member, enum bundle_state *ret_state)
{
    const struct bundle_arg *arg = judging_arg(j, member);
    const struct rulebook_ref *ref;

    *ret_state = BUNDLE_ACTIVE;
    if (arg->index == BUNDLE_NONE) {
        return j->input->events[event].verified &&
               bytes_equal(j->input->events[event].text, arg->text);
    }
    ref = judging_state(j, event, arg->index, ret_state);
    j->result->release = ref ? ref->release : j->result->release;
    return ref != NULL;
}

/* Where a reading may go on without another event: the next members, while this one has enough. */
static void
step_over(const struct judging *j, struct readings *readings)
{
    for (size_t m = 0; m + 1 < j->rule->n_args; m++) {
        for (size_t n = judging_arg(j, m)->min; n <= LIMIT_RULE_TIMES; n++) {
            readings->at[m + 1][0] |= readings->at[m][n];
        }
    }
}

/* Follows every reading over one event; false when none goes on. */
static bool
follow(const struct judging *j, struct readings *readings, const bool *fit)
{
    struct readings next = {0};
    bool alive = false;

    for (size_t m = 0; m < j->rule->n_args; m++) {
        for (size_t n = 0; fit[m] && n < judging_arg(j, m)->max; n++) {
            next.at[m][n + 1] = readings->at[m][n];
            alive = alive || readings->at[m][n];
        }
    }
    if (alive) {
        *readings = next;
        step_over(j, readings);
    }
    return alive;
}

static bool
is_whole(const struct judging *j, const struct readings *readings)
{
    size_t last = j->rule->n_args - 1;

    for (size_t n = judging_arg(j, last)->min; n <= LIMIT_RULE_TIMES; n++) {
        if (readings->at[last][n]) {
            return true;
        }
    }
    return false;
}

/* The best that any member says of an event, in *ret_known whether one has it. */
static enum policy_outcome
look_up(const struct judging *j, uint32_t event, bool *fit, bool *ret_known)
{
    enum policy_outcome best = OUTCOME_UNKNOWN;

    *ret_known = false;
    for (size_t m = 0; m < j->rule->n_args; m++) {
        enum bundle_state state;

        fit[m] = fits(j, event, m, &state);
        if (fit[m] && (!*ret_known || state_outcome(state) == OUTCOME_PASSED ||
                       (state == BUNDLE_RETIRING && best != OUTCOME_PASSED))) {
            best = state_outcome(state);
            *ret_known = true;
        }
    }
    return best;
}

/* What came before the firmware took back control: each image must be one that may run, in any
 * order; that it was tried again is a remark. */
static uint32_t
skip_attempts(struct judging *j, uint8_t last)
{
    uint32_t i = judging_first(j);
    bool fit[LIMIT_RULE_ARGS];
    bool known;

    for (; i != RULE_NO_EVENT && j->input->events[i].attempt < last; i = judging_next(j, i)) {
        judging_note(j, look_up(j, i, fit, &known), i, BYTES_NULL);
        judging_note(j, OUTCOME_RETRIED, i, BYTES_NULL);
    }
    return i;
}

static uint8_t
last_attempt(const struct judging *j)
{
    uint8_t last = 0;

    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        last = j->input->events[i].attempt;
    }
    return last;
}

/* systemd's last two phases, which no policy need list: a device may attest to the end.
 * systemd-pcrphase.service(8). */
static bool
is_ending(const struct judging *j, uint32_t event)
{
    struct bytes phase = j->input->events[event].text;

    return j->slot == SLOT_OS_PHASE && j->input->events[event].verified &&
           (bytes_equal(phase, bytes_str("shutdown")) || bytes_equal(phase, bytes_str("final")));
}

/* What comes behind the last phase that the rule tells of. */
static void
judge_ending(struct judging *j, uint32_t i)
{
    judging_note(j, OUTCOME_SHUTDOWN, i, BYTES_NULL);
    for (i = judging_next(j, i); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        judging_note(j, is_ending(j, i) ? OUTCOME_SHUTDOWN : OUTCOME_ORDER, i, BYTES_NULL);
    }
}

void
verb_sequence(struct judging *j)
{
    struct readings readings = {.at[0][0] = true};
    uint32_t i = skip_attempts(j, last_attempt(j));
    bool fit[LIMIT_RULE_ARGS] = {false};
    bool known = false;

    step_over(j, &readings);
    for (; i != RULE_NO_EVENT; i = judging_next(j, i)) {
        enum policy_outcome outcome = look_up(j, i, fit, &known);

        if (!known && is_ending(j, i)) {
            judge_ending(j, i);
            break;
        }
        if (!follow(j, &readings, fit)) {
            judging_note(j, known ? OUTCOME_ORDER : OUTCOME_UNKNOWN, i, BYTES_NULL);
            return;
        }
        judging_note(j, outcome, i, BYTES_NULL);
        judging_join(j, i, j->rule->n_args);
    }
    if (!is_whole(j, &readings) && !(j->rule->flags & RULE_PREFIX_OK)) {
        judging_note(j, OUTCOME_FEW, RULE_NO_EVENT, BYTES_NULL);
    }
}
