/* Verbs that go by digests, and by pins, which are digests of one device. */
#include "appraise/rule-verb.h"

enum policy_outcome
state_outcome(enum bundle_state state)
{
    switch (state) {
    case BUNDLE_ACTIVE:
        return OUTCOME_PASSED;
    case BUNDLE_RETIRING:
        return OUTCOME_RETIRING;
    case BUNDLE_STAGED:
        return OUTCOME_PENDING;
    case BUNDLE_RETIRED:
        return OUTCOME_RETIRED;
    case BUNDLE_REVOKED:
        break;
    }
    return OUTCOME_REVOKED;
}

const struct rulebook_ref *
judging_state(const struct judging *j, uint32_t event, uint16_t set, enum bundle_state *ret_state)
{
    const struct rule_found *found = &j->room->found[event];
    const struct rulebook_ref *best = NULL;

    for (size_t i = 0; i < found->n; i++) {
        if (found->refs[i].set == set) {
            enum bundle_state state = rulebook_state(j->book, &found->refs[i], j->input->now_s);

            if (!best || bundle_state_rank(state) > bundle_state_rank(*ret_state)) {
                best = &found->refs[i];
                *ret_state = state;
            }
        }
    }
    return best;
}

static bool
arg_has_set(const struct judging *j, uint16_t set, size_t n_args)
{
    for (size_t i = 0; i < n_args; i++) {
        if (judging_arg(j, i)->index == set) {
            return true;
        }
    }
    return false;
}

void
judging_join(struct judging *j, uint32_t event, size_t n_args)
{
    const struct rule_found *found = &j->room->found[event];
    struct rule_room *room = j->room;
    uint64_t in[RULEBOOK_WORDS] = {0};
    uint64_t of[RULEBOOK_WORDS] = {0};
    bool any = false;
    bool left = false;

    if (!(j->rule->flags & RULE_SAME_RELEASE)) {
        return;
    }
    for (size_t i = 0; i < found->n; i++) {
        uint16_t release = found->refs[i].release;

        if (release != BUNDLE_NONE && arg_has_set(j, found->refs[i].set, n_args)) {
            any = true;
            in[release / 64] |= UINT64_C(1) << release % 64;
            for (size_t w = 0; w < RULEBOOK_WORDS; w++) {
                of[w] |= rulebook_component(j->book, release)[w];
            }
        }
    }
    for (size_t w = 0; any && w < RULEBOOK_WORDS; w++) {
        room->releases[w] &= in[w] | ~of[w];
        left = left || (room->releases[w] & of[w]) != 0;
    }
    if (any && !left) {
        judging_note(j, OUTCOME_MIXED, event, BYTES_NULL);
    }
}

static bool
is_of(const struct judging *j, const struct rule_pin *pin, struct bytes name)
{
    return pin->slot == j->slot && bytes_equal(pin->name, name);
}

bool
judging_pinned(const struct judging *j, struct bytes name, struct bytes value)
{
    for (size_t i = 0; i < j->input->n_pins; i++) {
        const struct rule_pin *pin = &j->input->pins[i];

        if (is_of(j, pin, name) && bytes_equal(pin->value, value)) {
            return true;
        }
    }
    return false;
}

bool
judging_has_pins(const struct judging *j, struct bytes name)
{
    for (size_t i = 0; i < j->input->n_pins; i++) {
        if (is_of(j, &j->input->pins[i], name)) {
            return true;
        }
    }
    return false;
}

/* Whether all that systemd measures of a machine's identity is there. It does so before its phase
 * `sysinit`; where no phase is measured, what is there has to do. */
static bool
is_whole(const struct judging *j)
{
    uint32_t i = j->room->first[SLOT_OS_PHASE];

    if (!(slot_table(j->slot)->flags & SLOT_F_LATE)) {
        return true;
    }
    if (i == RULE_NO_EVENT) {
        return judging_first(j) != RULE_NO_EVENT;
    }
    for (; i != RULE_NO_EVENT; i = judging_next(j, i)) {
        const struct rule_event *event = &j->input->events[i];

        if (event->verified && bytes_equal(event->text, bytes_str("sysinit"))) {
            return true;
        }
    }
    return false;
}

