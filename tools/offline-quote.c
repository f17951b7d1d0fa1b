#include "offline-quote.h"

#include <errno.h>
#include <stdlib.h>

#include "appraise/boot-beside.h"
#include "appraise/ima-begin.h"
#include "appraise/quoted.h"
#include "wire/binding.h"

/* One support bundle in work. */
struct offline_quote {
    struct offline *o;
    const struct support *support;
    struct evidence evidence;
    struct claims claims;
    struct quoted quoted;
    struct tpm_public ak;
    const struct claims_log *log[LOG_KIND_MAX + 1]; /* claims, by kind; NULL: none */
    struct bytes body[LOG_KIND_MAX + 1];            /* the whole log */
    struct growing_ima ima;
    uint8_t *ima_records;
    struct growing_userspace userspace;
    struct quoted_values values;
};

enum { WENT_ON = 0, REFUSED = 1 };

/* A failed check that alone decides, with its fault. */
static int
refuse(struct offline_quote *q, enum check *field, const struct fault *fault)
{
    *field = CHECK_FAILED;
    verdict_add(&q->o->verdict, rule_reason(fault->rule), fault, FAULT_NO_EVENT, NULL, NULL);
    return REFUSED;
}

static int
refuse_rule(struct offline_quote *q, enum check *field, enum rule rule)
{
    (void)verdict_check(&q->o->verdict, field, false, rule);
    return REFUSED;
}

/* Whether quote and signature, which people look at, are those that are judged. */
static bool
copies_agree(const struct offline_quote *q)
{
    const struct bytes *file = q->support->file;

    return (!file[SUPPORT_QUOTE].p || bytes_equal(file[SUPPORT_QUOTE], q->quoted.attest)) &&
           (!file[SUPPORT_SIGNATURE].p ||
            bytes_equal(file[SUPPORT_SIGNATURE], q->quoted.signature_bytes));
}

static int
read_form(struct offline_quote *q)
{
    struct verdict *verdict = &q->o->verdict;
    struct fault fault = {.rule = RULE_WIRE_EVIDENCE, .event = FAULT_NO_EVENT};
    const struct bytes *file = q->support->file;

    if (!file[SUPPORT_EVIDENCE].p || !file[SUPPORT_AK].p) {
        return refuse_rule(q, &verdict->form, RULE_SUPPORT_LACKS);
    }
    if (evidence_read(file[SUPPORT_EVIDENCE], &q->evidence, &fault) != 0 ||
        claims_read(q->evidence.claims, &q->claims, &fault) != 0 ||
        evidence_match(&q->evidence, &q->claims, &fault) != 0 ||
        quoted_read(q->evidence.quote, &q->quoted, &fault) != 0 ||
        tpm_public_read(file[SUPPORT_AK], &q->ak, &fault) != 0) {
        return refuse(q, &verdict->form, &fault);
    }
    if (!copies_agree(q)) {
        return refuse_rule(q, &verdict->form, RULE_SUPPORT_DIFFERS);
    }
    verdict->form = CHECK_PASSED;
    verdict->magic = CHECK_PASSED; /* judged first by tpm_attest_read() */
    verdict->type = CHECK_PASSED;
    return WENT_ON;
}

static int
check_algorithm(struct offline_quote *q)
{
    struct verdict *verdict = &q->o->verdict;
    struct fault fault = {.rule = RULE_SIGNATURE_HASH, .event = FAULT_NO_EVENT};

    if (q->quoted.signature.alg == HASH_SHA1 ||
        tpm_public_check_ak(&q->ak, TPM_AK_DEFAULT, &fault) != 0) {
        return refuse(q, &verdict->algorithm, &fault);
    }
    verdict->algorithm = CHECK_PASSED;
    return WENT_ON;
}

static int
check_signature(struct offline_quote *q)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct verdict *verdict = &q->o->verdict;
    struct fault fault = {.rule = RULE_SIGNATURE_WRONG, .event = FAULT_NO_EVENT};
    int r = tpm_public_key(&q->ak, &key);

    if (r == 0) {
        r = tpm_signature_verify(&q->ak, key, &q->quoted.signature, q->quoted.attest, q->o->hasher,
                                 &fault);
    }
    if (r != 0) {
        return r < 0 ? r : refuse(q, &verdict->signature, &fault);
    }
    verdict->signature = CHECK_PASSED;
    r = tpm_public_check_signer(&q->ak, q->quoted.quote.qualified_signer, q->o->hasher, &fault);
    if (r != 0) {
        return r < 0 ? r : refuse(q, &verdict->signer, &fault);
    }
    verdict->signer = CHECK_PASSED;
    return WENT_ON;
}

