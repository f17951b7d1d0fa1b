/* What was judged is written, then answered. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/log.h"
#include "keeper/candidate.h"
#include "keeper/issue.h"

enum { CF_CBOR = 60, ANSWER_ROOM = 4096, CHALLENGE_KEEP_S = 600, JITTER_PERCENT = 10 };

/* A signature that this device's AK did not make changes its state and is answered 4.00; every
 * other verdict is a 2.04. */
static bool
wrong_signature(const struct verdict *verdict)
{
    return verdict->signature == CHECK_FAILED || verdict->algorithm == CHECK_FAILED;
}

/* What is kept of a pcrDigest: its first 32 bytes, whatever the AK's hash. */
static struct bytes
digest_kept(const struct attest *attest)
{
    struct bytes digest = attest->quote.pcr_digest;
    size_t most = sizeof(attest->last.pcr_digest);

    return bytes_of(digest.p, digest.len < most ? digest.len : most);
}

/* Only restartCount rose: a resume when nothing that was measured before is undone. Where logs grow
 * the digest does too: then the firmware's log is the same one, and each other goes on from where
 * it was known, by a replay that a cleared PCR could not give. */
static bool
is_resume(const struct attest *attest)
{
    const struct attest_part *ima = &attest->ima;
    const struct attest_part *userspace = &attest->userspace;

    if (!attest->has_last || attest->order != ORDER_MAYBE) {
        return false;
    }
    if (ima->claim || userspace->claim) {
        return memcmp(attest->firmware->digest, attest->last.firmware_log, 32) == 0 &&
               (!ima->claim || ima->resumed) && (!userspace->claim || userspace->resumed);
    }
    return bytes_equal(digest_kept(attest),
                       bytes_of(attest->last.pcr_digest, digest_kept(attest).len));
}

static void
last_boot(const struct attest *attest, struct store_last *last)
{
    bool same = attest->has_last && attest->order == ORDER_SAME;
    bool resumed = is_resume(attest);

    last->era = attest->device.era;
    last->reset_count = attest->quote.reset_count;
    last->restart_count = attest->quote.restart_count;
    last->clock_ms = attest->quote.clock_ms;
    last->clock_at_ms = attest->asked->request.first_ms;
    last->firmware = attest->quote.firmware_version;
    last->boot_restart = same || resumed ? attest->last.boot_restart : attest->quote.restart_count;
    last->boot_ms = (same || resumed) && attest->last.boot_ms > 0 ? attest->last.boot_ms
                                                                  : attest->asked->request.first_ms;
    last->null_used = attest->nonce_age_ms < 0 || (same && attest->last.null_used);
}

static void
last_fault(const struct verdict *verdict, struct store_last *last)
{
    char name[RULE_NAME_MAX];

    last->fault_event = verdict->n_reasons ? verdict->fault.event : FAULT_NO_EVENT;
    last->fault_pcr = verdict->n_reasons ? verdict->pcr : FAULT_NO_EVENT;
    if (verdict->policy_rule[0] != '\0') {
        snprintf(last->fault_rule, sizeof(last->fault_rule), "policy/%s", verdict->policy_rule);
    } else if (verdict->fault.rule != RULE_NONE) {
        snprintf(last->fault_rule, sizeof(last->fault_rule), "%s",
                 rule_name(verdict->fault.rule, name));
    }
    snprintf(last->fault_expected, sizeof(last->fault_expected), "%s", verdict->expected);
    snprintf(last->fault_seen, sizeof(last->fault_seen), "%s", verdict->seen);
}

/* A value that nobody vouches for is nobody's word. */
static enum store_flag
secure_boot(const struct boot_facts *facts)
{
    switch (facts->secureboot) {
    case FACT_ON:
        return FLAG_YES;
    case FACT_OFF:
    case FACT_EMPTY:
        return FLAG_NO;
    case FACT_ABSENT:
    case FACT_ODD:
        break;
    }
    return FLAG_UNKNOWN;
}

