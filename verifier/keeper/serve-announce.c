/* POST /announce: what a device says that a coming boot will measure. It explains a boot that is
 * not known and approves none. Taken on a connection with accepted evidence alone: whoever holds
 * the PSK in another operating system of the machine cannot say what its good one is about to boot.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "keeper/keeper.h"
#include "store/store-announced.h"
#include "wire/announce.h"

enum { NO_FORMAT = -1 };

struct standing {
    const struct announce *announce;
    struct announce *before; /* a row, read; or none of ours */
    struct bytes body;
    size_t n;                    /* of other components */
    char oldest[LIMIT_NAME + 1]; /* of these */
    bool same;                   /* this very announcement stands */
    bool known;                  /* one of this component with these digests stands */
};

/* Digests are what an announcement is about; times, version and labels are for people. */
static bool
same_events(const struct announce *a, const struct announce *b)
{
    bool same = a->n_events == b->n_events;

    for (size_t i = 0; same && i < a->n_events; i++) {
        same = a->events[i].pcr == b->events[i].pcr;
        for (size_t alg = 0; same && alg < HASH_N; alg++) {
            same = bytes_equal(a->events[i].digests[alg], b->events[i].digests[alg]);
        }
    }
    return same;
}

static bool
on_standing(void *context, const struct store_announced *row)
{
    struct standing *standing = context;

    if (bytes_equal(bytes_str(row->component), standing->announce->component)) {
        struct bytes body = bytes_of(row->body, row->body_len);

        standing->same = bytes_equal(body, standing->body);
        standing->known = announce_read(body, standing->before, NULL) == 0 &&
                          same_events(standing->before, standing->announce);
    } else if (standing->n++ == 0) {
        memcpy(standing->oldest, row->component, sizeof(standing->oldest));
    }
    return true;
}

static void
audit(struct keeper *keeper, const struct store_device *device, const struct announce *announce)
{
    char version[TEXT_QUOTED_ROOM(LIMIT_TEXT)];
    char text[STORE_AUDIT_TEXT_MAX];

    snprintf(text, sizeof(text), "%.*s %s, %zu events, for %u s", (int)announce->component.len,
             (const char *)announce->component.p,
             text_quoted(version, sizeof(version), announce->version), announce->n_events,
             announce->life_s);
    keeper_audit(keeper, "announced", device->id, "device", text);
}

/* Returns 0 or a negative errno. */
static int
keep(struct keeper *keeper, const struct store_device *device, const struct store_moment *moment,
     const struct standing *standing)
{
    const struct announce *announce = standing->announce;
    struct store_announced row = {
        .heard_ms = moment->now_ms,
        .expires_ms = moment->now_ms + (int64_t)announce->life_s * 1000,
        .era = moment->era,
        .reset_last = moment->reset_count + LIMIT_ANNOUNCED_BOOTS,
        .body_len = standing->body.len,
    };
    int r = store_announced_end(keeper->store, device->id, moment);

    memcpy(row.component, announce->component.p, announce->component.len);
    memcpy(row.body, standing->body.p, standing->body.len);
    if (r == 0 && standing->n >= LIMIT_ANNOUNCED) {
        /* a hook that names each version anew must not end all */
        r = store_announced_drop(keeper->store, device->id, standing->oldest);
        r = r == STORE_NONE ? 0 : r; /* its name was damaged: it goes with its time */
    }
    r = r == 0 ? store_announced_put(keeper->store, device->id, &row) : r;
    if (r == 0 && !standing->known) {
        audit(keeper, device, announce);
    }
    return r;
}

/* What stands already is answered alike and written no more: an attestor that was ended between
 * answer and removal says it again. The same digests said anew stand longer, and nobody needs to
 * read of it; only new ones are dear. */
static void
take(struct keeper *keeper, const struct asked *asked, const struct store_device *device,
     const struct announce *announce)
{
    CLEANUP(free_p) struct announce *before = malloc(sizeof(*before));
    struct standing standing = {
        .announce = announce, .before = before, .body = asked->request.body};
    struct store_moment moment = {.now_ms = keeper->clock->utc_ms(keeper->clock->context)};
    struct store_last last;
    int r = before ? store_last_get(keeper->store, device->id, &last) : -ENOMEM;

    if (r == 0) {
        moment.era = last.era;
        moment.reset_count = last.reset_count;
        r = store_announced_each(keeper->store, device->id, &moment, on_standing, &standing);
    }
    if (r == 0 && !standing.same && !standing.known &&
        !keeper_afford(keeper, asked, device, COST_ANNOUNCE_US, false)) {
        return;
    }
    if (r == 0 && !standing.same) {
        r = keep(keeper, device, &moment, &standing);
    }
    if (r != 0) {
        keeper_broke(keeper, asked, "announce", r);
        return;
    }
    keeper_reply(keeper, asked, COAP_CODE(2, 4), NO_FORMAT, BYTES_NULL);
}

static void
serve_member(struct keeper *keeper, const struct asked *asked, const struct store_device *device)
{
    CLEANUP(free_p) struct announce *announce = malloc(sizeof(*announce));
    struct fault fault;

    if (!announce) {
        keeper_broke(keeper, asked, "announce", -ENOMEM);
    } else if (announce_read(asked->request.body, announce, &fault) == 0) {
        take(keeper, asked, device, announce);
    } else {
        keeper_problem(keeper, asked, COAP_CODE(4, 0), rule_reason(fault.rule), NULL);
    }
}

void
keeper_announce(struct keeper *keeper, struct asked *take_asked)
{
    struct store_device device;

    if (!keeper_member(keeper, take_asked, &device)) {
        asked_free(take_asked);
        return;
    }
    if (!keeper_afford(keeper, take_asked, &device, COST_TOKEN_US, false)) {
        asked_free(take_asked);
        return;
    }
    if (!keeper_session(keeper, take_asked, &device)) {
        keeper_challenge(keeper, take_asked, device.id, REASON_EVIDENCE_STALE);
    } else {
        serve_member(keeper, take_asked, &device);
    }
    asked_free(take_asked);
}