void
judging_show(struct judging *j, struct bytes name, struct bytes value)
{
    struct rule_judgement *judgement = j->judgement;

    if (judgement->n_shown < RULE_PINS_MAX && value.len <= RULE_PIN_VALUE_MAX && is_whole(j)) {
        judgement->shown[judgement->n_shown++] = (struct rule_pin){j->slot, name, value};
    }
}

bool
judging_learn(struct judging *j, struct bytes name, struct bytes value, uint32_t event)
{
    struct rule_judgement *judgement = j->judgement;

    if (!j->input->may_pin || judging_has_pins(j, name)) {
        return false;
    }
    if (!is_whole(j)) {
        return true;
    }
    if (judgement->n_learnt + j->input->n_pins >= RULE_PINS_MAX || value.len > RULE_PIN_VALUE_MAX) {
        judging_note(j, OUTCOME_UNKNOWN, event, BYTES_NULL);
        return true;
    }
    j->result->learns = true;
    judgement->learnt[judgement->n_learnt++] = (struct rule_pin){j->slot, name, value};
    return true;
}

bool
judging_keep(struct judging *j, struct bytes *value)
{
    struct rule_room *room = j->room;
    uint8_t *place = &room->values[room->n_values];

    if (value->len > sizeof(room->values) - room->n_values) {
        return false;
    }
    if (value->len > 0) {
        memcpy(place, value->p, value->len);
    }
    room->n_values += value->len;
    *value = bytes_of(place, value->len);
    return true;
}

void
judging_raise(struct judging *j, struct bytes name, struct bytes value)
{
    struct rule_judgement *judgement = j->judgement;

    for (size_t i = 0; i < judgement->n_learnt; i++) {
        if (is_of(j, &judgement->learnt[i], name)) {
            return; /* another rule of the slot asks for the same */
        }
    }
    if (j->input->may_pin && judgement->n_learnt < RULE_PINS_MAX &&
        (judging_has_pins(j, name) || judgement->n_learnt + j->input->n_pins < RULE_PINS_MAX)) {
        judgement->learnt[judgement->n_learnt++] =
            (struct rule_pin){j->slot, name, value, .instead = true};
    }
}

const struct rule_announced *
rule_announced_of(const struct rule_announced *announced, size_t n, const struct rule_event *event)
{
    for (size_t i = 0; i < n; i++) {
        if (announced[i].pcr == event->pcr && bytes_equal(announced[i].digest, event->digest)) {
            return &announced[i];
        }
    }
    return NULL;
}

/* "os.initrd" and "os/NAME" are sets of the component os. */
static bool
is_of_component(struct bytes set, struct bytes component)
{
    return set.len > component.len && memcmp(set.p, component.p, component.len) == 0 &&
           (set.p[component.len] == '.' || set.p[component.len] == '/');
}

/* Whether an active release of the component that the rule's set is of has this kernel, and says
 * that an announced initrd will do. */
static bool
kernel_lets_announce(const struct judging *j, uint32_t kernel)
{
    const struct rule_found *found = &j->room->found[kernel];

    for (size_t i = 0; i < found->n; i++) {
        const struct rulebook_ref *ref = &found->refs[i];
        const struct bundle_release *release =
            ref->release == BUNDLE_NONE ? NULL : &j->bundle->releases[ref->release];

        if (release && release->announced_initrd &&
            is_of_component(judging_set(j, 0)->name, release->component) &&
            rulebook_state(j->book, ref, j->input->now_s) == BUNDLE_ACTIVE) {
            return true;
        }
    }
    return false;
}

/* An initrd that the device announced, where each kernel that was loaded is one that may have such:
 * a second one would be no longer signed for. Appraisal page, section 5c (3). */
static bool
is_announced(const struct judging *j, uint32_t event)
{
    uint32_t first = j->room->first[SLOT_BOOT_KERNEL];

    if (j->slot != SLOT_BOOT_INITRD || first == RULE_NO_EVENT ||
        !rule_announced_of(j->input->announced, j->input->n_announced, &j->input->events[event])) {
        return false;
    }
    for (uint32_t i = first; i != RULE_NO_EVENT; i = judging_next(j, i)) {
        if (!kernel_lets_announce(j, i)) {
            return false;
        }
    }
    return true;
}

