#include "policy/learn-lesson.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hex.h"
#include "wire/bundle-part.h"

/* What a boot must show of itself beside its firmware and what that loads for its own use. */
static const enum slot code[] = {SLOT_BOOT_IMAGES, SLOT_BOOT_KERNEL, SLOT_BOOT_INITRD, SLOT_UKI};

/* What makes two boots one release of the operating system. */
static const enum slot release[] = {SLOT_BOOT_IMAGES, SLOT_BOOT_KERNEL, SLOT_BOOT_INITRD,
                                    SLOT_BOOT_DTB,    SLOT_UKI,         SLOT_UKI_ADDON,
                                    SLOT_UKI_SYSEXT};

/* Adds what facts_events() listed of a log, in its order, with the labels that it leaves out. */
static void
add_events(const struct lesson *lesson, const struct event_log *log,
           const struct slot_event *placed, size_t n, const struct rule_event **listed,
           struct lesson_boot *boot)
{
    for (size_t i = 0; i < n; i++) {
        const struct rule_event *rule = *listed;

        if (placed[i].slot == SLOT_NONE || placed[i].flags & SLOT_ECHO) {
            continue;
        }
        (*listed)++;
        if (rule->pcr < 32 && lesson->options->pcrs >> rule->pcr & 1) {
            boot->events[boot->n++] = (struct lesson_event){*rule, log->events[i].label,
                                                            (placed[i].flags & SLOT_BY_LABEL) != 0};
            boot->counts[rule->slot]++;
        }
    }
}

static int
read_boot(const struct lesson *lesson, const struct learn_boot *from, struct rule_event *room,
          struct lesson_boot *boot)
{
    const struct rule_event *listed = room;
    size_t n = facts_events(from->facts, from->log, from->userspace, from->map,
                            lesson->options->bank, room);

    facts_input(from->facts, &boot->input);
    boot->events = calloc(n + 1, sizeof(*boot->events));
    if (!boot->events) {
        return -ENOMEM;
    }
    add_events(lesson, from->log, from->map->events, from->map->n, &listed, boot);
    if (from->userspace) {
        add_events(lesson, from->userspace, from->map->userspace, from->map->n_userspace, &listed,
                   boot);
    }
    return 0;
}

bool
lesson_tells_of_code(const struct lesson_boot *boot)
{
    for (size_t i = 0; i < ARRAY_LEN(code); i++) {
        if (boot->counts[code[i]] > 0) {
            return true;
        }
    }
    return false;
}

static bool
same_release(const struct lesson_boot *a, const struct lesson_boot *b)
{
    for (size_t i = 0; i < ARRAY_LEN(release); i++) {
        if (!lesson_same(a, b, release[i])) {
            return false;
        }
    }
    return true;
}

static void
find_releases(struct lesson *lesson)
{
    for (size_t i = 0; i < lesson->n_boots; i++) {
        size_t k = 0;

        while (k < i && !same_release(&lesson->boots[k], &lesson->boots[i])) {
            k++;
        }
        lesson->boots[i].release = k < i ? lesson->boots[k].release : lesson->n_releases++;
    }
}

int
lesson_read(struct lesson *lesson, const struct learn_options *options,
            const struct learn_boot *boots, size_t n, size_t *ret_boot)
{
    struct rule_event *room = calloc(RULE_EVENTS_MAX, sizeof(*room));
    int r = room ? 0 : -ENOMEM;

    lesson->options = options;
    lesson->n_boots = n;
    for (size_t i = 0; i < n && r == 0; i++) {
        *ret_boot = i;
        if (event_log_bank(boots[i].log, options->bank) == boots[i].log->n_banks) {
            r = LEARN_E_BANK;
        } else {
            r = read_boot(lesson, &boots[i], room, &lesson->boots[i]);
        }
    }
    if (r == 0) {
        find_releases(lesson);
    }
    free(room);
    return r;
}

void
lesson_done(struct lesson *lesson)
{
    for (size_t i = 0; i < lesson->n_boots; i++) {
        free(lesson->boots[i].events);
    }
}

const struct lesson_event *
lesson_next(const struct lesson_boot *boot, enum slot slot, size_t *at)
{
    while (*at < boot->n) {
        const struct lesson_event *event = &boot->events[(*at)++];

        if (event->rule.slot == slot) {
            return event;
        }
    }
    return NULL;
}

size_t
lesson_least(const struct lesson *lesson, enum slot slot)
{
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        least = lesson->boots[i].counts[slot] < least ? lesson->boots[i].counts[slot] : least;
    }
    return least;
}

size_t
lesson_most(const struct lesson *lesson, enum slot slot)
{
    size_t most = 0;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        most = lesson->boots[i].counts[slot] > most ? lesson->boots[i].counts[slot] : most;
    }
    return most;
}

bool
lesson_has(const struct lesson *lesson, enum slot slot)
{
    return lesson_most(lesson, slot) > 0;
}

bool
lesson_same(const struct lesson_boot *a, const struct lesson_boot *b, enum slot slot)
{
    const struct lesson_event *event;
    const struct lesson_event *other;
    size_t at_b = 0;

    for (size_t at = 0; (event = lesson_next(a, slot, &at)) != NULL;) {
        other = lesson_next(b, slot, &at_b);
        if (!other || !bytes_equal(event->rule.digest, other->rule.digest)) {
            return false;
        }
    }
    return !lesson_next(b, slot, &at_b);
}