/* What judged, and what tokens say of each dimension. */
static void
last_policy(const struct attest *attest, struct store_last *last)
{
    const struct boot_vector *vector = &attest->told.vector;
    const int8_t values[STORE_VECTOR_SIZE] = {vector->identity, vector->configuration,
                                              vector->executables, vector->hardware};

    memset(last->policy, 0, sizeof(last->policy));
    memset(last->vector, 0, sizeof(last->vector));
    last->secure_boot = FLAG_UNKNOWN;
    if (attest->by_policy) {
        snprintf(last->policy, sizeof(last->policy), "%s", attest->policy);
        memcpy(last->vector, values, sizeof(values));
        last->secure_boot = secure_boot(attest->told.facts);
    }
}

/* What the TPM itself tells stands beside what a policy told of the boot; of evidence that is not
 * genuine nothing does. The row with the bytes is written when they changed, which a list that only
 * grew is not. Returns 0 or a negative errno. */
static int
keep_claims(struct attest *attest, struct store_last *last)
{
    struct keeper *keeper = attest->keeper;
    const struct advisory_tpm tpm = {attest->device.tpm_vendor, true,
                                     attest->quote.firmware_version};
    uint8_t room[STORE_CLAIMS_MAX];
    struct ima_counts counts;
    struct bytes body;
    int r;

    memset(last->claims, 0, sizeof(last->claims));
    if (!verdict_genuine(&attest->verdict)) {
        attest->claims_told.set.present = 0;
        return 0;
    }
    boot_claims_tpm(&tpm, ek_chain_name(attest->device.ek_chain), &attest->claims_told);
    counts = ima_counts_take(&attest->claims_told.set);
    body = claim_set_write(&attest->claims_told.set, room, sizeof(room));
    ima_counts_tell(&counts, &attest->claims_told.set);
    attest->counts = counts;
    r = hasher_bytes(keeper->hasher, HASH_SHA256, body, last->claims);
    if (r != 0 || (attest->has_last &&
                   memcmp(last->claims, attest->last.claims, sizeof(last->claims)) == 0)) {
        return r;
    }
    return store_claims_put(keeper->store, attest->device.id, last->claims, attest->last.claims,
                            body);
}

static void
last_lengths(const struct attest *attest, struct store_last *last)
{
    struct log_offset known[LIMIT_EVIDENCE_LOGS];
    size_t n = attest_growing_known(attest, known);

    last->ima_length = 0;
    last->userspace_length = 0;
    for (size_t i = 0; i < n; i++) {
        *(known[i].kind == LOG_IMA ? &last->ima_length : &last->userspace_length) = known[i].offset;
    }
}

/* When what moves the order was judged, and whether lower evidence came after it. */
static void
last_order(const struct attest *attest, int64_t now_ms, struct store_last *last)
{
    if (verdict_genuine(&attest->verdict)) {
        last->judged_ms = now_ms;
        last->low_ms = 0;
    } else if (attest->two_tpms) {
        last->low_ms = 0; /* told: after a release it takes another pair to tell it again */
    } else if (attest->lower) {
        last->low_ms = now_ms;
    }
}

/* The device was found by the identity, so it is one of ours unless a rotation came in between:
 * then it is zero. */
static void
read_ident(struct attest *attest)
{
    const struct keeper *keeper = attest->keeper;

    if (ident_read(keeper->hasher, keeper->setup.masters, IDENT_MASTERS_MAX,
                   attest->asked->request.identity, &attest->ident) != 0) {
        attest->ident = (struct ident){0};
    }
}

/* The row of the last verdict. Evidence that is not genuine leaves the boot and clock of the last
 * genuine one: a forger must not move them. */
