/* `at-least floor(C)`: the svn of releases, against the floor of the class and against the highest
 * that this device was accepted with. That mark is a pin of the rule's slot, named "svn:C", its
 * value decimal. Appraisal page, section 5c (5). */
#include <stdarg.h>
#include <stdio.h>

#include "appraise/rule-verb.h"

enum { SVN_DIGITS = 20, TOLD = 64 };

struct floor_seen {
    bool any;       /* an event is of a release of the component */
    bool accepted;  /* all such are of releases that may pass now */
    uint64_t least; /* svn of them all */
    bool fell;      /* below the mark alone */
};

/* The newest release of a component that an event is of; NULL: of none. */
static const struct rulebook_ref *
newest_of(const struct judging *j, uint32_t event, struct bytes component)
{
    const struct rule_found *found = &j->room->found[event];
    const struct rulebook_ref *best = NULL;

    for (size_t i = 0; i < found->n; i++) {
        const struct rulebook_ref *ref = &found->refs[i];

        if (ref->release != BUNDLE_NONE &&
            bytes_equal(j->bundle->releases[ref->release].component, component) &&
            (!best ||
             j->bundle->releases[ref->release].svn > j->bundle->releases[best->release].svn)) {
            best = ref;
        }
    }
    return best;
}

/* The name of the mark's pin; empty where a component's name leaves no room for one: then there is
 * no mark. It is the caller's room's: what a boot has filled the judgement's with must not hide a
 * mark. */
static struct bytes
mark_name(struct bytes component, char room[LIMIT_BUNDLE_NAME + 1])
{
    int n = snprintf(room, LIMIT_BUNDLE_NAME + 1, RULE_MARK "%.*s", (int)component.len,
                     (const char *)component.p);

    return n > 0 && n <= (int)LIMIT_BUNDLE_NAME ? bytes_of(room, (size_t)n) : BYTES_NULL;
}

/* 0 for what is no number: it holds nobody to anything. */
static uint64_t
number_of(struct bytes text)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len >= SVN_DIGITS) {
        return 0;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return 0;
        }
        value = value * 10 + (uint64_t)(text.p[i] - '0');
    }
    return value;
}

static uint64_t
mark_of(const struct judging *j, struct bytes name)
{
    uint64_t mark = 0;

    for (size_t i = 0; name.len > 0 && i < j->input->n_pins; i++) {
        const struct rule_pin *pin = &j->input->pins[i];

        if (pin->slot == j->slot && bytes_equal(pin->name, name)) {
            uint64_t value = number_of(pin->value);

            mark = value > mark ? value : mark;
        }
    }
    return mark;
}

/* Kept in the room; empty when that is full. */
__attribute__((format(printf, 2, 3))) static struct bytes
words(struct judging *j, const char *format, ...)
{
    char text[TOLD];
    va_list args;
    struct bytes kept;

    va_start(args, format);
    kept = bytes_of(text, (size_t)vsnprintf(text, sizeof(text), format, args));
    va_end(args);
    return judging_keep(j, &kept) ? kept : BYTES_NULL;
}

/* An old release beside a new one that both may pass: a device that falls back within the overlap
 * has its warning by the release's own state, and no other. */
static void
judge_event(struct judging *j, uint32_t event, const struct rulebook_ref *ref, uint64_t mark,
            struct floor_seen *seen)
{
    uint64_t least = judging_arg(j, 0)->number;
    uint64_t svn = j->bundle->releases[ref->release].svn;
    enum bundle_state state = rulebook_state(j->book, ref, j->input->now_s);

    seen->any = true;
    seen->least = svn < seen->least ? svn : seen->least;
    seen->accepted = seen->accepted && (state == BUNDLE_ACTIVE || state == BUNDLE_RETIRING);
    if (svn < least) {
        judging_note(j, OUTCOME_OLD, event, BYTES_NULL);
    } else if (svn < mark && state != BUNDLE_RETIRING && !seen->fell) {
        judging_note(
            j, OUTCOME_OLD, event,
            words(j, "svn %llu after %llu", (unsigned long long)svn, (unsigned long long)mark));
        seen->fell = true;
    }
}

/* Moves the mark, or shows what an operator may say to: what the class's floor refuses is no such
 * thing. */
static void
keep_mark(struct judging *j, struct bytes name, uint64_t mark, const struct floor_seen *seen)
{
    struct bytes value = words(j, "%llu", (unsigned long long)seen->least);

    if (name.len == 0 || !value.p || !judging_keep(j, &name)) {
        return;
    }
    if (seen->fell && seen->least >= judging_arg(j, 0)->number) {
        judging_show(j, name, value);
    } else if (seen->accepted && j->result->outcome == OUTCOME_PASSED && seen->least > mark) {
        judging_raise(j, name, value);
    }
}

/* Events of no release are for other rules to tell; but all cannot be. */
void
judge_floor(struct judging *j, const struct bundle_arg *arg)
{
    char room[LIMIT_BUNDLE_NAME + 1];
    struct bytes name = mark_name(arg->text, room);
    uint64_t mark = mark_of(j, name);
    struct floor_seen seen = {.accepted = true, .least = UINT64_MAX};

    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        const struct rulebook_ref *ref = newest_of(j, i, arg->text);

        if (ref) {
            judge_event(j, i, ref, mark, &seen);
        }
    }
    if (seen.any) {
        keep_mark(j, name, mark, &seen);
    } else if (judging_first(j) != RULE_NO_EVENT) {
        judging_note(j, OUTCOME_UNKNOWN, judging_first(j), BYTES_NULL);
    }
}
