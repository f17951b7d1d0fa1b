/* GET /token?aud=… and GET /keys. */
#include <errno.h>

#include "crypto/cose-key.h"
#include "keeper/issue.h"
#include "keeper/policies.h"

enum { CF_TEXT = 0, CF_COSE_KEY_SET = 102 };

const struct session *
keeper_session(struct keeper *keeper, const struct asked *asked, const struct store_device *device)
{
    const struct session *session =
        sessions_get(keeper->sessions, asked->front, asked->request.connection);

    return device->state == DEVICE_FRESH && session &&
                   memcmp(session->device, device->id, WIRE_UEID_SIZE) == 0 &&
                   ct_equal(BYTES_OF(session->exporter), BYTES_OF(asked->request.exporter))
               ? session
               : NULL;
}

static void
serve_jwt(struct keeper *keeper, const struct asked *asked, const struct issue *issue)
{
    uint8_t room[LIMIT_TOKEN_BYTES];
    struct bytes token;
    int r = issue_jwt(keeper, issue, asked->request.audience, room, sizeof(room), &token);

    if (r == ISSUE_E_AUDIENCE) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_NONE, NULL);
    } else if (r == ISSUE_E_KEY) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_DEVICE_KEY, NULL);
    } else if (r == ISSUE_E_OLD) {
        keeper_challenge(keeper, asked, issue->device->id, REASON_EVIDENCE_STALE);
    } else if (r < 0) {
        keeper_broke(keeper, asked, "token", r);
    } else {
        keeper_reply(keeper, asked, COAP_CODE(2, 5), CF_TEXT, token);
    }
}

/* That verdict's word and times, however late it is asked: another connection of the device may
 * have brought another one since. */
static void
of_session(const struct session *session, struct store_last *last)
{
    last->challenge_ms = session->challenge_ms;
    last->tier = session->tier;
    last->secure_boot = session->secure_boot;
    memcpy(last->policy, session->policy, sizeof(last->policy));
    memcpy(last->vector, session->vector, sizeof(last->vector));
    memcpy(last->claims, session->claims, sizeof(last->claims));
    last->n_reasons = session->n_reasons;
    memcpy(last->reasons, session->reasons, sizeof(last->reasons));
}

/* What that verdict tells, with *room for its bytes. Returns 0, STORE_NONE when other connections
 * have brought two since that tell something else, or a negative errno. */
static int
told_of(struct keeper *keeper, const struct store_device *device, const struct store_last *last,
        struct store_claims *room, struct claim_set *ret)
{
    static const uint8_t nothing[32];
    int r;

    if (memcmp(last->claims, nothing, sizeof(nothing)) == 0) {
        *ret = (struct claim_set){0};
        return 0;
    }
    r = store_claims_get(keeper->store, device->id, last->claims, room);
    return r != 0 || claim_set_read(bytes_of(room->body, room->len), ret) ? r : -EIO;
}

static void
serve_device(struct keeper *keeper, const struct asked *asked, const struct store_device *device)
{
    const struct session *session = keeper_session(keeper, asked, device);
    struct policies_choice choice;
    struct store_class class_row;
    struct store_last last;
    struct store_claims room;
    struct claim_set told;
    struct issue issue = {.device = device, .class_row = &class_row, .last = &last, .told = &told};
    int r;

    if (!session) {
        keeper_challenge(keeper, asked, device->id, REASON_EVIDENCE_STALE);
        return;
    }
    r = keeper_class(keeper, device, &class_row, &choice);
    if (r == 0) {
        r = store_last_get(keeper->store, device->id, &last);
    }
    if (r != 0) {
        keeper_broke(keeper, asked, "token", r);
        return;
    }
    issue.key = &session->key;
    issue.life_s = session->life_s;
    of_session(session, &last);
    r = told_of(keeper, device, &last, &room, &told);
    if (r == 0) {
        ima_counts_tell(&session->counts, &told);
    }
    if (r == STORE_NONE) {
        keeper_challenge(keeper, asked, device->id, REASON_EVIDENCE_STALE);
        return;
    }
    if (r != 0) {
        keeper_broke(keeper, asked, "claims", r);
        return;
    }
    serve_jwt(keeper, asked, &issue);
}

bool
keeper_member(struct keeper *keeper, const struct asked *asked, struct store_device *ret)
{
    int r = keeper_device(keeper, asked->request.identity, ret);

    if (r == STORE_NONE || r == KEEPER_E_IDENTITY || r == KEEPER_E_ENDED) {
        keeper_unknown(keeper, asked, r);
    } else if (r != 0) {
        keeper_broke(keeper, asked, "device", r);
    } else if (ret->state == DEVICE_REMOVED) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_DEVICE_DISABLED, NULL);
    } else if (ret->state == DEVICE_QUARANTINED) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_DEVICE_QUARANTINED, NULL);
    } else if (ret->class_name[0] == '\0') {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_CLASS_UNKNOWN, NULL);
    } else {
        return true;
    }
    return false;
}

void
keeper_token(struct keeper *keeper, struct asked *take_asked)
{
    struct store_device device;

    if (keeper_member(keeper, take_asked, &device) &&
        keeper_afford(keeper, take_asked, &device, COST_TOKEN_US, false)) {
        serve_device(keeper, take_asked, &device);
    }
    asked_free(take_asked);
}

void
keeper_keys(struct keeper *keeper, struct asked *take_asked)
{
    keeper_reply(keeper, take_asked, COAP_CODE(2, 5), CF_COSE_KEY_SET,
                 bytes_of(keeper->key_set, keeper->key_set_len));
    asked_free(take_asked);
}
