#include "appraise/explain.h"

#include "appraise/boot-claims.h"
#include "base/hex.h"
#include "formats/tpm-vendor.h"

static const char *const effect_names[] = {"fail", "warn", "note"};

static const char *
outcome_name(enum policy_outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_PASSED] = "passed",
        [OUTCOME_UNKNOWN] = "unknown",
        [OUTCOME_FEW] = "too-few",
        [OUTCOME_MANY] = "too-many",
        [OUTCOME_REVOKED] = "revoked",
        [OUTCOME_OLD] = "old",
        [OUTCOME_PENDING] = "pending",
        [OUTCOME_RETIRING] = "retiring",
        [OUTCOME_RETIRED] = "retired",
        [OUTCOME_MIXED] = "mixed-releases",
        [OUTCOME_ORDER] = "out-of-order",
        [OUTCOME_CHANGED] = "changed",
        [OUTCOME_UNPINNED] = "unpinned",
        [OUTCOME_MISSING] = "missing",
        [OUTCOME_DENIED] = "denied",
        [OUTCOME_UNAVAILABLE] = "unavailable",
        [OUTCOME_RETRIED] = "retried",
        [OUTCOME_ELSEWHERE] = "elsewhere",
        [OUTCOME_SHUTDOWN] = "shutdown",
        [OUTCOME_VIOLATED] = "violated",
        [OUTCOME_WEAK] = "weak",
        [OUTCOME_BAD_SIGNATURE] = "bad-signature",
        [OUTCOME_KEY_UNKNOWN] = "key-unknown",
        [OUTCOME_KEY_WEAK] = "key-weak",
        [OUTCOME_ANNOUNCED] = "announced",
    };

    return names[outcome];
}

static void
text(struct json_wr *j, const char *key, const char *value)
{
    json_wr_key(j, key);
    if (value && value[0] != '\0') {
        json_wr_str(j, value);
    } else {
        json_wr_null(j);
    }
}

static void
view(struct json_wr *j, const char *key, struct bytes value)
{
    json_wr_key(j, key);
    if (value.len > 0) {
        json_wr_text(j, value);
    } else {
        json_wr_null(j);
    }
}

static void
number(struct json_wr *j, const char *key, uint64_t value)
{
    json_wr_key(j, key);
    json_wr_int(j, (int64_t)(value >> 53 ? 0 : value));
}

static void
place(struct json_wr *j, const char *key, uint32_t value)
{
    json_wr_key(j, key);
    if (value == FAULT_NO_EVENT) {
        json_wr_null(j);
    } else {
        json_wr_int(j, value);
    }
}

static void
reason(struct json_wr *j, enum reason reason, const char *effect)
{
    number(j, "number", reason);
    text(j, "name", reason_name(reason));
    if (effect) {
        text(j, "effect", effect);
    }
}

static void
say_policy(struct json_wr *j, const struct explain *explain)
{
    static const char *const modes[] = {"", "off", "observe", "enforce"};

    json_wr_key(j, "policy");
    if (!explain->ask) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    view(j, "name", explain->told->policy->name);
    number(j, "version", explain->told->policy->version);
    text(j, "mode", modes[explain->told->policy->mode]);
    json_wr_end_object(j);
}

static void
say_check(struct json_wr *j, enum rule rule)
{
    char room[RULE_NAME_MAX];
    bool any = rule != RULE_NONE;

    text(j, "check", any ? rule_name(rule, room) : NULL);
    text(j, "clause", any ? rule_clause(rule) : NULL);
    text(j, "text", any ? rule_text(rule) : NULL);
}

/* The reason that fails and was found first stands first. */
static void
say_first_cause(struct json_wr *j, const struct verdict *verdict)
{
    json_wr_key(j, "first_cause");
    if (verdict->n_reasons == 0 || verdict->effects[0] != EFFECT_FAIL) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    reason(j, verdict->reasons[0], NULL);
    text(j, "rule", verdict->policy_rule);
    say_check(j, verdict->fault.rule);
    place(j, "event", verdict->fault.event);
    place(j, "pcr", verdict->pcr);
    text(j, "seen", verdict->seen);
    text(j, "expected", verdict->expected);
    json_wr_end_object(j);
}

static void
say_reasons(struct json_wr *j, const struct verdict *verdict)
{
    json_wr_key(j, "reasons");
    json_wr_array(j);
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        json_wr_object(j);
        reason(j, verdict->reasons[i], effect_names[verdict->effects[i]]);
        json_wr_end_object(j);
    }
    json_wr_end_array(j);
}

static void
say_checks(struct json_wr *j, const struct verdict *verdict)
{
    static const char *const words[] = {"not-run", "failed", "passed"};

    json_wr_key(j, "checks");
    json_wr_object(j);
#define CHECK_SAID(name) text(j, #name, words[verdict->name]);
    VERDICT_CHECKS(CHECK_SAID)
#undef CHECK_SAID
    json_wr_end_object(j);
}

