/* The quote: whose it is, what it covers, which PCRs, and where it stands in time. */
#include "appraise/quoted.h"
#include "keeper/attest.h"

/* A nonce lives so much longer than the interval, and an upload takes so long: evidence may be this
 * much older than its verdict. */
enum { ATTEST_BEFORE_MS = 60000 + 330000 };

/* A failed check that alone decides the verdict. */
static enum step
failed(struct attest *attest, enum check *field, enum rule rule)
{
    (void)verdict_check(&attest->verdict, field, false, rule);
    return STEP_JUDGE;
}

static enum step
broke(struct attest *attest, const char *where, int r)
{
    keeper_broke(attest->keeper, attest->asked, where, r);
    return STEP_ANSWERED;
}

/* SHA-1 signatures are refused whatever the key says. */
static bool
algorithm_good(const struct attest *attest)
{
    return attest->signature.alg != HASH_SHA1 &&
           tpm_public_check_ak(&attest->ak, TPM_AK_DEFAULT, NULL) == 0;
}

static enum step
check_signature(struct attest *attest)
{
    struct keeper *keeper = attest->keeper;
    struct fault fault = {0};
    struct pubkey *key = NULL;
    int r = ak_cache_get(keeper->aks, &attest->ak, &key);

    if (r == 0) {
        r = tpm_signature_verify(&attest->ak, key, &attest->signature, attest->attest_bytes,
                                 keeper->hasher, &fault);
    }
    if (r < 0) {
        return broke(attest, "signature", r);
    }
    if (r > 0) {
        return failed(attest, &attest->verdict.signature,
                      fault.rule ? fault.rule : RULE_SIGNATURE_WRONG);
    }
    attest->verdict.signature = CHECK_PASSED;
    r = tpm_public_check_signer(&attest->ak, attest->quote.qualified_signer, keeper->hasher,
                                &fault);
    if (r < 0) {
        return broke(attest, "signer", r);
    }
    if (r > 0) {
        return failed(attest, &attest->verdict.signer, fault.rule);
    }
    attest->verdict.signer = CHECK_PASSED;
    return STEP_ON;
}

/* A quote that covers another connection, nonce or claims is no news about this device: 4.01. */
static enum step
check_binding(struct attest *attest)
{
    const struct request *request = &attest->asked->request;
    struct binding binding = {
        .site = attest->keeper->setup.site,
        .mode = BINDING_CONNECTION,
        .nonce = attest->claims.has_nonce ? attest->claims.nonce : NULL,
        .exporter = request->exporter,
        .claims = attest->evidence.claims,
    };
    uint8_t want[32];
    int r = binding_quote(attest->keeper->hasher, &binding, want);

    if (r < 0) {
        return broke(attest, "binding", r);
    }
    if (!ct_equal(BYTES_OF(want), attest->quote.extra_data)) {
        keeper_challenge(attest->keeper, attest->asked, attest->device.id, REASON_CHANNEL_BINDING);
        return STEP_ANSWERED;
    }
    attest->verdict.binding = CHECK_PASSED;
    return STEP_ON;
}

/* 4.09 with the selection that is wanted and a fresh nonce. */
static enum step
want_selection(struct attest *attest)
{
    struct problem problem = {
        .has_nonce = true,
        .has_wanted = true,
        .wanted = keeper_wanted(&attest->class_row),
    };
    int r = keeper_nonce(attest->keeper, attest->device.id, problem.nonce);

    if (r < 0) {
        return broke(attest, "nonce", r);
    }
    keeper_problem(attest->keeper, attest->asked, COAP_CODE(4, 9), REASON_QUOTE_SELECTION,
                   &problem);
    return STEP_ANSWERED;
}

/* Every quote names each bank that the TPM implements; PCR 0 to 7 in each active one, and what the
 * policy wants in its own. The TPM clears what is not allocated, in the signed selection. */
static enum step
check_selection(struct attest *attest)
{
    struct pcr_set wanted = keeper_wanted(&attest->class_row);
    uint32_t own = selection_mask(&attest->quoted, wanted.bank);

    if ((quoted_unnamed(&attest->quoted) & ~attest->class_row.lacks) != 0 ||
        !quoted_covers_firmware(&attest->quoted)) {
        return failed(attest, &attest->verdict.selection, RULE_QUOTE_BANKS);
    }
    if (own == 0) {
        return failed(attest, &attest->verdict.selection, RULE_POLICY_BANK_EMPTY);
    }
    if (wanted.bank == HASH_SHA1 && !attest->class_row.allow_sha1) {
        return failed(attest, &attest->verdict.selection, RULE_BANK_SHA1);
    }
    if (own != wanted.mask) {
        return want_selection(attest);
    }
    attest->verdict.selection = CHECK_PASSED;
    return STEP_ON;
}