static void
last_fill(const struct attest *attest, struct store_last *last)
{
    const struct verdict *verdict = &attest->verdict;
    const struct clock *clock = attest->keeper->clock;
    bool trusted = verdict_trusted(verdict);

    *last = attest->has_last ? attest->last : (struct store_last){0};
    last_order(attest, clock->utc_ms(clock->context), last);
    if (verdict_genuine(verdict)) {
        last_boot(attest, last);
        last_lengths(attest, last);
        if (attest->firmware) {
            memcpy(last->firmware_log, attest->firmware->digest, sizeof(last->firmware_log));
        }
        memset(last->pcr_digest, 0, sizeof(last->pcr_digest));
        memcpy(last->pcr_digest, digest_kept(attest).p, digest_kept(attest).len);
    }
    last->psk_master = attest->ident.master_id;
    last->tier = verdict_tier(verdict);
    last->n_reasons = verdict->n_reasons;
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        last->reasons[i] = (uint16_t)verdict->reasons[i];
    }
    last->challenge_ms = attest->challenge_ms;
    last->arrived_ms = attest->asked->request.complete_ms;
    last->accepted_ms = trusted ? attest->challenge_ms : last->accepted_ms;
    last->trusted_firmware = trusted ? attest->quote.firmware_version : last->trusted_firmware;
    last->fault_rule[0] = '\0';
    last_fault(verdict, last);
    last_policy(attest, last);
}

static enum device_state
state_after(const struct attest *attest)
{
    if (attest->device.state == DEVICE_QUARANTINED) {
        return DEVICE_QUARANTINED; /* an operator's word stands until an operator lifts it */
    }
    if (attest->two_tpms) {
        return DEVICE_QUARANTINED; /* which of them is ours only an operator can find out */
    }
    if (verdict_trusted(&attest->verdict)) {
        return DEVICE_FRESH;
    }
    if (verdict_tier(&attest->verdict) == TIER_NONE) {
        return attest->device.state; /* our fault, not the device's */
    }
    return DEVICE_FAILED;
}

/* Another tier or another boot than last time; a million devices say the same every few minutes. */
static bool
changed(const struct attest *attest, const struct store_last *last)
{
    return !attest->has_last || attest->last.tier != last->tier ||
           attest->last.reset_count != last->reset_count ||
           attest->last.restart_count != last->restart_count;
}

static enum log_level
level_of(const struct attest *attest, const struct store_last *last)
{
    if (!verdict_trusted(&attest->verdict)) {
        return LOG_NOTICE;
    }
    return changed(attest, last) ? LOG_INFO : LOG_DEBUG;
}

static void
log_verdict(const struct attest *attest, const struct store_last *last)
{
    const char *reason = last->n_reasons ? reason_name((enum reason)last->reasons[0]) : "";
    bool trusted = verdict_trusted(&attest->verdict);

    log_event(
        level_of(attest, last), trusted ? "device-accepted" : "device-refused",
        LOG_HEX("device", BYTES_OF(attest->device.id)), LOG_STR("tier", tier_name(last->tier)),
        LOG_INT("code", last->n_reasons ? last->reasons[0] : 0), LOG_STR("reason", reason),
        LOG_STR("rule", last->fault_rule), LOG_INT("pcr", (int32_t)last->fault_pcr),
        LOG_INT("event", (int32_t)last->fault_event), LOG_STR("expected", last->fault_expected),
        LOG_STR("seen", last->fault_seen), LOG_TEXT("peer", attest->asked->request.peer));
}

/* The audit log gets a row when something changed, and for every refusal. */
static void
audit_verdict(const struct attest *attest, const struct store_last *last)
{
    bool trusted = verdict_trusted(&attest->verdict);
    char text[512];

    if (trusted && !changed(attest, last)) {
        return;
    }
    snprintf(text, sizeof(text), "tier %s code %u rule %s event %d pcr %d expected %s seen %s",
             tier_name(last->tier), last->n_reasons ? last->reasons[0] : 0u, last->fault_rule,
             (int)last->fault_event, (int)last->fault_pcr, last->fault_expected, last->fault_seen);
    keeper_audit(attest->keeper, trusted ? "accepted" : "refused", attest->device.id, "keeper",
                 text);
}

