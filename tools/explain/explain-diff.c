#include "explain/explain-diff.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "explain/slot-diff.h"
#include "explain/tell.h"

/* So that no boot is too much to be told. */
enum { TEXTS_TOLD = 8, WORDS_TOLD = 16, WORD_SHOWN = 128 };

struct both {
    struct slot_map before, after;
    struct slot_diff diff;
};

/* Whether a rule of the policy looks at what the slot holds; `any` does not. Reference events look
 * at all. */
static bool
is_asked(const struct explain_case *c, enum slot slot)
{
    for (size_t i = 0; c->row && i < c->row->n_rules; i++) {
        if (rulebook_slot(c->bundle.book, c->row->first_rule + i) == slot &&
            explain_case_rule(c, i)->verb != VERB_ANY) {
            return true;
        }
    }
    return c->chosen.choice == BUNDLE_CHOICE_NONE;
}

static void
tell_slots(struct json_wr *j, const struct explain_case *c, const struct slot_diff *diff)
{
    json_wr_key(j, "slots");
    json_wr_array(j);
    for (enum slot slot = SLOT_NONE + 1; slot < SLOT_N; slot++) {
        if (diff->same[slot] + diff->changed[slot] > 0) {
            json_wr_object(j);
            tell_text(j, "slot", slot_table(slot)->name);
            tell_int(j, "same", diff->same[slot]);
            tell_int(j, "changed", diff->changed[slot]);
            tell_bool(j, "asked", is_asked(c, slot));
            json_wr_end_object(j);
        }
    }
    json_wr_end_array(j);
}

static void
tell_event(struct json_wr *j, const char *key, const struct event_log *log,
           const struct event *event, enum hash bank)
{
    json_wr_key(j, key);
    if (!event) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    tell_int(j, "event", event->index);
    tell_hex(j, "digest", event->digest[event_log_bank(log, bank)]);
    tell_view(j, "label", event->label);
    json_wr_end_object(j);
}

/* ---- words of a command line ---- */

static struct bytes
next_word(struct bytes *rest)
{
    struct bytes word;
    size_t n = 0;

    while (rest->len > 0 && rest->p[0] == ' ') {
        *rest = bytes_of(rest->p + 1, rest->len - 1);
    }
    while (n < rest->len && rest->p[n] != ' ') {
        n++;
    }
    word = bytes_of(rest->p, n);
    *rest = bytes_of(rest->p + n, rest->len - n);
    return word;
}

static bool
has_word(struct bytes text, struct bytes word)
{
    struct bytes at = next_word(&text);

    while (at.len > 0 && !bytes_equal(at, word)) {
        at = next_word(&text);
    }
    return at.len > 0;
}

/* Words of a that b has not. */
static void
tell_words(struct json_wr *j, const char *key, struct bytes a, struct bytes b)
{
    char room[TEXT_QUOTED_ROOM(WORD_SHOWN)];
    size_t left = WORDS_TOLD;

    json_wr_key(j, key);
    json_wr_array(j);
    for (struct bytes word = next_word(&a); word.len > 0 && left > 0; word = next_word(&a)) {
        if (!has_word(b, word)) {
            json_wr_str(j, text_escaped(room, sizeof(room), word));
            left--;
        }
    }
    json_wr_end_array(j);
}

/* Where both texts are what was measured, and are of words. */
static void
tell_texts(struct json_wr *j, const struct explain_case *c, const struct slot_diff_item *item,
           size_t *left)
{
    bool words = item->slot == SLOT_BOOT_CMDLINE && item->change == SLOT_CHANGED && *left > 0;
    struct bytes before = words ? event_text(&c->accepted.read.log, item->before) : BYTES_NULL;
    struct bytes after = words ? event_text(&c->firmware.read.log, item->after) : BYTES_NULL;

    if (before.len > 0 && after.len > 0 && !memchr(before.p, 0, before.len - 1) &&
        !memchr(after.p, 0, after.len - 1)) {
        tell_words(j, "words_before", before, after);
        tell_words(j, "words_after", after, before);
        (*left)--;
    } else {
        tell_null(j, "words_before");
        tell_null(j, "words_after");
    }
}

static void
tell_change(struct json_wr *j, const struct explain_case *c, const struct slot_diff_item *item,
            size_t *left)
{
    const struct event *one = item->after ? item->after : item->before;

    json_wr_object(j);
    tell_text(j, "slot", slot_table(item->slot)->name);
    tell_int(j, "pcr", one->pcr);
    tell_text(j, "change", slot_change_name(item->change));
    tell_event(j, "before", &c->accepted.read.log, item->before, c->quoted.bank);
    tell_event(j, "after", &c->firmware.read.log, item->after, c->quoted.bank);
    tell_texts(j, c, item, left);
    json_wr_end_object(j);
}

static void
tell_diff(struct json_wr *j, const struct explain_case *c, const struct slot_diff *diff)
{
    size_t left = TEXTS_TOLD;

    json_wr_object(j);
    tell_int(j, "before", diff->n_before);
    tell_int(j, "after", diff->n_after);
    tell_int(j, "changed", diff->n_changed);
    tell_slots(j, c, diff);
    json_wr_key(j, "changes");
    json_wr_array(j);
    for (size_t i = 0; i < diff->n; i++) {
        tell_change(j, c, &diff->items[i], &left);
    }
    json_wr_end_array(j);
    json_wr_end_object(j);
}

/* Slots as the judge has them: files of PCR 9 by their digests first. */
static int
place(const struct explain_case *c, const struct event_log *log, struct slot_map *map)
{
    int r = slots_assign(c->hasher, log, NULL, c->quoted, map);

    if (r == 0 && c->row) {
        settle_files(c->bundle.book, c->chosen.policy, log, c->quoted.bank, map);
    }
    return r;
}

int
explain_diff(struct json_wr *j, const struct explain_case *c)
{
    CLEANUP(free_p) struct both *both = c->has_accepted ? malloc(sizeof(*both)) : NULL;
    struct slot_side before = {&c->accepted.read.log, NULL};
    struct slot_side after = {&c->firmware.read.log, NULL};
    int r;

    json_wr_key(j, "diff");
    if (!c->has_accepted) {
        json_wr_null(j);
        return 0;
    }
    if (!both) {
        return -ENOMEM;
    }
    before.map = &both->before;
    after.map = &both->after;
    r = place(c, before.log, &both->before);
    r = r == 0 ? place(c, after.log, &both->after) : r;
    r = r == 0 ? slot_diff(&before, &after, c->quoted.bank, &both->diff) : r;
    if (r == 0) {
        tell_diff(j, c, &both->diff);
    }
    return r;
}