enum step
attest_quote(struct attest *attest)
{
    enum step step;

    if (!algorithm_good(attest)) {
        return failed(attest, &attest->verdict.algorithm, RULE_SIGNATURE_HASH);
    }
    attest->verdict.algorithm = CHECK_PASSED;
    step = check_signature(attest);
    if (step == STEP_ON) {
        step = check_binding(attest);
    }
    return step == STEP_ON ? check_selection(attest) : step;
}

static struct order_point
point_of_last(const struct store_last *last)
{
    return (struct order_point){
        .era = last->era,
        .reset_count = last->reset_count,
        .restart_count = last->restart_count,
        .clock_ms = last->clock_ms,
        .clock_safe = true,
        .arrived_ms = last->clock_at_ms,
    };
}

/* 4.01 with a fresh nonce: what stands in another order than expected counts only when it was
 * surely quoted after what it is compared with. A front may keep evidence back, a reader may take
 * long. */
static enum step
ask_again(struct attest *attest)
{
    keeper_challenge(attest->keeper, attest->asked, attest->device.id, REASON_EVIDENCE_STALE);
    return STEP_ANSWERED;
}

static int64_t
now_ms(const struct attest *attest)
{
    const struct clock *clock = attest->keeper->clock;

    return clock->utc_ms(clock->context);
}

/* Lower than the last: refused, and remembered as what a clone may have said. */
static enum step
lower(struct attest *attest, enum rule rule)
{
    int64_t judged_ms = attest->last.judged_ms;

    attest->lower = judged_ms > 0 && attest->nonce_ms >= judged_ms;
    /* a clock of ours that was set back must not ask for ever */
    if (!attest->lower && judged_ms > 0 && now_ms(attest) >= judged_ms) {
        return ask_again(attest);
    }
    return failed(attest, &attest->verdict.order, rule);
}

/* Evidence in order, perhaps after a lower one: may both be of one TPM? */
static enum step
in_order(struct attest *attest)
{
    const struct order_pair pair = {
        .high_ms = attest->last.judged_ms,
        .low_ms = attest->last.low_ms,
        .nonce_ms = attest->nonce_ms,
        .now_ms = now_ms(attest),
        .before_ms = attest->class_row.interval_s * 1000 + ATTEST_BEFORE_MS,
        .clock_ms = attest->quote.clock_ms,
    };

    switch (order_pair_judge(&pair)) {
    case ORDER_ASK:
        return ask_again(attest);
    case ORDER_TWO:
        attest->two_tpms = true;
        return failed(attest, &attest->verdict.order, RULE_ORDER_INTERLEAVED);
    case ORDER_ONE:
        break;
    }
    attest->verdict.order = CHECK_PASSED;
    return STEP_ON;
}

/* What is told of the TPM and its machine wherever the evidence stands in time. An unsafe clock may
 * lie behind by what the TPM had not saved when its power went; it runs on, and counts within its
 * boot. TPM 2.0 Library part 1, Clock. */
static void
note_machine(struct attest *attest)
{
    uint64_t known = attest->has_last ? attest->last.trusted_firmware : 0;

    if (!attest->quote.safe) {
        verdict_add(&attest->verdict, REASON_CLOCK_UNSAFE, NULL, FAULT_NO_EVENT, NULL, NULL);
    }
    if (attest->claims.clock_floor_s != 0) {
        verdict_add(&attest->verdict, REASON_DEVICE_CLOCK, NULL, FAULT_NO_EVENT, NULL, NULL);
    }
    if (known != 0 && attest->quote.firmware_version != known) {
        verdict_add(&attest->verdict, REASON_TPM_FW_CHANGED, NULL, FAULT_NO_EVENT, NULL, NULL);
    }
}

enum step
attest_order(struct attest *attest)
{
    struct order_point last = point_of_last(&attest->last);
    struct order_point now = {
        .era = attest->device.era,
        .reset_count = attest->quote.reset_count,
        .restart_count = attest->quote.restart_count,
        .clock_ms = attest->quote.clock_ms,
        .clock_safe = attest->quote.safe,
        .arrived_ms = attest->asked->request.first_ms,
    };

    note_machine(attest);
    attest->order = order_judge(attest->has_last ? &last : NULL, &now, attest->nonce_age_ms);
    switch (attest->order) {
    case ORDER_BACK:
        return lower(attest, RULE_ORDER_BACKWARDS);
    case ORDER_RESET:
        return lower(attest, RULE_ORDER_RESET);
    case ORDER_LAGS:
        return ask_again(attest);
    case ORDER_FIRST:
        break;
    case ORDER_SAME:
    case ORDER_BOOT:
    case ORDER_MAYBE:
        return in_order(attest);
    }
    attest->verdict.order = CHECK_PASSED;
    return STEP_ON;
}
