#include "appraise/event-from.h"

struct event_from
event_from_log(struct bytes body, const struct evlog *log, struct event_log *ret_head)
{
    struct event_from from = {.body = body};

    for (size_t i = 0; i < log->n_banks; i++) {
        if (log->bank[i].hash != HASH_N) {
            from.place[from.n_banks] = i;
            ret_head->banks[from.n_banks++] = log->bank[i].hash;
        }
    }
    ret_head->n_banks = from.n_banks;
    return from;
}

static enum bound
bound_of(const struct evdata *evdata)
{
    static const enum bound map[] = {
        [EVDATA_UNKNOWN] = BOUND_UNKNOWN,
        [EVDATA_BOUND] = BOUND_TRUE,
        [EVDATA_MISMATCH] = BOUND_FALSE,
    };

    return map[evdata->bound];
}

/* Offset of a view in the body; one of no bytes may point anywhere. */
static uint32_t
offset_of(struct bytes body, struct bytes view)
{
    return view.len > 0 ? (uint32_t)((uintptr_t)view.p - (uintptr_t)body.p) : 0;
}

void
event_from(const struct event_from *from, const struct evlog_event *event,
           const struct evdata *evdata, struct event *ret)
{
    struct event out = {.index = event->index, .type = event->type, .pcr = UINT32_MAX};

    if (evlog_extends(event)) {
        out.pcr = event->pcr;
    }
    out.bound = bound_of(evdata);
    out.data_offset = offset_of(from->body, event->data);
    out.data_length = (uint32_t)event->data.len;
    out.offset = out.data_offset;
    out.length = out.data_length;
    if (out.bound == BOUND_TRUE) {
        out.offset =
            evdata->vouched.len > 0 ? offset_of(from->body, evdata->vouched) : out.data_offset;
        out.length = (uint32_t)evdata->vouched.len;
    }
    for (size_t i = 0; i < from->n_banks && event->n_digests > 0; i++) {
        out.digest[i] = event->digest[from->place[i]];
    }
    *ret = out;
}