/* Another firmware of the TPM: told once, when the first evidence of it is accepted. */
static void
tell_firmware(const struct attest *attest, const struct store_last *last)
{
    uint64_t before = attest->has_last ? attest->last.trusted_firmware : 0;
    char from[17];
    char to[17];
    char text[64];

    if (before == 0 || last->trusted_firmware == before) {
        return;
    }
    snprintf(from, sizeof(from), "%016" PRIx64, before);
    snprintf(to, sizeof(to), "%016" PRIx64, last->trusted_firmware);
    log_event(LOG_NOTICE, "tpm-firmware", LOG_HEX("device", BYTES_OF(attest->device.id)),
              LOG_STR("from", from), LOG_STR("to", to));
    snprintf(text, sizeof(text), "from %s to %s", from, to);
    keeper_audit(attest->keeper, "tpm-firmware", attest->device.id, "keeper", text);
}

/* Two TPMs under one identity: neither gets a token until an operator has looked. */
static void
shut_clones(struct attest *attest)
{
    struct store_device *device = &attest->device;
    char text[STORE_TEXT_MAX];

    snprintf(text, sizeof(text), "clone suspected (709): boot %u.%u after a lower one",
             (unsigned)attest->quote.reset_count, (unsigned)attest->quote.restart_count);
    if (device->why[0] == '\0') {
        snprintf(device->why, sizeof(device->why), "%s", text);
    }
    sessions_drop_device(attest->keeper->sessions, device->id);
    log_event(LOG_ERROR, "clone-suspected", LOG_HEX("device", BYTES_OF(device->id)),
              LOG_TEXT("peer", attest->asked->request.peer));
    keeper_audit(attest->keeper, "quarantined", device->id, "keeper", text);
}

/* Everything that this verdict changes. Returns 0, STORE_EXISTS when the challenge served before,
 * or a negative errno. */
static int
write_verdict(struct attest *attest, struct store_last *last)
{
    struct keeper *keeper = attest->keeper;
    enum device_state state = state_after(attest);
    int r = store_challenge_use(keeper->store, attest->challenge,
                                keeper->clock->utc_ms(keeper->clock->context) +
                                    attest->class_row.interval_s * 1000 + CHALLENGE_KEEP_S * 1000);

    if (r == 0) {
        last_fill(attest, last);
        r = keep_claims(attest, last);
    }
    if (r == 0) {
        r = store_last_put(keeper->store, attest->device.id, last);
    }
    if (r == 0 && attest->two_tpms) {
        shut_clones(attest);
    }
    if (r == 0 && state != attest->device.state) {
        attest->device.state = state;
        r = store_device_put(keeper->store, &attest->device);
    }
    if (r == 0) {
        r = attest_policy_pins(attest);
    }
    return r == 0 ? attest_keep(attest) : r;
}

/* Spread by the device's own id, so that a fleet that booted together does not come together. */
static uint32_t
next_seconds(const struct attest *attest)
{
    int64_t interval = attest->nonce_age_ms < 0 && attest->class_row.interval_s > 60
                           ? 60
                           : attest->class_row.interval_s;
    int64_t spread = interval * JITTER_PERCENT / 100;

    return (uint32_t)(interval - (spread ? attest->device.id[5] % (spread + 1) : 0));
}

/* A PSK of an earlier master, or of an epoch that ends soon, still serves; the device is asked to
 * fetch the next one before. Protocol page, Identity 7. */
static unsigned
actions_of(const struct attest *attest)
{
    const struct keeper *keeper = attest->keeper;
    bool old = attest->ident.master_id != keeper->setup.masters[0].id ||
               ident_is_old(&attest->ident, keeper->clock->utc_ms(keeper->clock->context));

    return old ? ACTION_CREDENTIAL : 0;
}

