#include "appraise/boot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/boot-remark.h"
#include "formats/tpm-vendor.h"

struct boot_memo {
    bool known;
    struct pcr_set quote; /* that the slots were told by */
    struct boot_facts facts;
    struct slots_kept slots;
    bool has_script;
    uint8_t script[32];
    uint64_t mark; /* of the book, and its policy, that dbx was told by; 0: not told yet */
    size_t policy;
    struct dbx_level dbx;
};

struct boot_room {
    struct slot_map map;
    struct boot_memo own;               /* for a log that has none */
    struct bytes digests[LIMIT_EVENTS]; /* of a boot loader's commands, while they are hashed */
    struct rule_event events[RULE_EVENTS_MAX];
    struct rule_input input;
    char vendor[TPM_VENDOR_ROOM];
    struct bytes advisories[LIMIT_BUNDLE_ADVISORIES * (1 + LIMIT_ADVISORY_CVES)];
    struct rule_judgement judgement;
    struct ima_judgement ima;
    struct ima_sigs *sigs;
    struct rule_room *rules;
};

struct boot_memo *
boot_memo_new(void)
{
    return calloc(1, sizeof(struct boot_memo));
}

void
boot_memo_free(struct boot_memo *memo)
{
    free(memo);
}

struct boot_room *
boot_room_new(void)
{
    struct boot_room *room = calloc(1, sizeof(*room));

    if (room) {
        room->rules = rule_room_new();
        room->sigs = ima_sigs_new();
        if (!room->rules || !room->sigs) {
            boot_room_free(room);
            room = NULL;
        }
    }
    return room;
}

void
boot_room_free(struct boot_room *room)
{
    if (room) {
        rule_room_free(room->rules);
        ima_sigs_free(room->sigs);
        free(room);
    }
}

void
boot_room_freep(struct boot_room **room)
{
    boot_room_free(*room);
    *room = NULL;
}

/* One judgement under way. */
struct telling {
    const struct boot_ask *ask;
    const struct boot_told *told;
    struct verdict *verdict;
    size_t n_remarks;
    const struct boot_remark *remarks[BOOT_REMARKS_MAX];
};

/* What a boot loader ran, as one digest: over those of its commands. */
static int
read_script(struct boot_room *room, struct boot_memo *memo, struct hasher *hasher,
            const struct event_log *log, enum hash bank)
{
    size_t at = event_log_bank(log, bank);
    size_t n = 0;

    for (size_t i = 0; i < room->map.n && at < log->n_banks; i++) {
        const struct slot_event *placed = &room->map.events[i];

        if (placed->slot == SLOT_BOOT_SCRIPT && !(placed->flags & SLOT_ECHO)) {
            room->digests[n++] = log->events[i].digest[at];
        }
    }
    memo->has_script = n > 0;
    return n > 0 ? hasher_parts(hasher, HASH_SHA256, room->digests, n, memo->script) : 0;
}

/* The facts of a log, read again when other PCRs are quoted than before. */
static int
read_facts(struct boot_room *room, struct boot_memo *memo, struct hasher *hasher,
           const struct event_log *log, struct pcr_set quote)
{
    int r;

    if (memo->known && memo->quote.bank == quote.bank && memo->quote.mask == quote.mask) {
        return 0;
    }
    memo->known = false;
    memo->mark = 0;
    r = facts_read(hasher, log, &room->map, &memo->facts);
    r = r == 0 ? read_script(room, memo, hasher, log, quote.bank) : r;
    memo->known = r == 0;
    memo->quote = quote;
    return r;
}

/* How far the boot's dbx is, compared once with a book's baselines. */
static const struct dbx_level *
read_level(struct boot_memo *memo, const struct boot_ask *ask)
{
    uint64_t mark = rulebook_mark(ask->book);

    if (memo->mark != mark || memo->policy != ask->policy) {
        dbx_level_find(rulebook_bundle(ask->book), ask->policy, &memo->facts, &memo->dbx);
        memo->mark = mark;
        memo->policy = ask->policy;
    }
    return &memo->dbx;
}

static void
add_advisory(struct boot_room *room, const struct bundle_advisory *advisory)
{
    struct rule_input *input = &room->input;

    room->advisories[input->n_advisories++] = advisory->name;
    for (size_t k = 0; k < advisory->n_cves; k++) {
        room->advisories[input->n_advisories++] = advisory->cves[k];
    }
}

