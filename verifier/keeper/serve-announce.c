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
    struct bytes body;
    size_t n;                    /* of other components */
    char oldest[LIMIT_NAME + 1]; /* of these */
    bool same;                   /* this very announcement stands */
};

static bool
on_standing(void *context, const struct store_announced *row)
{
    struct standing *standing = context;

    if (bytes_equal(bytes_str(row->component), standing->announce->component)) {
        standing->same = bytes_equal(bytes_of(row->body, row->body_len), standing->body);
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
    int r = 0;

    memcpy(row.component, announce->component.p, announce->component.len);
    memcpy(row.body, standing->body.p, standing->body.len);
    if (standing->n >= LIMIT_ANNOUNCED) { /* a hook that names each version anew must not end all */
        r = store_announced_drop(keeper->store, device->id, standing->oldest);
    }
    r = r == 0 ? store_announced_put(keeper->store, device->id, &row) : r;
    if (r == 0) {
        audit(keeper, device, announce);
    }
    return r;
}

/* What stands already is answered alike and written no more: an attestor that was ended between
 * answer and removal says it again. */
static void
take(struct keeper *keeper, const struct asked *asked, const struct store_device *device,
     const struct announce *announce)
{
    struct standing standing = {.announce = announce, .body = asked->request.body};
    struct store_last last;
    int r = store_last_get(keeper->store, device->id, &last);

    if (r == 0) {
        struct store_moment moment = {keeper->clock->utc_ms(keeper->clock->context), last.era,
                                      last.reset_count};

        r = store_announced_each(keeper->store, device->id, &moment, on_standing, &standing);
        if (r == 0 && !standing.same) {
            r = keep(keeper, device, &moment, &standing);
        }
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
    } else if (keeper_afford(keeper, take_asked, &device, COST_ANNOUNCE_US, false)) {
        serve_member(keeper, take_asked, &device);
    }
    asked_free(take_asked);
}