bool
lesson_alike(const struct lesson *lesson, enum slot slot)
{
    for (size_t i = 1; i < lesson->n_boots; i++) {
        if (!lesson_same(&lesson->boots[0], &lesson->boots[i], slot)) {
            return false;
        }
    }
    return true;
}

bool
lesson_verified(const struct lesson *lesson, enum slot slot)
{
    const struct lesson_event *event;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        for (size_t at = 0; (event = lesson_next(&lesson->boots[i], slot, &at)) != NULL;) {
            if (!event->rule.verified) {
                return false;
            }
        }
    }
    return true;
}

bool
lesson_holds(const struct lesson_boot *boot, enum slot slot, struct bytes digest)
{
    const struct lesson_event *event;

    for (size_t at = 0; (event = lesson_next(boot, slot, &at)) != NULL;) {
        if (bytes_equal(event->rule.digest, digest)) {
            return true;
        }
    }
    return false;
}

bool
lesson_is_new(const struct lesson *lesson, size_t i, const struct lesson_event *event)
{
    for (const struct lesson_event *e = lesson->boots[i].events; e < event; e++) {
        if (e->rule.slot == event->rule.slot && bytes_equal(e->rule.digest, event->rule.digest)) {
            return false;
        }
    }
    for (size_t k = 0; k < i; k++) {
        if (lesson_holds(&lesson->boots[k], event->rule.slot, event->rule.digest)) {
            return false;
        }
    }
    return true;
}

struct bytes
lesson_word(const struct lesson *lesson, enum slot slot)
{
    struct bytes word = lesson->boots[0].input.words[slot];

    for (size_t i = 1; i < lesson->n_boots; i++) {
        if (!bytes_equal(word, lesson->boots[i].input.words[slot])) {
            return BYTES_NULL;
        }
    }
    return word;
}

size_t
lesson_without(const struct lesson *lesson, enum slot slot, const char *word)
{
    size_t n = 0;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        n += !bytes_equal(lesson->boots[i].input.words[slot], bytes_str(word));
    }
    return n;
}

static bool
any_by_label(const struct lesson *lesson, enum slot slot)
{
    const struct lesson_event *event;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        for (size_t at = 0; (event = lesson_next(&lesson->boots[i], slot, &at)) != NULL;) {
            if (event->by_label) {
                return true;
            }
        }
    }
    return false;
}

/* "2 events on each of 3 boots, alike" */
static void
write_seen(const struct lesson *lesson, enum slot slot)
{
    size_t least = lesson_least(lesson, slot);
    size_t most = lesson_most(lesson, slot);
    size_t without = 0;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        without += lesson->boots[i].counts[slot] == 0;
    }
    if (most == 0) {
        fprintf(lesson->rules, "  # none on %s%zu boot%s", lesson->n_boots > 1 ? "any of " : "",
                lesson->n_boots, lesson->n_boots > 1 ? "s" : "");
        return;
    }
    fprintf(lesson->rules, "  # ");
    if (least == most) {
        fprintf(lesson->rules, "%zu event%s", most, most > 1 ? "s" : "");
    } else {
        fprintf(lesson->rules, "%zu to %zu events", least, most);
    }
    if (lesson->n_boots == 1) {
        fprintf(lesson->rules, " on 1 boot");
        return;
    }
    fprintf(lesson->rules, " on each of %zu boots, %s", lesson->n_boots,
            lesson_alike(lesson, slot) ? "alike" : "which differ");
    if (without > 0) {
        fprintf(lesson->rules, " (%zu %s none)", without, without > 1 ? "have" : "has");
    }
}

void
lesson_rule(struct lesson *lesson, const char *id, enum slot slot, const char *more)
{
    if (slot_table(slot)->flags & SLOT_F_VIRTUAL) {
        fprintf(lesson->rules, "  # %zu boot%s", lesson->n_boots, lesson->n_boots > 1 ? "s" : "");
    } else {
        write_seen(lesson, slot);
    }
    if (any_by_label(lesson, slot)) {
        fprintf(lesson->rules, "; in this slot by a label that nothing verifies");
    }
    fprintf(lesson->rules, "%s%s\n  rule %s : %s ", more ? "; " : "", more ? more : "", id,
            slot_table(slot)->name);
}

/* A word that the language reads as one as it stands: none of those that begin a line of a block.
 */
static bool
is_plain(struct bytes word)
{
    static const char *const begin[] = {"require", "bind",  "allow", "deny",
                                        "other",   "words", "expect"};

    for (size_t i = 0; i < ARRAY_LEN(begin); i++) {
        if (bytes_equal(word, bytes_str(begin[i]))) {
            return false;
        }
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!part_is_name(bytes_of(word.p + i, 1)) && !strchr("=,*@[]()!{}", word.p[i])) {
            return false;
        }
    }
    return word.len > 1 || (word.len == 1 && !strchr("{}", word.p[0]));
}

void
lesson_text(FILE *out, struct bytes word)
{
    const char *quote = is_plain(word) ? "" : "\"";

    fprintf(out, "%s%.*s%s", quote, (int)word.len, (const char *)word.p, quote);
}