/* Names and CVEs of what the TPM has: rules' sets say either. The critical ones are first, so that
 * a rule which is about several tells the gravest. */
static void
read_advisories(struct boot_room *room, const struct boot_ask *ask)
{
    const struct bundle *bundle = rulebook_bundle(ask->book);
    struct rule_input *input = &room->input;
    uint16_t found[LIMIT_BUNDLE_ADVISORIES];
    size_t n = advisory_find(bundle, &ask->tpm, found);

    for (unsigned critical = 2; critical-- > 0;) {
        for (size_t i = 0; i < n; i++) {
            const struct bundle_advisory *advisory = &bundle->advisories[found[i]];

            if ((advisory->severity == SEVERITY_CRITICAL) == (critical == 1)) {
                add_advisory(room, advisory);
            }
        }
        input->n_critical = critical == 1 ? input->n_advisories : input->n_critical;
    }
    input->advisories_known = advisory_known(bundle, &ask->tpm);
    input->advisories = room->advisories;
}

/* What is known of a TPM only by its maker, whom a chain proved. */
static struct bytes
kind_of(const struct advisory_tpm *tpm)
{
    return tpm->vendor == 0                   ? BYTES_NULL
           : tpm_vendor_hardware(tpm->vendor) ? bytes_str("hardware")
           : tpm_vendor_kind(tpm->vendor)     ? bytes_str("virtual")
                                              : bytes_str("unknown");
}

/* Events into slots, and what they tell. */
static int
read_boot(struct boot_room *room, struct hasher *hasher, const struct boot_ask *ask,
          const struct bundle_policy *policy, struct boot_memo *memo)
{
    struct rule_input *input = &room->input;
    int r = slots_assign_kept(hasher, ask->log, ask->userspace, policy->quote, &memo->slots,
                              &room->map);

    room->map.quirks |= ask->quirks;
    if (r == 0) {
        settle_files(ask->book, ask->policy, ask->log, policy->quote.bank, &room->map);
        r = read_facts(room, memo, hasher, ask->log, policy->quote);
    }
    if (r != 0) {
        return r;
    }
    *input = (struct rule_input){
        .bank = policy->quote.bank,
        .events = room->events,
        .n_pins = ask->n_pins,
        .pins = ask->pins,
        .n_announced = ask->n_announced,
        .announced = ask->announced,
        .past = ask->past,
        .may_pin = ask->may_pin,
        .enforced = ask->enforced,
        .now_s = ask->now_s,
    };
    read_advisories(room, ask);
    facts_input(&memo->facts, input);
    input->words[SLOT_TPM_KIND] = kind_of(&ask->tpm);
    if (ask->tpm.vendor != 0) {
        input->words[SLOT_TPM_VENDOR] = bytes_str(tpm_vendor_text(ask->tpm.vendor, room->vendor));
    }
    input->n_events = facts_events(&memo->facts, ask->log, ask->userspace, &room->map,
                                   policy->quote.bank, room->events);
    return 0;
}

/* The first ima block that a rule of the policy names; NULL: none. Another one is not judged: its
 * rule has nothing then. */
static const struct bundle_ima *
block_of(const struct bundle *bundle, const struct bundle_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct bundle_rule *rule = &bundle->rules[policy->first_rule + i];

        if (rule->verb == VERB_POLICY) {
            return &bundle->imas[bundle->args[rule->first_arg].index];
        }
    }
    return NULL;
}

/* The files of the IMA list, where the policy asks for them and the quote covers it. Returns as
 * boot_judge(). */
static int
read_files(struct boot_room *room, struct hasher *hasher, const struct boot_ask *ask,
           const struct bundle_policy *policy)
{
    struct ima_judge_ask asked = {
        .book = ask->book,
        .block = block_of(rulebook_bundle(ask->book), policy),
        .files = ask->ima_files,
        .past = ask->ima_past,
        .open = ask->ima_open,
        .now_s = ask->now_s,
        .sigs = room->sigs,
        .work = ask->ima_work,
    };
    int r;

    if (!asked.block || !ask->ima || !(policy->quote.mask >> GROWING_PCR_IMA & 1)) {
        return 0;
    }
    r = ima_judge(hasher, &asked, ask->ima, ask->ima_part, &room->ima);
    if (r == 0) {
        room->input.ima = &room->ima;
    }
    return r == IMA_JUDGE_E_WORK ? BOOT_E_WORK : r > 0 ? -EPROTO : r;
}

