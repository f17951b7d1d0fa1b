#include "rejudge/rejudge-walk.h"

#include <stdio.h>

enum { PROGRESS_EACH = 256 };

struct walking {
    struct rejudge *rejudge;
    const struct rejudge_walk *walk;
    struct rejudge_tally *tally;
    int r;
};

static void
count(struct rejudge_tally *tally, const struct rejudge_result *result)
{
    tally->members++;
    if (result->why != REJUDGE_JUDGED) {
        tally->others[result->why]++;
        return;
    }
    tally->judged++;
    tally->same += result->change == REJUDGE_SAME;
    tally->better += result->change == REJUDGE_BETTER;
    tally->worse += result->change == REJUDGE_WORSE;
    tally->fails += result->fails;
}

static void
progress(const struct walking *walking)
{
    if (walking->walk->progress && walking->tally->members % PROGRESS_EACH == 0) {
        fprintf(stderr, "\r%llu members", (unsigned long long)walking->tally->members);
    }
}

static bool
on_device(void *context, const struct store_device *device)
{
    struct walking *walking = context;
    const struct rejudge_walk *walk = walking->walk;
    struct rejudge_result result;

    if (!rejudge_member(device) ||
        (walk->class_name && strcmp(walk->class_name, device->class_name) != 0)) {
        return true;
    }
    walking->r = rejudge_judge(walking->rejudge, device, &result);
    if (walking->r < 0) {
        return false;
    }
    count(walking->tally, &result);
    progress(walking);
    if (walk->visit) {
        walk->visit(walk->context, device, &result);
    }
    return true;
}

int
rejudge_walk(struct rejudge *rejudge, const struct rejudge_ask *ask,
             const struct rejudge_walk *walk, struct rejudge_tally *tally)
{
    struct walking walking = {.rejudge = rejudge, .walk = walk, .tally = tally};
    int r = store_device_each(ask->store, on_device, &walking);

    if (walk->progress && tally->members >= PROGRESS_EACH) {
        fprintf(stderr, "\r%20s\r", "");
    }
    tally->shared = rejudge_shared(rejudge);
    return r == 0 ? walking.r : r;
}

uint64_t
rejudge_not_judged(const struct rejudge_tally *tally)
{
    return tally->members - tally->judged;
}
