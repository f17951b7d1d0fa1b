/* The first steps: who is it, is the evidence well-formed, what challenge does it answer. */
#include "keeper/attest.h"

#include <errno.h>

#include "appraise/quoted.h"
#include "base/log.h"
#include "keeper/candidate.h"

enum {
    HANDSHAKE_FIRST_MS = 30000,
    HANDSHAKE_COMPLETE_MS = 120000,
    NONCE_SLACK_MS = 60000,
    FRONT_AHEAD_MS = 5000,   /* a front's clock is this machine's */
    FRONT_BEHIND_MS = 30000, /* a whole body until it is judged: channel, queue, reader */
    UPLOAD_MS = 300000,      /* a first log over a bad link */
};

static enum step
refuse(struct attest *attest, uint8_t code, enum reason reason)
{
    keeper_problem(attest->keeper, attest->asked, code, reason, NULL);
    return STEP_ANSWERED;
}

/* 4.00 for bytes that are not what they should be: no verdict, no change of state. */
static enum step
malformed(struct attest *attest, const struct fault *fault)
{
    char name[RULE_NAME_MAX];

    if (keeper_may_log(attest->keeper)) {
        log_event(LOG_NOTICE, "evidence-malformed", LOG_HEX("device", BYTES_OF(attest->device.id)),
                  LOG_STR("rule", rule_name(fault->rule, name)), LOG_INT("offset", fault->offset),
                  LOG_TEXT("peer", attest->asked->request.peer));
    }
    return refuse(attest, COAP_CODE(4, 0), rule_reason(fault->rule));
}

static enum step
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
    return STEP_ANSWERED;
}

/* The row, its class and its last verdict; and whether its state lets it be heard. */
enum step
attest_device(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    struct bytes identity = attest->asked->request.identity;
    int r = keeper_device(keeper, identity, &attest->device);

    attest->is_candidate = false;
    attest->stamped = false;
    if (r == STORE_NONE) {
        r = candidate_find(keeper, identity, &attest->candidate, &attest->device);
        attest->is_candidate = r == 0;
    }
    if (r == STORE_NONE || r == KEEPER_E_IDENTITY || r == KEEPER_E_ENDED) {
        keeper_unknown(keeper, attest->asked, r);
        return STEP_ANSWERED;
    }
    if (r != 0) {
        return broke(attest, "device", r);
    }
    if (attest->device.state == DEVICE_REMOVED) {
        return refuse(attest, COAP_CODE(4, 3), REASON_DEVICE_DISABLED);
    }
    r = keeper_class(keeper, &attest->device, &attest->class_row, &attest->choice);
    if (r == STORE_NONE) {
        return refuse(attest, COAP_CODE(4, 3), REASON_CLASS_UNKNOWN);
    }
    if (r == 0) {
        attest->asked->takes = attest->class_row.evidence_max;
        r = store_last_get(keeper->store, attest->device.id, &attest->last);
        attest->has_last = r == 0;
        r = r == STORE_NONE ? 0 : r;
    }
    return r == 0 ? STEP_ON : broke(attest, "last", r);
}

static int
read_quote(struct attest *attest, struct fault *fault)
{
    struct quoted quoted;

    if (quoted_read(attest->evidence.quote, &quoted, fault) != 0) {
        return 1;
    }
    attest->attest_bytes = quoted.attest;
    attest->quote = quoted.quote;
    attest->signature = quoted.signature;
    attest->quoted = quoted.selection;
    return 0;
}

static void
find_firmware(struct attest *attest)
{
    for (size_t i = 0; i < attest->claims.n_logs; i++) {
        if (attest->claims.logs[i].kind == LOG_FIRMWARE) {
            attest->firmware = &attest->claims.logs[i];
        }
    }
}

/* What the device may make us do, and how much at once its class lets it say. Without a body it
 * asks for a challenge, and whether as much as Size1 says would be taken: protocol page, Freshness.
 */
static enum step
afford(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    const struct request *request = &attest->asked->request;
    size_t len = request->body.len > 0 ? request->body.len : request->size1;
    uint32_t most = attest->class_row.evidence_max;
    int64_t us = COST_ATTEST_US + COST_ATTEST_KIB_US * (int64_t)(request->body.len / 1024);

    if (!keeper_afford(keeper, attest->asked, &attest->device, us, false)) {
        return STEP_ANSWERED;
    }
    if (len <= most && request->body.len > 0) {
        return STEP_ON;
    }
    if (len <= most) {
        keeper_challenge(keeper, attest->asked, attest->device.id, REASON_NONE);
        return STEP_ANSWERED;
    }
    if (keeper_may_log(keeper)) {
        log_event(LOG_NOTICE, "evidence-too-large", LOG_HEX("device", BYTES_OF(attest->device.id)),
                  LOG_STR("class", attest->class_row.name), LOG_INT("bytes", len),
                  LOG_INT("most", most), LOG_TEXT("peer", request->peer));
    }
    keeper_too_large(keeper, attest->asked, most);
    return STEP_ANSWERED;
}