static const struct bundle_rule *
rule_at(const struct telling *telling, size_t i)
{
    return &rulebook_bundle(telling->ask->book)->rules[telling->told->policy->first_rule + i];
}

/* In mode observe what would fail warns. */
static enum reason_effect
counted(const struct telling *telling, enum reason_effect effect)
{
    return telling->told->observed && effect == EFFECT_FAIL ? EFFECT_WARN : effect;
}

/* Notes a finding of an event, or of none. */
static void
tell(const struct telling *telling, struct finding finding, uint32_t event)
{
    struct fault fault = {.event = FAULT_NO_EVENT};
    char seen[160] = "";

    finding.pcr = FAULT_NO_EVENT;
    if (event != RULE_NO_EVENT) {
        const struct rule_event *at = &telling->told->events[event];

        fault.event = at->index;
        finding.pcr = at->pcr;
        boot_say_seen(telling->ask, at, seen, sizeof(seen));
    }
    finding.effect = counted(telling, finding.effect);
    finding.fault = &fault;
    finding.seen = finding.seen ? finding.seen : seen;
    verdict_note(telling->verdict, &finding);
}

static void
tell_unclaimed(const struct telling *telling)
{
    uint32_t event = telling->told->judgement->unclaimed;
    char expected[160];
    struct finding finding = {
        .reason = REASON_EVT_UNCLAIMED, .effect = EFFECT_FAIL, .expected = expected};

    snprintf(expected, sizeof(expected), "a rule for the slot %s",
             slot_table(telling->told->events[event].slot)->name);
    tell(telling, finding, event);
}

static void
tell_rule(const struct telling *telling, size_t i)
{
    const struct rule_result *result = &telling->told->judgement->rules[i];
    const struct bundle_rule *rule = rule_at(telling, i);
    char expected[160];
    char token[160];
    struct finding finding = {
        .reason = result->code.reason,
        .effect = result->effect,
        .policy_rule = rule->id,
        .expected = expected,
    };

    boot_say_expected(telling->ask, rule, expected, sizeof(expected));
    if (result->token.len > 0) {
        boot_say_token(result->token, token, sizeof(token));
        finding.seen = token;
    }
    tell(telling, finding, result->event);
}

/* Where in the boot a rule's finding is: behind all events when it is of none. */
static uint32_t
place_of(const struct telling *telling, size_t i)
{
    const struct rule_judgement *judgement = telling->told->judgement;

    return i == judgement->n ? judgement->unclaimed : judgement->rules[i].event;
}

static bool
is_found(const struct telling *telling, size_t i)
{
    const struct rule_judgement *judgement = telling->told->judgement;

    return i == judgement->n ? judgement->unclaimed != RULE_NO_EVENT
                             : judgement->rules[i].outcome != OUTCOME_PASSED;
}

/* The finding that comes next in the boot's order, and of one event in the policy's; the one for an
 * event without a rule has the number n. Returns false behind the last. */
static bool
next_found(const struct telling *telling, bool *told, size_t *ret)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i <= telling->told->judgement->n; i++) {
        if (!told[i] && is_found(telling, i) &&
            (best == SIZE_MAX || place_of(telling, i) < place_of(telling, best))) {
            best = i;
        }
    }
    *ret = best;
    return best != SIZE_MAX;
}

static void
tell_all(const struct telling *telling)
{
    bool told[LIMIT_POLICY_RULES + 1] = {false};
    size_t i;

    while (next_found(telling, told, &i)) {
        told[i] = true;
        if (i == telling->told->judgement->n) {
            tell_unclaimed(telling);
        } else {
            tell_rule(telling, i);
        }
    }
}

/* Whether something in a dimension failed: that nothing affirmed it then follows. */
static bool
has_failed(const struct telling *telling, enum policy_dimension dimension)
{
    const struct rule_judgement *judgement = telling->told->judgement;

    for (size_t i = 0; i < judgement->n; i++) {
        const struct rule_result *result = &judgement->rules[i];

        if (result->outcome != OUTCOME_PASSED && result->effect == EFFECT_FAIL &&
            result->code.dimension == dimension) {
            return true;
        }
    }
    return dimension == DIMENSION_EXECUTABLES && judgement->unclaimed != RULE_NO_EVENT;
}

