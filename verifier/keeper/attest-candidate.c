/* Evidence of another AK of a known EK: it is judged like any other and changes nothing but that
 * the candidate is known to have brought an accepted quote. Protocol page, Identity 6. */
#include "base/log.h"
#include "keeper/attest.h"
#include "keeper/candidate.h"

enum { CF_CBOR = 60, ANSWER_ROOM = 4096, CHALLENGE_KEEP_S = 600 };

int
candidate_find(struct keeper *keeper, struct bytes identity, struct store_candidate *ret,
               struct store_device *ret_device)
{
    struct store_device device;
    struct ident ident;
    int r = keeper_ident(keeper, identity, &ident);

    if (r == 0) {
        r = store_candidate_by_ident(keeper->store, ident.keys, ret);
    }
    if (r == 0) {
        r = store_device_get(keeper->store, ret->device, &device);
    }
    if (r == 0) {
        /* evidence is verified with the AK that the identity names, and no other */
        memcpy(device.ident, ret->ident, sizeof(device.ident));
        memcpy(device.ak_name, ret->ak_name, sizeof(device.ak_name));
        device.ak_name_len = ret->ak_name_len;
        memcpy(device.ak_public, ret->ak_public, sizeof(device.ak_public));
        device.ak_public_len = ret->ak_public_len;
        *ret_device = device;
    }
    return r;
}

int
candidate_take(struct keeper *keeper, const struct enrol *enrol)
{
    struct store_candidate candidate;
    int r = store_candidate_get(keeper->store, enrol->ueid, &candidate);

    if (r == 0 && memcmp(candidate.ident, enrol->ident, sizeof(candidate.ident)) == 0) {
        return 0; /* the same again: what it has shown stands */
    }
    if (r < 0) {
        return r;
    }
    candidate = (struct store_candidate){
        .ak_name_len = enrol->ak_name_len,
        .ak_public_len = enrol->ak.area.len,
        .enrolled_ms = keeper->clock->utc_ms(keeper->clock->context),
    };
    memcpy(candidate.device, enrol->ueid, sizeof(candidate.device));
    memcpy(candidate.ident, enrol->ident, sizeof(candidate.ident));
    memcpy(candidate.ak_name, enrol->ak_name, enrol->ak_name_len);
    memcpy(candidate.ak_public, enrol->ak.area.p, enrol->ak.area.len);
    r = store_candidate_put(keeper->store, &candidate);
    if (r == 0) {
        log_event(LOG_WARNING, "ak-candidate", LOG_HEX("device", BYTES_OF(enrol->ueid)));
        keeper_audit(keeper, "candidate", enrol->ueid, "device", "another AK has enrolled");
    }
    return r;
}

/* Uses the challenge up, and notes that the quote was accepted. */
static int
write_candidate(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    int64_t now_ms = keeper->clock->utc_ms(keeper->clock->context);
    bool first = attest->candidate.accepted_ms == 0;
    int r =
        store_challenge_use(keeper->store, attest->challenge,
                            now_ms + attest->class_row.interval_s * 1000 + CHALLENGE_KEEP_S * 1000);

    if (r != 0 || !verdict_trusted(&attest->verdict)) {
        return r;
    }
    attest->candidate.accepted_ms = now_ms;
    r = store_candidate_put(keeper->store, &attest->candidate);
    if (r == 0 && first) {
        log_event(LOG_NOTICE, "ak-candidate-accepted",
                  LOG_HEX("device", BYTES_OF(attest->device.id)));
        keeper_audit(keeper, "candidate", attest->device.id, "keeper",
                     "another AK has brought an accepted quote");
    }
    return r;
}

/* No token, whatever the evidence was: the AK is nobody's yet. */
static void
answer(struct attest *attest)
{
    const struct verdict *verdict = &attest->verdict;
    struct answer answer = {
        .tier = TIER_CONTRAINDICATED,
        .reasons = {REASON_AK_UNKNOWN},
        .n_reasons = 1,
        .next_s = (uint32_t)attest->class_row.interval_s,
        .wanted = keeper_wanted(&attest->class_row),
    };
    uint8_t room[ANSWER_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r = keeper_nonce(attest->keeper, attest->device.id, answer.nonce);

    for (size_t i = 0; i < verdict->n_reasons && answer.n_reasons < LIMIT_REASONS; i++) {
        answer.reasons[answer.n_reasons++] = (uint16_t)verdict->reasons[i];
    }
    if (r < 0) {
        keeper_broke(attest->keeper, attest->asked, "answer", r);
        return;
    }
    answer_write(&wr, &answer);
    keeper_reply(attest->keeper, attest->asked, COAP_CODE(2, 4), CF_CBOR, wr_done(&wr));
}

void
candidate_finish(struct attest *attest)
{
    int r = write_candidate(attest);

    if (r == STORE_EXISTS) {
        keeper_challenge(attest->keeper, attest->asked, attest->device.id, REASON_EVIDENCE_STALE);
    } else if (r != 0) {
        keeper_broke(attest->keeper, attest->asked, "candidate", r);
    } else {
        answer(attest);
    }
}