static void
answer_fill(const struct attest *attest, const struct store_last *last, struct answer *answer)
{
    *answer = (struct answer){
        .tier = last->tier,
        .n_reasons = last->n_reasons,
        .next_s = next_seconds(attest),
        .wanted = keeper_wanted(&attest->class_row),
        .actions = actions_of(attest),
    };
    memcpy(answer->reasons, last->reasons, sizeof(answer->reasons));
    if (attest->device.state == DEVICE_QUARANTINED) { /* good evidence, and still no token */
        answer->tier = TIER_CONTRAINDICATED;
        answer->n_reasons += answer->n_reasons < LIMIT_REASONS;
        answer->reasons[answer->n_reasons - 1] = REASON_DEVICE_QUARANTINED;
    }
    if (attest->firmware && verdict_genuine(&attest->verdict)) {
        answer->known[0] = (struct log_offset){LOG_FIRMWARE, attest->firmware->length};
        answer->n_known = 1 + attest_growing_known(attest, &answer->known[1]);
    }
}

/* Remembers that this connection may ask for tokens. */
static int
open_session(struct attest *attest, const struct store_last *last)
{
    const struct request *request = &attest->asked->request;
    struct session session = {
        .challenge_ms = attest->challenge_ms,
        .life_s = attest_policy_life_s(attest),
        .tier = last->tier,
        .secure_boot = last->secure_boot,
        .counts = attest->counts,
        .key = attest->key,
    };

    memcpy(session.policy, last->policy, sizeof(session.policy));
    memcpy(session.vector, last->vector, sizeof(session.vector));
    memcpy(session.claims, last->claims, sizeof(session.claims));
    session.n_reasons = last->n_reasons;
    memcpy(session.reasons, last->reasons, sizeof(session.reasons));
    memcpy(session.device, attest->device.id, sizeof(session.device));
    memcpy(session.exporter, request->exporter, sizeof(session.exporter));
    return sessions_put(attest->keeper->sessions, attest->asked->front, request->connection,
                        &session);
}

static void
send_answer(struct attest *attest, const struct store_last *last)
{
    struct keeper *keeper = attest->keeper;
    bool trusted = verdict_trusted(&attest->verdict) && attest_policy_floor(attest) &&
                   attest->device.state != DEVICE_QUARANTINED;
    uint8_t token[LIMIT_TOKEN_BYTES];
    uint8_t room[ANSWER_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    struct answer answer;
    int r;

    answer_fill(attest, last, &answer);
    r = keeper_nonce(keeper, attest->device.id, answer.nonce);
    if (r == 0 && trusted) {
        r = open_session(attest, last);
    } else {
        sessions_drop(keeper->sessions, attest->asked->front, attest->asked->request.connection);
    }
    if (r == 0 && trusted) {
        struct issue issue = {.device = &attest->device,
                              .class_row = &attest->class_row,
                              .last = last,
                              .told = &attest->claims_told.set,
                              .life_s = attest_policy_life_s(attest),
                              .key = &attest->key};

        r = issue_cwt(keeper, &issue, token, sizeof(token), &answer.cwt);
        r = r > 0 ? 0 : r; /* too old for a token, or nothing to bind it to: none, and no fault */
    }
    if (r < 0) {
        keeper_broke(keeper, attest->asked, "answer", r);
        return;
    }
    answer_write(&wr, &answer);
    keeper_reply(keeper, attest->asked, COAP_CODE(2, 4), CF_CBOR, wr_done(&wr));
}

void
attest_finish(struct attest *attest)
{
    struct store_last last;
    int r;

    if (attest->is_candidate) {
        candidate_finish(attest);
        return;
    }
    read_ident(attest);
    r = write_verdict(attest, &last);
    if (r == STORE_EXISTS) {
        keeper_challenge(attest->keeper, attest->asked, attest->device.id, REASON_EVIDENCE_STALE);
        return;
    }
    if (r != 0) {
        keeper_broke(attest->keeper, attest->asked, "verdict", r);
        return;
    }
    log_verdict(attest, &last);
    audit_verdict(attest, &last);
    tell_firmware(attest, &last);
    if (wrong_signature(&attest->verdict)) {
        keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 0), attest->verdict.reasons[0],
                       NULL);
        return;
    }
    send_answer(attest, &last);
}