/* A dimension that nothing affirmed: default deny, the third time. */
static void
tell_unasserted(const struct telling *telling)
{
    const struct rule_judgement *judgement = telling->told->judgement;
    struct finding finding = {.reason = REASON_DIMENSION_UNASSERTED};

    for (enum policy_dimension i = DIMENSION_IDENTITY; i <= DIMENSION_MAX; i++) {
        if (!(judgement->affirmed >> i & 1) && !has_failed(telling, i)) {
            finding.effect = i == DIMENSION_EXECUTABLES ? EFFECT_FAIL : EFFECT_WARN;
            tell(telling, finding, RULE_NO_EVENT);
        }
    }
}

static void
tell_quirks(const struct telling *telling)
{
    struct finding finding = {.reason = REASON_QUIRK_USED, .effect = EFFECT_NOTE};

    if (telling->told->map->quirks != 0) {
        tell(telling, finding, RULE_NO_EVENT);
    }
}

/* The first event of a slot, or RULE_NO_EVENT. */
static uint32_t
first_of(const struct boot_told *told, enum slot slot)
{
    for (uint32_t i = 0; slot != SLOT_NONE && i < told->n_events; i++) {
        if (told->events[i].slot == slot) {
            return i;
        }
    }
    return RULE_NO_EVENT;
}

/* Returns false when one of them fails. */
static bool
tell_remarks(const struct telling *telling)
{
    bool good = true;

    for (size_t i = 0; i < telling->n_remarks; i++) {
        const struct boot_remark *remark = telling->remarks[i];
        struct finding finding = {
            .reason = remark->reason, .effect = remark->effect, .seen = remark->seen};

        tell(telling, finding, first_of(telling->told, remark->slot));
        good = good && remark->effect != EFFECT_FAIL;
    }
    return good;
}

/* Files that an older set allowed, whatever the sets of now say. */
static void
tell_superseded(const struct telling *telling)
{
    const struct ima_judgement *ima = telling->told->ima;
    struct finding finding = {.reason = REASON_IMA_SUPERSEDED, .effect = EFFECT_NOTE};

    if (ima && ima->judged && ima->n[IMA_SUPERSEDED] > 0) {
        tell(telling, finding, RULE_NO_EVENT);
    }
}

static void
tell_observed(const struct telling *telling)
{
    /* graver than its catalogue: who is only observed is never affirming */
    struct finding finding = {.reason = REASON_MODE_OBSERVE, .effect = EFFECT_WARN};

    if (telling->told->observed) {
        tell(telling, finding, RULE_NO_EVENT);
    }
}

/* Events that no slot takes, or that stand where none may: rules of the schema, not of a policy. */
static bool
check_slots(const struct telling *telling, bool *ret_broken)
{
    struct verdict found = *telling->verdict;
    bool good = slots_check(telling->told->map, telling->ask->log, telling->ask->userspace,
                            telling->told->policy->quote.mask, &found);

    *ret_broken = !good;
    if (good) {
        return true;
    }
    if (!telling->told->observed) {
        *telling->verdict = found;
        return false;
    }
    for (size_t i = 0; i < found.n_reasons; i++) {
        struct finding finding = {.reason = found.reasons[i], .effect = found.effects[i]};

        tell(telling, finding, RULE_NO_EVENT);
    }
    return true;
}

/* Did a rule pass by an event in a dimension, though none affirmed it? A version's text, as of a
 * U-Boot that nothing measured. */
static bool
is_hinted(const struct telling *telling, enum policy_dimension dimension)
{
    const struct boot_told *told = telling->told;

    for (size_t i = 0; i < told->judgement->n; i++) {
        const struct rule_result *result = &told->judgement->rules[i];

        if (rulebook_dimension(telling->ask->book, told->policy->first_rule + i) == dimension &&
            result->outcome == OUTCOME_PASSED && result->n_events > 0) {
            return true;
        }
    }
    return false;
}

/* A value of AR4SI section 2.3 for a dimension: affirmed, or how bad the worst of its rules is. */
static int8_t
value_of(const struct telling *telling, enum policy_dimension dimension, int8_t good, int8_t odd,
         int8_t bad)
{
    const struct boot_told *told = telling->told;
    enum tier tier = told->judgement->tiers[dimension];

    if (tier == TIER_CONTRAINDICATED) {
        return told->observed ? odd : bad;
    }
    if (!(told->judgement->affirmed >> dimension & 1)) {
        return is_hinted(telling, dimension) ? odd : 0;
    }
    return tier == TIER_AFFIRMING ? good : odd;
}