/* Where an event stands and what was measured; nulls for none. */
static void
say_event(struct json_wr *j, const struct explain *explain, uint32_t at, struct bytes token)
{
    const struct rule_event *event = at == RULE_NO_EVENT ? NULL : &explain->told->events[at];
    char seen[160] = "";

    place(j, "event", event ? event->index : FAULT_NO_EVENT);
    place(j, "pcr", event ? event->pcr : FAULT_NO_EVENT);
    if (token.len > 0) {
        boot_say_token(token, seen, sizeof(seen));
    } else if (event) {
        boot_say_seen(explain->ask, event, seen, sizeof(seen));
    }
    text(j, "seen", seen);
}

/* In mode observe what would fail warns: boot_judge() counts it so. */
static const char *
effect_of(const struct explain *explain, const struct rule_result *result)
{
    bool softer = explain->told->observed && result->effect == EFFECT_FAIL;

    return effect_names[softer ? EFFECT_WARN : result->effect];
}

static void
say_rule(struct json_wr *j, const struct explain *explain, const struct bundle_rule *rule,
         const struct rule_result *result)
{
    char expected[160];

    json_wr_object(j);
    view(j, "id", rule->id);
    view(j, "slot", rule->slot);
    text(j, "verb", bundle_verb_name(rule->verb));
    number(j, "events", result->n_events);
    text(j, "outcome", outcome_name(result->outcome));
    json_wr_key(j, "learns");
    json_wr_bool(j, result->learns);
    if (result->outcome != OUTCOME_PASSED) {
        reason(j, result->code.reason, effect_of(explain, result));
        say_event(j, explain, result->event, result->token);
        boot_say_expected(explain->ask, rule, expected, sizeof(expected));
        text(j, "expected", expected);
    }
    json_wr_end_object(j);
}

static void
say_rules(struct json_wr *j, const struct explain *explain)
{
    const struct bundle *bundle = rulebook_bundle(explain->ask->book);
    const struct rule_judgement *judgement = explain->told->judgement;
    size_t first = explain->told->policy->first_rule;

    json_wr_array(j);
    for (size_t i = 0; i < judgement->n; i++) {
        say_rule(j, explain, &bundle->rules[first + i], &judgement->rules[i]);
    }
    json_wr_end_array(j);
}

static void
say_unclaimed(struct json_wr *j, const struct explain *explain)
{
    uint32_t at = explain->told->judgement->unclaimed;

    if (at == RULE_NO_EVENT) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    text(j, "slot", slot_table(explain->told->events[at].slot)->name);
    say_event(j, explain, at, BYTES_NULL);
    json_wr_end_object(j);
}

/* How many entries each list has; lists that nobody could read are left out: a fact is absent when
 * it is unknown. */
static void
say_lists(struct json_wr *j, const struct rule_input *input)
{
    json_wr_key(j, "lists");
    json_wr_object(j);
    for (size_t slot = 0; slot < SLOT_N; slot++) {
        if (input->entries[slot].known) {
            number(j, slot_table((enum slot)slot)->name, input->entries[slot].n);
        }
    }
    json_wr_end_object(j);
}

static void
say_numbers(struct json_wr *j, const struct boot_facts *facts)
{
    json_wr_key(j, "numbers");
    json_wr_array(j);
    for (size_t i = 0; i < facts->n_numbers; i++) {
        json_wr_object(j);
        view(j, "name", facts->numbers[i].name);
        number(j, "number", facts->numbers[i].number);
        json_wr_end_object(j);
    }
    json_wr_end_array(j);
}

static void
say_facts(struct json_wr *j, const struct explain *explain)
{
    const struct boot_facts *facts = explain->told->facts;
    struct rule_input input = {0};

    facts_input(facts, &input);
    json_wr_object(j);
    view(j, "secureboot", input.words[SLOT_SECUREBOOT]);
    view(j, "mode", input.words[SLOT_SB_MODE]);
    view(j, "rtm", input.words[SLOT_RTM]);
    json_wr_key(j, "dma_unprotected");
    json_wr_bool(j, facts->dma_unprotected);
    json_wr_key(j, "debug");
    json_wr_bool(j, facts->debug);
    json_wr_key(j, "sbat_level");
    if (facts->sbat_level == 0) {
        json_wr_null(j);
    } else {
        json_wr_int(j, (int64_t)(facts->sbat_level >> 53 ? 0 : facts->sbat_level));
    }
    say_numbers(j, facts);
    say_lists(j, &input);
    json_wr_end_object(j);
}

static void
say_quirks(struct json_wr *j, const struct explain *explain)
{
    json_wr_array(j);
    for (size_t i = 0; i < QUIRK_N; i++) {
        if (explain->told->map->quirks >> i & 1) {
            json_wr_str(j, slots_quirk_name((enum slot_quirk)i));
        }
    }
    json_wr_end_array(j);
}

