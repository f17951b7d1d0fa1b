/* POST /enroll: whose turn it is, and what kind of answer it gets. */
#include "base/log.h"
#include "keeper/enrol-read.h"

enum { TURN_MOST = 8 }; /* enrolments between two looks at the channels */
enum { CF_COSE_SIGN1 = 18, ANSWER_ROOM = 8192 };

static void
serve_credential(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol)
{
    uint8_t room[ANSWER_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r = enrol_credential(keeper, enrol, &wr);

    if (r < 0) {
        keeper_broke(keeper, asked, "credential", r);
        return;
    }
    keeper_reply(keeper, asked, COAP_CODE(2, 4), CF_COSE_SIGN1, wr_done(&wr));
}

/* Nothing was kept of the first request, so the second must hash to the identity. */
static bool
same_keys(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol)
{
    struct ident ident;

    return ident_read(keeper->hasher, keeper->setup.masters, IDENT_MASTERS_MAX,
                      asked->request.identity, &ident) == 0 &&
           memcmp(ident.keys, enrol->ident, sizeof(ident.keys)) == 0;
}

/* Certificates are looked at only where they can change a row: a stranger's request that gets a
 * credential costs no reader, and looks the same for known and unknown keys. Returns 0, 1 when a
 * reader is needed, or a negative errno. */
static int
find_worth(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol,
           struct ek_sent *sent, struct ek_worth *ret)
{
    struct store_device device;
    int r = keeper_device(keeper, asked->request.identity, &device);

    *ret = (struct ek_worth){0};
    if (r == 0 && (device.state == DEVICE_REMOVED ||
                   (device.ek_chain == EK_CHAIN_VERIFIED && device.tpm_vendor != 0))) {
        return 0;
    }
    if (r == STORE_NONE) {
        r = store_device_get(keeper->store, enrol->ueid, &device) == 0 ? STORE_EXISTS : 0;
    }
    /* an error shows again where the row is served */
    return r == 0 ? enrol_worth(keeper, enrol, sent, ret) : 0;
}

/* On the PSK connection. True when *asked has been taken: a reader comes first. */
static bool
serve_psk(struct keeper *keeper, struct asked *asked, const struct enrol *enrol, bool again)
{
    struct ek_sent sent;
    struct ek_worth worth;
    int r;

    if (!same_keys(keeper, asked, enrol)) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_AK_UNKNOWN, NULL);
        return false;
    }
    r = find_worth(keeper, asked, enrol, &sent, &worth);
    if (r == 0) {
        enrol_serve_row(keeper, asked, enrol, &worth);
    } else if (r < 0) {
        keeper_broke(keeper, asked, "certificates", r);
    } else if (again) {
        keeper_problem(keeper, asked, COAP_CODE(4, 29), REASON_RATE_LIMITED, NULL);
    } else {
        enrol_submit(keeper, asked, enrol, &sent);
        return true;
    }
    return false;
}

static void
refuse(struct keeper *keeper, const struct asked *asked, const struct fault *fault)
{
    char name[RULE_NAME_MAX];

    if (keeper_may_log(keeper)) {
        log_event(LOG_NOTICE, "enrolment-refused", LOG_STR("rule", rule_name(fault->rule, name)),
                  LOG_TEXT("peer", asked->request.peer));
    }
    keeper_problem(keeper, asked, COAP_CODE(4, 0), rule_reason(fault->rule), NULL);
}

void
enrol_do(struct keeper *keeper, struct asked *take_asked, bool again)
{
    struct fault fault = {0};
    struct enrol enrol;
    bool taken = false;
    int r = enrol_read(keeper, take_asked->request.body, &enrol, &fault);

    if (r == 0 && enrol.ek_key && pubkey_bits(enrol.ek_key) > 256 &&
        pubkey_kind(enrol.ek_key) != KEY_RSA) {
        lane_spend(keeper->lane, LANE_LARGE_CURVE_US);
    }
    if (r < 0) {
        keeper_broke(keeper, take_asked, "enrol", r);
    } else if (r > 0) {
        refuse(keeper, take_asked, &fault);
    } else if (take_asked->request.kind == REQUEST_CERTIFICATE) {
        serve_credential(keeper, take_asked, &enrol);
    } else {
        taken = serve_psk(keeper, take_asked, &enrol, again);
    }
    enrol_done(&enrol);
    if (!taken) {
        asked_free(take_asked);
    }
}

void
keeper_enroll(struct keeper *keeper, struct asked *take_asked)
{
    if (lane_put(keeper->lane, take_asked) < 0) {
        keeper_problem(keeper, take_asked, COAP_CODE(4, 29), REASON_RATE_LIMITED, NULL);
        asked_free(take_asked);
    }
}

void
keeper_enroll_turn(struct keeper *keeper)
{
    int64_t now_ms = keeper->clock->mono_ms(keeper->clock->context);

    for (size_t i = 0; i < TURN_MOST; i++) {
        struct asked *asked = lane_next(keeper->lane, now_ms);

        if (!asked) {
            return;
        }
        lane_spend(keeper->lane, LANE_ENROL_US);
        keeper_begin(keeper);
        enrol_do(keeper, asked, false);
        keeper_end(keeper);
    }
}