/* What the boot tells of itself lowers a value too. */
static int8_t
lowered(const struct telling *telling, enum policy_dimension dimension, int8_t value)
{
    int8_t says =
        boot_remark_value(telling->n_remarks, telling->remarks, dimension, telling->told->observed);

    return says > value ? says : value;
}

static void
fill_vector(const struct telling *telling, struct boot_told *told)
{
    told->vector = (struct boot_vector){
        .identity = value_of(telling, DIMENSION_IDENTITY, 2, 32, 97),
        .configuration = lowered(telling, DIMENSION_CONFIGURATION,
                                 value_of(telling, DIMENSION_CONFIGURATION, 2, 32, 96)),
        .executables = value_of(telling, DIMENSION_EXECUTABLES,
                                told->ima && told->ima->judged ? 2 : 3, 33, 96),
        .hardware =
            lowered(telling, DIMENSION_HARDWARE, value_of(telling, DIMENSION_HARDWARE, 2, 32, 97)),
    };
}

static bool
judge_all(const struct telling *telling, bool *ret_broken)
{
    const struct rule_judgement *judgement = telling->told->judgement;
    bool good = check_slots(telling, ret_broken);

    if (!tell_remarks(telling)) {
        *ret_broken = true;
        good = good && telling->told->observed;
    }
    tell_all(telling);
    tell_unasserted(telling);
    tell_quirks(telling);
    tell_superseded(telling);
    tell_observed(telling);
    return good && judgement->tier != TIER_CONTRAINDICATED && judgement->tier != TIER_NONE;
}

int
boot_judge(struct boot_room *room, struct hasher *hasher, const struct boot_ask *ask,
           struct verdict *verdict, struct boot_told *ret)
{
    const struct bundle_policy *policy = &rulebook_bundle(ask->book)->policies[ask->policy];
    struct telling telling = {.ask = ask, .told = ret, .verdict = verdict};
    struct boot_memo *memo = ask->log->boot ? ask->log->boot : &room->own;
    int r;

    room->own.known = room->own.slots.known = false;
    r = read_boot(room, hasher, ask, policy, memo);
    r = r == 0 ? read_files(room, hasher, ask, policy) : r;
    verdict->reference = CHECK_FAILED;
    if (r != 0) {
        return r;
    }
    rule_judge(ask->book, ask->policy, &room->input, room->rules, &room->judgement);
    if (ask->past && ask->past->r < 0) {
        return ask->past->r;
    }
    *ret = (struct boot_told){
        .policy = policy,
        .map = &room->map,
        .facts = &memo->facts,
        .dbx = read_level(memo, ask),
        .script = memo->has_script ? memo->script : NULL,
        .n_events = room->input.n_events,
        .events = room->events,
        .judgement = &room->judgement,
        .ima = room->input.ima,
        .observed = policy->mode == BUNDLE_MODE_OBSERVE && !ask->enforced,
    };
    telling.n_remarks = boot_remarks(ask->book, policy, &memo->facts, telling.remarks);
    fill_vector(&telling, ret);
    if (event_log_bank(ask->log, policy->quote.bank) == ask->log->n_banks) {
        struct fault fault = {.rule = RULE_REPLAY_BANK_MISSING, .event = FAULT_NO_EVENT};

        verdict_add(verdict, REASON_BANK_MISSING_IN_LOG, &fault, FAULT_NO_EVENT,
                    hash_name(policy->quote.bank), NULL);
        return 0;
    }
    verdict->reference = judge_all(&telling, &ret->slots_broken) ? CHECK_PASSED : CHECK_FAILED;
    return 0;
}

bool
boot_finds_event(const struct boot_told *told, const struct verdict *verdict)
{
    const struct rule_judgement *judgement = told->judgement;

    for (size_t i = 0; i < judgement->n; i++) {
        const struct rule_result *result = &judgement->rules[i];

        if (result->outcome != OUTCOME_PASSED && result->event != RULE_NO_EVENT) {
            return true;
        }
    }
    return judgement->unclaimed != RULE_NO_EVENT || verdict->seen[0] != '\0';
}