static void
say_dimensions(struct json_wr *j, const struct explain *explain)
{
    const struct boot_vector *vector = &explain->told->vector;

    json_wr_object(j);
    number(j, "identity", (uint64_t)vector->identity);
    number(j, "configuration", (uint64_t)vector->configuration);
    number(j, "executables", (uint64_t)vector->executables);
    number(j, "hardware", (uint64_t)vector->hardware);
    json_wr_end_object(j);
}

/* Digest and path of a file; what a device wrote is escaped by the writer. */
static void
say_file(struct json_wr *j, const struct ima_finding *finding)
{
    char digits[2 * HASH_SIZE_MAX + 1];

    json_wr_object(j);
    number(j, "entry", finding->entry);
    text(j, "status", ima_status_name(finding->status));
    text(j, "hash", finding->alg == HASH_N ? NULL : hash_name(finding->alg));
    text(j, "digest",
         finding->digest.len <= HASH_SIZE_MAX ? hex_write(digits, finding->digest) : NULL);
    view(j, "path", finding->path);
    json_wr_end_object(j);
}

static void
say_ima(struct json_wr *j, const struct explain *explain)
{
    const struct ima_judgement *ima = explain->told->ima;

    if (!ima) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    number(j, "entries", ima->n_entries);
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        number(j, ima_status_name(i), ima->n[i]);
    }
    json_wr_key(j, "files");
    json_wr_array(j);
    for (size_t i = 0; i < ima->n_findings; i++) {
        say_file(j, &ima->findings[i]);
    }
    json_wr_end_array(j);
    json_wr_end_object(j);
}

/* What of the TPM somebody vouches for; the rest is null. */
static void
say_tpm_itself(struct json_wr *j, const struct advisory_tpm *tpm)
{
    char vendor[TPM_VENDOR_ROOM];
    char version[TPM_FIRMWARE_ROOM];

    text(j, "vendor", tpm->vendor ? tpm_vendor_text(tpm->vendor, vendor) : NULL);
    text(j, "kind", tpm->vendor ? tpm_vendor_kind(tpm->vendor) : NULL);
    text(j, "firmware", tpm->quoted ? tpm_firmware_text(tpm->firmware, version) : NULL);
}

static void
say_advisory(struct json_wr *j, const struct bundle_advisory *advisory)
{
    json_wr_object(j);
    view(j, "name", advisory->name);
    text(j, "severity", bundle_severity_name(advisory->severity));
    json_wr_key(j, "cves");
    json_wr_array(j);
    for (size_t i = 0; i < advisory->n_cves; i++) {
        json_wr_text(j, advisory->cves[i]);
    }
    json_wr_end_array(j);
    view(j, "effect", advisory->effect);
    json_wr_end_object(j);
}

void
explain_tpm(struct json_wr *j, const struct bundle *bundle, const struct advisory_tpm *tpm)
{
    uint16_t found[LIMIT_BUNDLE_ADVISORIES];
    size_t n = bundle ? advisory_find(bundle, tpm, found) : 0;

    json_wr_object(j);
    say_tpm_itself(j, tpm);
    json_wr_key(j, "advisories");
    if (!bundle || !advisory_known(bundle, tpm)) {
        json_wr_null(j);
    } else {
        json_wr_array(j);
        for (size_t i = 0; i < n; i++) {
            say_advisory(j, &bundle->advisories[found[i]]);
        }
        json_wr_end_array(j);
    }
    json_wr_end_object(j);
}

static void
say_tpm(struct json_wr *j, const struct explain *explain)
{
    explain_tpm(j, rulebook_bundle(explain->ask->book), &explain->ask->tpm);
}

/* Who vouches for the TPM is not known here. */
static void
say_claims(struct json_wr *j, const struct explain *explain)
{
    struct boot_claims claims = {0};

    boot_claims_tpm(&explain->ask->tpm, NULL, &claims);
    boot_claims(explain->ask, explain->told, &claims);
    claim_set_say_all(j, &claims.set);
}

void
explain_write(struct json_wr *j, const struct explain *explain)
{
    static const struct {
        const char *key;
        void (*say)(struct json_wr *j, const struct explain *explain);
    } of_policy[] = {
        {"rules", say_rules},   {"unclaimed", say_unclaimed},   {"facts", say_facts},
        {"quirks", say_quirks}, {"dimensions", say_dimensions}, {"ima", say_ima},
        {"tpm", say_tpm},       {"claims", say_claims},
    };

    text(j, "tier", tier_name(explain->tier));
    say_policy(j, explain);
    say_first_cause(j, explain->verdict);
    say_reasons(j, explain->verdict);
    say_checks(j, explain->verdict);
    for (size_t i = 0; i < ARRAY_LEN(of_policy); i++) {
        json_wr_key(j, of_policy[i].key);
        if (explain->ask) {
            of_policy[i].say(j, explain);
        } else {
            json_wr_null(j);
        }
    }
}
