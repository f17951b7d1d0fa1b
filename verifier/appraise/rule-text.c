/* Verbs that read text. A text that its digest does not bind passes none of them. */
#include "appraise/glob.h"
#include "appraise/kernel-args.h"
#include "appraise/rule-verb.h"

static const struct rule_event *
verified(struct judging *j, uint32_t event)
{
    const struct rule_event *of = &j->input->events[event];

    if (!of->verified) {
        judging_note(j, OUTCOME_UNKNOWN, event, BYTES_NULL);
        return NULL;
    }
    return of;
}

static const struct bundle_item *
item_at(const struct judging *j, const struct bundle_list *list, size_t i)
{
    return &j->bundle->items[list->first_item + i];
}

/* A fact that appraisal found, or the text of every event of the slot. Without either nothing is
 * known, whatever count allows: Secure Boot that nobody measured is not on. */
void
verb_is(struct judging *j)
{
    struct bytes word = judging_arg(j, 0)->text;
    struct bytes fact = j->input->words[j->slot];
    uint32_t i = judging_first(j);

    if (fact.p) {
        bool setup = j->slot == SLOT_SB_MODE && bytes_equal(fact, bytes_str("setup"));

        judging_note(j,
                     bytes_equal(fact, word) ? OUTCOME_PASSED
                     : setup                 ? OUTCOME_DENIED
                                             : OUTCOME_UNKNOWN,
                     i, fact);
        return;
    }
    if (i == RULE_NO_EVENT) {
        judging_note(j, OUTCOME_UNAVAILABLE, RULE_NO_EVENT, BYTES_NULL);
    }
    for (; i != RULE_NO_EVENT; i = judging_next(j, i)) {
        const struct rule_event *event = verified(j, i);

        if (event && !bytes_equal(event->text, word)) {
            judging_note(j, OUTCOME_UNKNOWN, i, event->text);
        }
    }
}

void
verb_match(struct judging *j)
{
    struct bytes glob = judging_arg(j, 0)->text;

    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        const struct rule_event *event = verified(j, i);

        if (event && !glob_match(glob, event->text, GLOB_PLAIN)) {
            judging_note(j, OUTCOME_UNKNOWN, i, event->text);
        }
    }
}

/* The item that decides on a word, or NULL: a denied one beats all, so that nothing allowed can be
 * written around it. Marks each item that the word fits. */
static const struct bundle_item *
item_of_word(const struct judging *j, const struct bundle_list *list, struct bytes word, bool *seen)
{
    const struct bundle_item *best = NULL;

    for (size_t i = 0; i < list->n_items; i++) {
        const struct bundle_item *item = item_at(j, list, i);

        if (glob_match(item->text, word, GLOB_PARAMETER)) {
            seen[i] = true;
            best = !best || item->kind == ITEM_DENY ? item : best;
        }
    }
    return best;
}

/* The value of a hole: as pinned, or learnt where nothing is pinned. */
static void
judge_bind(struct judging *j, uint32_t event, const struct bundle_item *item,
           const struct kernel_arg *arg)
{
    struct bytes name;
    struct bytes value;
    bool kept;

    if (!glob_hole(item->text, arg->word, GLOB_PARAMETER, &name, &value) || !name.p) {
        return;
    }
    kept = judging_keep(j, &value); /* the word ends with its line */
    if (kept) {
        judging_show(j, name, value);
    }
    if (j->input->may_pin && !judging_has_pins(j, name) && !kept) {
        judging_note(j, OUTCOME_UNKNOWN, event, arg->raw);
    } else if (!judging_learn(j, name, value, event) && !judging_pinned(j, name, value)) {
        judging_note(j, OUTCOME_CHANGED, event, arg->raw);
    }
}

static void
judge_word(struct judging *j, uint32_t event, const struct bundle_list *list,
           const struct kernel_arg *arg, bool *seen)
{
    const struct bundle_item *item = item_of_word(j, list, arg->word, seen);

    if (arg->too_long) {
        judging_note(j, OUTCOME_UNKNOWN, event, arg->raw);
    } else if (!item) {
        judging_note_as(j, OUTCOME_UNKNOWN, list->otherwise, event, arg->raw);
    } else if (item->kind == ITEM_DENY) {
        judging_note(j, OUTCOME_DENIED, event, arg->raw);
    } else if (item->kind == ITEM_BIND) {
        judge_bind(j, event, item, arg);
    }
}

/* Every word of one line, then what must stand in it. */
static void
judge_line(struct judging *j, uint32_t event, const struct bundle_list *list, struct bytes line)
{
    bool seen[LIMIT_BUNDLE_ITEMS] = {false};
    struct kernel_arg arg;

    while (kernel_args_next(&line, &arg)) {
        judge_word(j, event, list, &arg, seen);
    }
    for (size_t i = 0; i < list->n_items; i++) {
        const struct bundle_item *item = item_at(j, list, i);

        if (!seen[i] && (item->kind == ITEM_REQUIRE || item->kind == ITEM_BIND)) {
            judging_note(j, OUTCOME_MISSING, event, item->text);
        }
    }
}

void
verb_tokens(struct judging *j)
{
    const struct bundle_list *list = &j->bundle->cmdlines[judging_arg(j, 0)->index];

    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        const struct rule_event *event = verified(j, i);

        if (event) {
            judge_line(j, i, list, event->text);
        }
    }
}

/* Word by word; a last `*` takes all that follows. */
static bool
form_fits(struct bytes form, struct bytes command)
{
    struct bytes glob;
    struct bytes word;

    for (;;) {
        bool more = glob_word(&form, &glob);
        struct bytes behind = form;
        struct bytes next;

        if (more && bytes_equal(glob, bytes_str("*")) && !glob_word(&behind, &next)) {
            return true;
        }
        if (glob_word(&command, &word) != more) {
            return false;
        }
        if (!more) {
            return true;
        }
        if (!glob_match(glob, word, GLOB_PLAIN)) {
            return false;
        }
    }
}

/* A command whose first word has forms runs only in one of them; else its word must be allowed. */
static bool
command_is_allowed(const struct judging *j, const struct bundle_list *list, struct bytes command)
{
    struct bytes rest = command;
    struct bytes first;
    bool allowed = false;
    bool formed = false;

    if (!glob_word(&rest, &first)) {
        return true;
    }
    for (size_t i = 0; i < list->n_items; i++) {
        const struct bundle_item *item = item_at(j, list, i);
        struct bytes form = item->text;
        struct bytes word;

        if (item->kind == ITEM_WORD) {
            allowed = allowed || bytes_equal(item->text, first);
        } else if (glob_word(&form, &word) && bytes_equal(word, first)) {
            if (form_fits(item->text, command)) {
                return true;
            }
            formed = true;
        }
    }
    return allowed && !formed;
}

void
verb_commands(struct judging *j)
{
    const struct bundle_list *list = &j->bundle->grubcmds[judging_arg(j, 0)->index];

    for (uint32_t i = judging_first(j); i != RULE_NO_EVENT; i = judging_next(j, i)) {
        const struct rule_event *event = verified(j, i);

        if (event && !command_is_allowed(j, list, event->text)) {
            judging_note_as(j, OUTCOME_UNKNOWN, list->otherwise, i, event->text);
        }
    }
}