static int
check_binding(struct offline_quote *q)
{
    struct verdict *verdict = &q->o->verdict;
    char site[LIMIT_SITE + 1];
    struct binding binding = {.mode = BINDING_COLLECTED, .claims = q->evidence.claims};
    uint8_t want[32];
    int r;

    if (!q->o->ask->site && support_site(q->support, site) != 0) {
        return refuse_rule(q, &verdict->binding, RULE_SUPPORT_SITE);
    }
    binding.site = bytes_str(q->o->ask->site ? q->o->ask->site : site);
    r = binding_quote(q->o->hasher, &binding, want);
    if (r < 0) {
        return r;
    }
    if (!bytes_equal(BYTES_OF(want), q->quoted.quote.extra_data)) {
        return refuse_rule(q, &verdict->binding, RULE_SUPPORT_BINDING);
    }
    verdict->binding = CHECK_PASSED;
    return WENT_ON;
}

static struct pcr_set
wanted_of(const struct offline_quote *q)
{
    return rulebook_bundle(q->o->ask->book)->policies[q->o->ask->policy].quote;
}

/* Each active bank has PCR 0 to 7, and the policy's has what it wants: a device that was never told
 * may quote more. */
static int
check_selection(struct offline_quote *q)
{
    struct verdict *verdict = &q->o->verdict;
    struct pcr_set wanted = wanted_of(q);
    uint32_t own = selection_mask(&q->quoted.selection, wanted.bank);

    if (!quoted_covers_firmware(&q->quoted.selection)) {
        return refuse_rule(q, &verdict->selection, RULE_QUOTE_BANKS);
    }
    if (own == 0) {
        return refuse_rule(q, &verdict->selection, RULE_POLICY_BANK_EMPTY);
    }
    if ((own & wanted.mask) != wanted.mask) {
        return refuse_rule(q, &verdict->selection, RULE_QUOTE_BANKS);
    }
    if (quoted_unnamed(&q->quoted.selection) != 0) {
        offline_say(q->o, "banks", "whether the TPM lacks the banks that its quote does not name");
    }
    if (wanted.bank == HASH_SHA1) {
        offline_say(q->o, "sha1", "whether the class allows its policy's bank");
    }
    verdict->selection = CHECK_PASSED;
    return WENT_ON;
}

/* The whole log of a claim: beside the evidence, or in it when it is sent from its start. */
static struct bytes
body_of(const struct offline_quote *q, const struct claims_log *claim)
{
    static const enum support_file files[] = {
        [LOG_FIRMWARE] = SUPPORT_FIRMWARE,
        [LOG_IMA] = SUPPORT_IMA,
        [LOG_USERSPACE] = SUPPORT_USERSPACE,
    };
    struct bytes body = q->support->file[files[claim->kind]];

    return body.p || claim->offset > 0 ? body : q->evidence.logs[claim - q->claims.logs];
}

/* Whether a log is the one that its claim names, as far as the claim tells, and the part in the
 * evidence is of it. */
static int
fits(struct offline_quote *q, const struct claims_log *claim, struct bytes body, bool *ret)
{
    struct bytes part = q->evidence.logs[claim - q->claims.logs];
    uint64_t len = claim->whole ? claim->length : claim->offset;
    uint8_t digest[32];
    int r;

    *ret = false;
    if (len > body.len || (claim->whole && len != body.len) || claim->offset > body.len ||
        part.len > body.len - claim->offset ||
        (part.len > 0 && !bytes_equal(part, bytes_of(body.p + claim->offset, part.len)))) {
        return 0;
    }
    r = hasher_bytes(q->o->hasher, HASH_SHA256, bytes_of(body.p, (size_t)len), digest);
    *ret = r == 0 && memcmp(digest, claim->whole ? claim->digest : claim->before, 32) == 0;
    return r;
}

