/* What was seen and what would have passed, in words for people. Texts of a device are escaped. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "appraise/boot.h"
#include "base/hex.h"
#include "base/text.h"

enum { LABEL_SHOWN = 64, DIGITS_SHOWN = 16 };

/* The label of an event: rules see digests only, and those are views into their log. */
static struct bytes
label_of(const struct event_log *log, const struct rule_event *event)
{
    for (size_t i = 0; log && i < log->n_events; i++) {
        for (size_t bank = 0; bank < log->n_banks; bank++) {
            if (log->events[i].digest[bank].p == event->digest.p) {
                return log->events[i].label;
            }
        }
    }
    return BYTES_NULL;
}

/* "announced 2026-11-28 13:58Z as os, "; or nothing. */
static void
say_announced(const struct boot_ask *ask, const struct rule_event *event, char *room, size_t cap)
{
    const struct rule_announced *announced =
        rule_announced_of(ask->announced, ask->n_announced, event);
    time_t seconds = announced ? (time_t)announced->heard_s : 0;
    char when[32];
    struct tm tm;

    room[0] = '\0';
    if (announced && gmtime_r(&seconds, &tm) &&
        strftime(when, sizeof(when), "%Y-%m-%d %H:%MZ", &tm) > 0) {
        snprintf(room, cap, "announced %s as %.24s, ", when, announced->component);
    }
}

void
boot_say_seen(const struct boot_ask *ask, const struct rule_event *event, char *room, size_t cap)
{
    enum hash bank = rulebook_bundle(ask->book)->policies[ask->policy].quote.bank;
    struct bytes label = label_of(ask->log, event);
    char digits[2 * HASH_SIZE_MAX + 1];
    char announced[80];

    say_announced(ask, event, announced, sizeof(announced));
    label = label.p ? label : label_of(ask->userspace, event);
    label.len = label.len < LABEL_SHOWN ? label.len : LABEL_SHOWN;
    snprintf(room, cap, "%s:%s %s%.*s", hash_name(bank), hex_write(digits, event->digest),
             announced, (int)label.len, (const char *)label.p);
}

void
boot_say_token(struct bytes token, char *room, size_t cap)
{
    (void)text_escaped(room, cap, token);
}

/* A text that grows while there is room. */
struct saying {
    char *room;
    size_t cap, len;
    size_t left_out;
};

__attribute__((format(printf, 2, 3))) static void
say(struct saying *saying, const char *format, ...)
{
    size_t left = saying->cap - saying->len;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(saying->room + saying->len, left, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= left) {
        saying->room[saying->len] = '\0'; /* whole or not at all */
        saying->left_out++;
        return;
    }
    saying->len += (size_t)n;
}

static enum bundle_state
state_of(const struct boot_ask *ask, enum hash bank, const struct bundle_record *record,
         uint16_t set)
{
    const struct rulebook_ref *refs = NULL;
    size_t n = rulebook_find(ask->book, bank, record->digest, &refs);

    for (size_t i = 0; i < n; i++) {
        if (refs[i].set == set && refs[i].release == record->release) {
            return rulebook_state(ask->book, &refs[i], ask->now_s);
        }
    }
    return record->state;
}

static void
say_record(struct saying *saying, const struct bundle *bundle, const struct bundle_record *record,
           enum bundle_state state)
{
    const char *before = saying->len > 0 ? ", " : "";
    struct bytes label = record->label == BUNDLE_NONE ? BYTES_NULL : bundle->labels[record->label];
    char digits[2 * HASH_SIZE_MAX + 1];

    (void)hex_write(digits, record->digest);
    digits[DIGITS_SHOWN] = '\0';
    if (record->release != BUNDLE_NONE) {
        const struct bundle_release *release = &bundle->releases[record->release];

        say(saying, "%s%.*s %.*s %s (%s)", before, (int)release->name.len,
            (const char *)release->name.p, (int)release->version.len,
            (const char *)release->version.p, digits, bundle_state_name(state));
    } else {
        say(saying, "%s%s%s%.*s", before, digits, label.len ? " " : "", (int)label.len,
            (const char *)label.p);
    }
}

/* The values of a set that may pass now. */
static void
say_set(struct saying *saying, const struct boot_ask *ask, enum hash bank, uint16_t index)
{
    const struct bundle *bundle = rulebook_bundle(ask->book);
    const struct bundle_set *set = &bundle->sets[index];
    const struct bundle_table *table = bundle_set_table(set, bank);

    if (!table) {
        say(saying, "%s@%.*s", saying->len > 0 ? ", " : "", (int)set->name.len,
            (const char *)set->name.p);
        return;
    }
    for (size_t i = 0; i < table->n && saying->left_out == 0; i++) {
        struct bundle_record record = bundle_table_at(table, i);
        enum bundle_state state = state_of(ask, bank, &record, index);

        if (state == BUNDLE_ACTIVE || state == BUNDLE_RETIRING) {
            say_record(saying, bundle, &record, state);
        }
    }
}

static bool
has_sets(enum bundle_verb verb)
{
    enum verb_args args = bundle_verb_args(verb);

    return verb != VERB_NOT_IN && (args == ARGS_SET || args == ARGS_LIST);
}

void
boot_say_expected(const struct boot_ask *ask, const struct bundle_rule *rule, char *room,
                  size_t cap)
{
    const struct bundle *bundle = rulebook_bundle(ask->book);
    enum hash bank = bundle->policies[ask->policy].quote.bank;
    struct saying saying = {.room = room, .cap = cap};

    room[0] = '\0';
    if (rule->verb == VERB_POLICY) {
        struct bytes name = bundle->imas[bundle->args[rule->first_arg].index].list.name;

        say(&saying, "a file that ima/%.*s lets pass", (int)name.len, (const char *)name.p);
        return;
    }
    for (size_t i = 0; i < rule->n_args; i++) {
        const struct bundle_arg *arg = &bundle->args[rule->first_arg + i];

        if (has_sets(rule->verb) && arg->index != BUNDLE_NONE) {
            say_set(&saying, ask, bank, arg->index);
        } else if (arg->text.len > 0) {
            say(&saying, "%s%.*s", saying.len > 0 ? " " : "", (int)arg->text.len,
                (const char *)arg->text.p);
        }
    }
    if (saying.len == 0) {
        say(&saying, "%s", bundle_verb_name(rule->verb));
    }
}
