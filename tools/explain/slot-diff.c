#include "explain/slot-diff.h"

#include <errno.h>
#include <stdlib.h>

#include "align.h"

/* The events of one log in one slot, in their order. */
struct lane {
    size_t n;
    const struct event *events[LIMIT_EVENTS];
};

/* One slot of both logs in work. */
struct comparing {
    struct lane before, after;
    size_t bank_before, bank_after;
    enum slot slot;
    size_t first; /* of the slot's items */
    struct slot_diff *ret;
};

const char *
slot_change_name(enum slot_change change)
{
    static const char *const names[] = {"changed", "added", "removed", "moved"};

    return names[change];
}

static void
fill(const struct slot_side *side, enum slot slot, size_t bank, struct lane *lane)
{
    lane->n = 0;
    for (size_t i = 0; bank < side->log->n_banks && i < side->map->n; i++) {
        const struct slot_event *at = &side->map->events[i];

        if (at->slot == slot && !(at->flags & SLOT_ECHO)) {
            lane->events[lane->n++] = &side->log->events[i];
        }
    }
}

static bool
same(const void *context, size_t i, size_t j)
{
    const struct comparing *c = context;
    const struct event *before = c->before.events[i];
    const struct event *after = c->after.events[j];

    /* a slot may lie in several PCRs: in another one it is another measurement */
    return before->pcr == after->pcr &&
           bytes_equal(before->digest[c->bank_before], after->digest[c->bank_after]);
}

static bool
same_pcr(const void *context, size_t i, size_t j)
{
    const struct comparing *c = context;

    return c->before.events[i]->pcr == c->after.events[j]->pcr;
}

static void
add(struct comparing *c, struct slot_diff_item item)
{
    struct slot_diff *ret = c->ret;

    ret->n_changed++;
    ret->changed[c->slot]++;
    if (ret->n < SLOT_DIFF_MAX) {
        ret->items[ret->n++] = item;
    }
}

static void
on_step(void *context, enum align_step step, size_t i, size_t j)
{
    static const enum slot_change changes[] = {
        [ALIGN_CHANGED] = SLOT_CHANGED, [ALIGN_REMOVED] = SLOT_REMOVED, [ALIGN_ADDED] = SLOT_ADDED};
    struct comparing *c = context;

    if (step == ALIGN_SAME) {
        c->ret->same[c->slot]++;
        return;
    }
    add(c, (struct slot_diff_item){
               .change = changes[step],
               .slot = c->slot,
               .before = step == ALIGN_ADDED ? NULL : c->before.events[i],
               .after = step == ALIGN_REMOVED ? NULL : c->after.events[j],
           });
}

static bool
is_move(const struct comparing *c, const struct slot_diff_item *gone,
        const struct slot_diff_item *come)
{
    return gone->change == SLOT_REMOVED && come->change == SLOT_ADDED &&
           gone->before->pcr == come->after->pcr &&
           bytes_equal(gone->before->digest[c->bank_before], come->after->digest[c->bank_after]);
}

static void
take_out(struct slot_diff *ret, size_t at)
{
    memmove(&ret->items[at], &ret->items[at + 1], (ret->n - at - 1) * sizeof(ret->items[0]));
    ret->n--;
}

/* What went at one place and came at another is one change. */
static void
join_moves(struct comparing *c)
{
    struct slot_diff *ret = c->ret;

    for (size_t i = c->first; i < ret->n; i++) {
        for (size_t j = c->first; j < ret->n; j++) {
            if (is_move(c, &ret->items[i], &ret->items[j])) {
                ret->items[i].change = SLOT_MOVED;
                ret->items[i].after = ret->items[j].after;
                ret->changed[c->slot]--;
                ret->n_changed--;
                take_out(ret, j);
                i -= j < i;
                break;
            }
        }
    }
}

static int
compare(struct comparing *c)
{
    const struct align_ask ask = {
        .n_a = c->before.n,
        .n_b = c->after.n,
        .context = c,
        .same = same,
        .becomes = same_pcr,
        .tell = on_step,
    };
    int r = align(&ask);

    if (r == 0) {
        join_moves(c);
    }
    return r;
}

int
slot_diff(const struct slot_side *before, const struct slot_side *after, enum hash bank,
          struct slot_diff *ret)
{
    CLEANUP(free_p) struct comparing *c = calloc(1, sizeof(*c));
    int r = c ? 0 : -ENOMEM;

    *ret = (struct slot_diff){.n = 0};
    for (enum slot slot = SLOT_NONE + 1; r == 0 && slot < SLOT_N; slot++) {
        c->ret = ret;
        c->slot = slot;
        c->first = ret->n;
        c->bank_before = event_log_bank(before->log, bank);
        c->bank_after = event_log_bank(after->log, bank);
        fill(before, slot, c->bank_before, &c->before);
        fill(after, slot, c->bank_after, &c->after);
        ret->n_before += c->before.n;
        ret->n_after += c->after.n;
        r = compare(c);
    }
    return r;
}