static bool
is_quoted(const struct offline_quote *q, uint32_t mask)
{
    bool any = false;

    for (size_t i = 0; i < q->quoted.selection.n; i++) {
        any = any || (q->quoted.selection.sets[i].mask & mask) != 0;
    }
    return any;
}

/* A list that is needed is there, and no log whose PCRs nobody quoted. */
static int
check_logs(struct offline_quote *q)
{
    struct verdict *verdict = &q->o->verdict;

    if (!q->log[LOG_FIRMWARE]) {
        return refuse_rule(q, &verdict->log, RULE_LOG_NEEDED);
    }
    if (!q->log[LOG_IMA] && wanted_of(q).mask & PCR_MASK_IMA) {
        return refuse_rule(q, &verdict->growing, RULE_IMA_LOG_NEEDED);
    }
    if ((q->log[LOG_IMA] && !is_quoted(q, PCR_MASK_IMA)) ||
        (q->log[LOG_USERSPACE] && !is_quoted(q, PCR_MASK_USERSPACE))) {
        return refuse_rule(q, &verdict->form, RULE_LOG_UNQUOTED);
    }
    return WENT_ON;
}

static int
find_logs(struct offline_quote *q)
{
    for (size_t i = 0; i < q->claims.n_logs; i++) {
        const struct claims_log *claim = &q->claims.logs[i];
        struct bytes body = body_of(q, claim);
        bool good;
        int r = fits(q, claim, body, &good);

        if (r < 0) {
            return r;
        }
        if (!good) {
            return refuse_rule(q, &q->o->verdict.log, RULE_SUPPORT_LOG);
        }
        q->log[claim->kind] = claim;
        q->body[claim->kind] = body;
    }
    return check_logs(q);
}

static int
read_logs(struct offline_quote *q)
{
    struct offline *o = q->o;
    struct fault fault = {.event = FAULT_NO_EVENT};
    size_t len = 0;
    int r = offline_log_firmware(o->hasher, q->body[LOG_FIRMWARE], &o->firmware, &fault);

    if (r == 0 && q->log[LOG_USERSPACE]) {
        r = offline_log_userspace(o->hasher, q->body[LOG_USERSPACE], &o->userspace, &fault);
        q->userspace.log = o->userspace.log;
    }
    if (r == 0 && q->log[LOG_IMA]) {
        r = offline_log_ima(o->hasher, q->body[LOG_IMA], &q->ima_records, &len);
        q->ima.records = bytes_of(q->ima_records, len);
    }
    if (r != 0) {
        return r < 0 ? r : refuse(q, &o->verdict.log, &fault);
    }
    o->verdict.log = CHECK_PASSED;
    return WENT_ON;
}

/* Nothing at hand is what was quoted. PCR 10's value is never sent: only a list tells it. */
static int
unmet(struct offline_quote *q)
{
    struct verdict *verdict = &q->o->verdict;

    if (verdict->pcr_digest == CHECK_NOT_RUN) {
        (void)refuse_rule(q, &verdict->pcr_digest, RULE_PCR_VALUES_DIGEST);
    }
    if (!q->log[LOG_IMA] && is_quoted(q, PCR_MASK_IMA)) {
        struct fault fault = {.rule = RULE_IMA_LOG_NEEDED, .event = FAULT_NO_EVENT};

        verdict_add(verdict, rule_reason(fault.rule), &fault, GROWING_PCR_IMA, NULL, NULL);
    }
    return REFUSED;
}

static int
find_values(struct offline_quote *q)
{
    struct verdict *verdict = &q->o->verdict;
    const struct quoted_values_ask ask = {
        .quote = {q->o->hasher, q->quoted.signature.alg, q->quoted.quote.pcr_digest},
        .selection = &q->quoted.selection,
        .firmware = &q->o->firmware.log,
        .userspace = q->log[LOG_USERSPACE] ? &q->userspace : NULL,
        .ima = q->log[LOG_IMA] ? &q->ima : NULL,
        .exit_events_optional =
            rulebook_bundle(q->o->ask->book)->policies[q->o->ask->policy].exit_events_optional,
    };
    int r = quoted_values_logs(&ask, &q->values, verdict);

    if (r == GROWING_E_NONE && q->evidence.values.p) {
        r = quoted_values_sent(&ask, q->evidence.values, &q->values, verdict);
    }
    q->o->quirks = q->values.quirks;
    switch (r) {
    case 0:
        return WENT_ON;
    case GROWING_E_NONE:
        return unmet(q);
    case QUOTED_VALUES_E_FORM:
        return refuse_rule(q, &verdict->pcr_digest, RULE_WIRE_VALUES);
    default:
        return r < 0 ? r : -EPROTO; /* our own reader's records */
    }
}