/* Is a release of the component that a set `COMPONENT/NAME` is of, and of another name? */
static bool
is_elsewhere(const struct bundle_release *release, struct bytes set)
{
    size_t len = release->component.len;

    return set.len > len + 1 && set.p[len] == '/' &&
           bytes_equal(bytes_of(set.p, len), release->component) &&
           !bytes_equal(bytes_of(set.p + len + 1, set.len - len - 1), release->name);
}

/* A value that the rule does not know: firmware may be that of another class's hardware, which may
 * pass there. */
static enum policy_outcome
unknown_as(const struct judging *j, uint32_t event)
{
    const struct rule_found *found = &j->room->found[event];

    for (size_t i = 0; j->slot == SLOT_FIRMWARE && i < found->n; i++) {
        const struct rulebook_ref *ref = &found->refs[i];
        enum bundle_state state = rulebook_state(j->book, ref, j->input->now_s);

        if (ref->release != BUNDLE_NONE && (state == BUNDLE_ACTIVE || state == BUNDLE_RETIRING) &&
            is_elsewhere(&j->bundle->releases[ref->release], judging_set(j, 0)->name)) {
            return OUTCOME_ELSEWHERE;
        }
    }
    return OUTCOME_UNKNOWN;
}

/* One event against a set, or so many against the device's pins. */
static void
judge_one(struct judging *j, uint32_t event, unsigned *pins_left)
{
    enum bundle_state state = BUNDLE_REVOKED;
    struct bytes digest = j->input->events[event].digest;
    const struct rulebook_ref *ref = judging_state(j, event, judging_arg(j, 0)->index, &state);

    if (!ref && j->rule->or_pin > 0) {
        judging_show(j, BYTES_NULL, digest);
    }
    if (ref) {
        j->result->release = ref->release;
        judging_note(j, state_outcome(state), event, BYTES_NULL);
        judging_join(j, event, 1);
    } else if (*pins_left > 0 && judging_pinned(j, BYTES_NULL, digest)) {
        (*pins_left)--;
    } else if (*pins_left > 0 && judging_learn(j, BYTES_NULL, digest, event)) {
        (*pins_left)--;
    } else {
        judging_note(j, is_announced(j, event) ? OUTCOME_ANNOUNCED : unknown_as(j, event), event,
                     BYTES_NULL);
    }
}

/* The record of this variant for an event, at a position above `after`; NULL: none. */
static const struct rulebook_ref *
variant_ref(const struct judging *j, uint32_t event, const struct rulebook_variant *variant,
            int after)
{
    const struct rule_found *found = &j->room->found[event];

    for (size_t i = 0; i < found->n; i++) {
        const struct rulebook_ref *ref = &found->refs[i];

        if (ref->set == variant->set && ref->release == variant->release &&
            ref->group == variant->group && (int)ref->position > after) {
            return ref;
        }
    }
    return NULL;
}

/* The first event that this variant does not explain; RULE_NO_EVENT with *ret_whole when all are
 * there, in order, and nothing that must be is missing. */
static uint32_t
walk_variant(const struct judging *j, const struct rulebook_variant *variant, bool *ret_whole)
{
    unsigned needed = 0;
    int after = -1;

    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        const struct rulebook_ref *ref = variant_ref(j, i, variant, after);

        if (!ref) {
            *ret_whole = false;
            return i;
        }
        after = ref->position;
        needed += !ref->optional;
    }
    *ret_whole = needed == variant->n_needed;
    return RULE_NO_EVENT;
}

/* Tries each variant that the slot's first event is of. An announcement excuses none: it is of one
 * event, and this asks for all. */