enum step
attest_open(struct attest *attest)
{
    struct fault fault = {0};
    enum step step = attest_device(attest);

    if (step != STEP_ON) {
        return step;
    }
    step = afford(attest);
    if (step != STEP_ON) {
        return step;
    }
    if (evidence_read(attest->asked->request.body, &attest->evidence, &fault) != 0 ||
        claims_read(attest->evidence.claims, &attest->claims, &fault) != 0 ||
        evidence_match(&attest->evidence, &attest->claims, &fault) != 0 ||
        read_quote(attest, &fault) != 0) {
        return malformed(attest, &fault);
    }
    if (attest->claims.has_ueid &&
        memcmp(attest->claims.ueid, attest->device.id, WIRE_UEID_SIZE) != 0) {
        return refuse(attest, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED);
    }
    if (tpm_public_read(bytes_of(attest->device.ak_public, attest->device.ak_public_len),
                        &attest->ak, &fault) != 0) {
        return broke(attest, "ak", -EIO);
    }
    find_firmware(attest);
    attest->verdict.form = CHECK_PASSED;
    attest->verdict.magic = CHECK_PASSED; /* judged first by tpm_attest_read() */
    attest->verdict.type = CHECK_PASSED;
    return STEP_ON;
}

/* Whether a challenge was made before this keeper began. It may have begun on an older store, a
 * backup, which has forgotten what was used up since; so none of before is taken, at the price of a
 * round trip after each start. While the clock stands before that begin it was set back, and tells
 * nothing. */
static bool
before_us(const struct keeper *keeper, int64_t made_ms)
{
    return made_ms < keeper->started_ms &&
           keeper->clock->utc_ms(keeper->clock->context) >= keeper->started_ms;
}

static enum step
challenge_nonce(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    struct nonce_scope scope = {keeper->setup.site, attest->device.id, NONCE_CONNECTION};
    const struct request *request = &attest->asked->request;
    int64_t life = attest->class_row.interval_s * 1000 + NONCE_SLACK_MS;
    int64_t made = 0;
    int r = nonce_check(keeper->hasher, keeper->setup.nonce_keys, NONCE_KEYS_MAX, &scope,
                        attest->claims.nonce, request->first_ms, life, &made);

    if (r < 0) {
        return broke(attest, "nonce", r);
    }
    if (r != NONCE_OK || before_us(keeper, made)) {
        keeper_challenge(keeper, attest->asked, attest->device.id, REASON_EVIDENCE_STALE);
        return STEP_ANSWERED;
    }
    attest->nonce_ms = made;
    attest->nonce_age_ms = request->first_ms > made ? request->first_ms - made : 0;
    attest->challenge_ms = made > request->handshake_ms ? made : request->handshake_ms;
    memcpy(attest->challenge, attest->claims.nonce, sizeof(attest->challenge));
    return STEP_ON;
}

/* Without a nonce the connection's fresh random is the challenge, once a boot and for a short
 * token: a front could lie about it, but not for long. */
static enum step
challenge_exporter(struct attest *attest)
{
    const struct request *request = &attest->asked->request;
    bool fresh = request->first_ms - request->handshake_ms <= HANDSHAKE_FIRST_MS &&
                 request->complete_ms - request->handshake_ms <= HANDSHAKE_COMPLETE_MS;
    bool same_boot = attest->has_last && attest->last.era == attest->device.era &&
                     attest->last.reset_count == attest->quote.reset_count &&
                     attest->last.restart_count == attest->quote.restart_count;

    if (!attest->class_row.allow_no_nonce || !fresh ||
        before_us(attest->keeper, request->handshake_ms) || (same_boot && attest->last.null_used)) {
        keeper_challenge(attest->keeper, attest->asked, attest->device.id, REASON_EVIDENCE_STALE);
        return STEP_ANSWERED;
    }
    attest->nonce_ms = 0;
    attest->nonce_age_ms = -1;
    attest->challenge_ms = request->handshake_ms;
    memcpy(attest->challenge, request->exporter, sizeof(attest->challenge));
    return STEP_ON;
}

/* Whether the times that the front tells can be. They decide how old a challenge is and how long a
 * token lives, so a hijacked front must not choose them: it could live on stored evidence. */
static bool
times_hold(const struct attest *attest)
{
    const struct clock *clock = attest->keeper->clock;
    const struct request *request = &attest->asked->request;
    int64_t now = clock->utc_ms(clock->context);

    return request->handshake_ms <= request->first_ms &&
           request->first_ms <= request->complete_ms &&
           request->complete_ms <= now + FRONT_AHEAD_MS &&
           request->complete_ms >= now - FRONT_BEHIND_MS &&
           request->first_ms >= request->complete_ms - UPLOAD_MS;
}

enum step
attest_challenge(struct attest *attest)
{
    if (!times_hold(attest)) {
        keeper_challenge(attest->keeper, attest->asked, attest->device.id, REASON_EVIDENCE_STALE);
        return STEP_ANSWERED;
    }
    return attest->claims.has_nonce ? challenge_nonce(attest) : challenge_exporter(attest);
}