/* What the quote covers of the userspace log is what the policy sees. */
static const struct event_log *
quoted_userspace(struct offline_quote *q)
{
    struct event_log *log = &q->o->userspace.log;
    size_t n = 0;

    if (!q->log[LOG_USERSPACE]) {
        return NULL;
    }
    while (n < log->n_events && log->events[n].offset + log->events[n].length <= q->userspace.end) {
        n++;
    }
    log->n_events = n;
    return log;
}

/* A device that nobody told quotes more than the policy asks for: that belongs to the digest, but
 * the service, which asks for no more, would not compare it. */
static bool
trim(struct selection *selection, struct pcr_set wanted)
{
    bool more = false;

    for (size_t i = 0; i < selection->n; i++) {
        if (selection->sets[i].bank == wanted.bank) {
            more = (selection->sets[i].mask & ~wanted.mask) != 0;
            selection->sets[i].mask &= wanted.mask;
        }
    }
    return more;
}

/* The quoted PCRs that the policy asks for, and those of other banks, against the logs. */
static void
replay(struct offline_quote *q)
{
    struct offline *o = q->o;
    struct pcr_set wanted = wanted_of(q);

    (void)trim(&q->values.logs.selection, wanted);
    if (trim(&q->values.quoted.selection, wanted)) {
        offline_say(o, "pcrs", "quoted ones that the policy does not ask for, against their logs");
    }
    (void)events_replay(&o->firmware.log, &q->values.logs, &q->values.quoted, &o->verdict);
}

/* From here on nothing ends the judgement: the cause that counts is named first. */
static int
judge_boot(struct offline_quote *q)
{
    struct offline *o = q->o;
    int r = 0;

    replay(q);
    o->verdict.growing = CHECK_PASSED; /* check_logs() refused where a list is needed */
    if (wanted_of(q).mask & PCR_MASK_IMA) {
        r = ima_begin_judge(o->hasher, &q->ima, true, &q->values.firmware, &o->verdict);
    }
    o->ima = q->log[LOG_IMA] ? &q->ima : NULL;
    o->ima_part = q->body[LOG_IMA];
    o->tpm = (struct advisory_tpm){.quoted = true, .firmware = q->quoted.quote.firmware_version};
    r = r < 0 ? r : offline_policy(o, quoted_userspace(q));
    o->ima = o->boot.ima = NULL; /* it goes with *q; what was found looks into the list's bytes */
    if (r == 0) {                /* the ages are nobody's word here: offline_policy() says so */
        const struct boot_beside beside = {.key = quoted_key_kind(&q->ak)};

        boot_beside(&o->told, &beside, &o->verdict);
    }
    return r;
}

static int
run(struct offline_quote *q)
{
    static int (*const steps[])(struct offline_quote *) = {
        read_form, check_algorithm, check_signature, check_binding, check_selection,
        find_logs, read_logs,       find_values,     judge_boot,
    };
    int r = WENT_ON;

    for (size_t i = 0; i < ARRAY_LEN(steps) && r == WENT_ON; i++) {
        r = steps[i](q);
    }
    return r < 0 ? r : 0;
}

int
offline_quote_judge(struct offline *o, const struct offline_ask *ask, const struct support *support,
                    const struct fault *fault)
{
    CLEANUP(free_p) struct offline_quote *q = calloc(1, sizeof(*q));
    int r = offline_begin(o, ask);

    if (!q || r < 0) {
        return -ENOMEM;
    }
    q->o = o;
    q->support = support;
    offline_say(o, "freshness", "when the quote was made, and whether a later one says otherwise");
    offline_say(o, "key", "whether the attestation key is of a genuine TPM: `assay ek check`");
    if (fault->rule != RULE_NONE) {
        (void)refuse(q, &o->verdict.form, fault);
        return 0;
    }
    r = run(q);
    free(q->ima_records);
    return r;
}
