#include "explain/explain-announced.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/store-announced.h"
#include "wire/announce.h"

struct looking {
    const struct explain_case *c;
    struct announce *announce;
    struct explain_announced *ret;
    int r;
};

static bool
has_value(const struct looking *looking)
{
    const struct rule_event *event = looking->c->has_cause ? looking->c->cause.event : NULL;
    bool any = false;

    for (size_t i = 0; event && i < looking->announce->n_events; i++) {
        const struct announce_event *at = &looking->announce->events[i];

        any = any || (at->pcr == event->pcr &&
                      bytes_equal(at->digests[looking->c->quoted.bank], event->digest));
    }
    return any;
}

/* The one that was heard last stands in for others of the same value. */
static bool
on_row(void *context, const struct store_announced *row)
{
    struct looking *looking = context;
    const struct announce *announce = looking->announce;
    struct explain_announced *ret = looking->ret;

    if (announce_read(bytes_of(row->body, row->body_len), looking->announce, NULL) != 0) {
        looking->r = -EIO; /* it was read before it was put: somebody wrote to the file */
        return false;
    }
    ret->standing++;
    if (has_value(looking)) {
        ret->found = true;
        ret->heard_ms = row->heard_ms;
        snprintf(ret->component, sizeof(ret->component), "%s", row->component);
        snprintf(ret->version, sizeof(ret->version), "%.*s", (int)announce->version.len,
                 (const char *)announce->version.p);
    }
    return true;
}

int
explain_announced(const struct explain_case *c, struct explain_announced *ret)
{
    const struct store_moment moment = {(int64_t)c->now_s * 1000, c->last.era, c->last.reset_count};
    CLEANUP(free_p) struct announce *announce = malloc(sizeof(*announce));
    struct looking looking = {.c = c, .announce = announce, .ret = ret};
    int r;

    *ret = (struct explain_announced){.standing = 0};
    if (!c->has_last) {
        return 0; /* who has passed never is not listened to */
    }
    r = announce ? store_announced_each(c->store, c->device.id, &moment, on_row, &looking)
                 : -ENOMEM;
    return r == 0 ? looking.r : r;
}
