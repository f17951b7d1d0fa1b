#include "front/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int
timers_init(struct timers *timers, size_t cap)
{
    timers->heap = calloc(cap, sizeof(struct timer *));
    timers->cap = timers->heap ? cap : 0;
    timers->n = 0;
    return timers->heap ? 0 : -ENOMEM;
}

void
timers_done(struct timers *timers)
{
    free(timers->heap);
    timers->heap = NULL;
    timers->n = timers->cap = 0;
}

static void
place(struct timers *timers, size_t i, struct timer *timer)
{
    timers->heap[i] = timer;
    timer->at = i + 1;
}

static void
sift_up(struct timers *timers, size_t i, struct timer *timer)
{
    while (i > 0 && timers->heap[(i - 1) / 2]->due_ms > timer->due_ms) {
        place(timers, i, timers->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(timers, i, timer);
}

static void
sift_down(struct timers *timers, size_t i, struct timer *timer)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= timers->n) {
            break;
        }
        if (child + 1 < timers->n &&
            timers->heap[child + 1]->due_ms < timers->heap[child]->due_ms) {
            child++;
        }
        if (timers->heap[child]->due_ms >= timer->due_ms) {
            break;
        }
        place(timers, i, timers->heap[child]);
        i = child;
    }
    place(timers, i, timer);
}

static void
take_out(struct timers *timers, struct timer *timer)
{
    size_t i = timer->at - 1;
    struct timer *last = timers->heap[--timers->n];

    timer->at = 0;
    if (last != timer) {
        sift_up(timers, i, last);
        sift_down(timers, last->at - 1, last);
    }
}

void
timer_set(struct timers *timers, struct timer *timer, uint64_t due_ms)
{
    if (timer->at && due_ms == TIMER_NEVER) {
        take_out(timers, timer);
        return;
    }
    if (due_ms == TIMER_NEVER) {
        return;
    }
    timer->due_ms = due_ms;
    if (!timer->at) {
        assert(timers->n < timers->cap);
        sift_up(timers, timers->n++, timer);
        return;
    }
    sift_up(timers, timer->at - 1, timer);
    sift_down(timers, timer->at - 1, timer);
}

struct timer *
timers_first(const struct timers *timers)
{
    return timers->n ? timers->heap[0] : NULL;
}