static void
judge_whole(struct judging *j)
{
    uint32_t first = judging_first(j);
    uint16_t set = judging_arg(j, 0)->index;
    uint32_t farthest = first;
    int best = -1;
    enum policy_outcome outcome = OUTCOME_UNKNOWN;
    const struct rule_found *found;

    if (first == RULE_NO_EVENT) {
        return;
    }
    found = &j->room->found[first];
    for (size_t i = 0; i < found->n; i++) {
        const struct rulebook_ref *ref = &found->refs[i];
        const struct rulebook_variant *variant =
            rulebook_variant(j->book, j->input->bank, ref->set, ref->release, ref->group);
        enum bundle_state state = rulebook_state(j->book, ref, j->input->now_s);
        bool whole = false;
        uint32_t stop;

        if (ref->set != set || !variant) {
            continue;
        }
        stop = walk_variant(j, variant, &whole);
        if (whole && bundle_state_rank(state) > best) {
            best = bundle_state_rank(state);
            outcome = state_outcome(state);
            j->result->release = ref->release;
        }
        farthest = stop != RULE_NO_EVENT && stop > farthest ? stop : farthest;
    }
    if (outcome == OUTCOME_UNKNOWN) {
        judging_note(j, unknown_as(j, farthest), farthest, BYTES_NULL);
    } else {
        judging_note(j, outcome, first, BYTES_NULL);
    }
}

void
verb_one_of(struct judging *j)
{
    unsigned pins_left = j->rule->or_pin;

    if (j->rule->flags & RULE_WHOLE) {
        judge_whole(j);
    }
    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        if (j->rule->flags & RULE_WHOLE) {
            judging_join(j, i, 1);
        } else {
            judge_one(j, i, &pins_left);
        }
    }
    if (j->rule->or_pin > 0 && !j->result->learns) { /* what comes later is learnt no more */
        (void)judging_learn(j, BYTES_NULL, BYTES_NULL, RULE_NO_EVENT);
    }
}

/* Does any event of the slot have a pin's value? */
static bool
pin_is_met(const struct judging *j, const struct rule_pin *pin)
{
    if (pin->value.len == 0) {
        return true; /* that there was nothing */
    }
    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        if (bytes_equal(j->input->events[i].digest, pin->value)) {
            return true;
        }
    }
    return false;
}

/* Nothing is a value too: what comes later is a change. */
static void
learn_slot(struct judging *j)
{
    uint32_t first = judging_first(j);

    if (first == RULE_NO_EVENT) {
        (void)judging_learn(j, BYTES_NULL, BYTES_NULL, RULE_NO_EVENT);
    }
    for (uint32_t i = first; i != RULE_NO_EVENT; i = judging_next(j, i)) {
        if (!judging_learn(j, BYTES_NULL, j->input->events[i].digest, i)) {
            judging_note(j, OUTCOME_CHANGED, i, BYTES_NULL);
        }
    }
}

void
verb_device_pin(struct judging *j)
{
    uint32_t first = judging_first(j);

    if (judge_grown(j)) {
        return;
    }
    if (first == RULE_NO_EVENT) {
        judging_show(j, BYTES_NULL, BYTES_NULL);
    }
    for (uint32_t i = first; i != RULE_NO_EVENT; i = judging_next(j, i)) {
        judging_show(j, BYTES_NULL, j->input->events[i].digest);
    }
    if (!judging_has_pins(j, BYTES_NULL)) {
        learn_slot(j);
        return;
    }
    for (uint32_t i = first; i != RULE_NO_EVENT; i = judging_next(j, i)) {
        if (!judging_pinned(j, BYTES_NULL, j->input->events[i].digest)) {
            judging_note(j, OUTCOME_CHANGED, i, BYTES_NULL);
        }
    }
    for (size_t i = 0; i < j->input->n_pins; i++) {
        if (is_of(j, &j->input->pins[i], BYTES_NULL) && !pin_is_met(j, &j->input->pins[i])) {
            judging_note(j, OUTCOME_CHANGED, RULE_NO_EVENT, BYTES_NULL);
        }
    }
}

/* A slot of text passes only where its text was what was measured. */
void
verb_any(struct judging *j)
{
    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        if (slot_table(j->slot)->flags & SLOT_F_TEXT && !j->input->events[i].verified) {
            judging_note(j, OUTCOME_UNKNOWN, i, BYTES_NULL);
        }
    }
    if (j->rule->flags & RULE_UNPINNED && judging_first(j) != RULE_NO_EVENT) {
        judging_note(j, OUTCOME_UNPINNED, judging_first(j), BYTES_NULL);
    }
}

void
verb_forbid(struct judging *j)
{
    if (judging_first(j) != RULE_NO_EVENT) {
        judging_note(j, OUTCOME_UNKNOWN, judging_first(j), BYTES_NULL);
    }
}
