#include "explain/explain-case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "rejudge/rejudge-open.h"

enum { PREFIX_MIN = 8 };

static int
say(const char *digits, const char *what)
{
    char room[CMD_PATH_ROOM];

    fprintf(stderr, "assay: %s: %s\n", cmd_path(digits, room), what);
    return 1;
}

int
explain_case_device(struct store *store, const char *digits, struct store_device *ret)
{
    int r = strlen(digits) < PREFIX_MIN ? STORE_NONE
                                        : store_device_by_prefix(store, bytes_str(digits), ret);

    if (r > 0) {
        return say(digits, r == STORE_EXISTS
                               ? "several devices begin so: give more digits"
                               : "no device has this id or fingerprint: 8 digits at least, as in "
                                 "`assay device list`");
    }
    return r < 0 ? say(digits, strerror(-r)) : 0;
}

static int
read_bundle(struct explain_case *c)
{
    uint8_t *sealed = NULL;
    size_t len = 0;
    int r = store_bundle_get(c->store, &c->bundle_row, &sealed, &len);

    if (r != 0) {
        return r == STORE_NONE ? 0 : r;
    }
    c->has_bundle = true;
    return rejudge_open_bytes(bytes_of(sealed, len), "the bundle in the store", &c->bundle);
}

int
explain_case_find(struct explain_case *c, struct store *store, const char *digits, uint64_t now_s)
{
    int r;

    c->store = store;
    c->now_s = now_s;
    c->hasher = hasher_new();
    c->boots = boots_new();
    c->golden = golden_cache_new();
    if (!c->hasher || !c->boots || !c->golden) {
        return -ENOMEM;
    }
    r = explain_case_device(store, digits, &c->device);
    if (r == 0) {
        r = store_last_get(store, c->device.id, &c->last);
        c->has_last = r == 0;
        r = r == STORE_NONE ? 0 : r;
    }
    return r == 0 ? read_bundle(c) : r;
}

void
explain_case_done(struct explain_case *c)
{
    rejudge_log_done(&c->firmware);
    rejudge_log_done(&c->userspace);
    rejudge_log_done(&c->accepted);
    bundle_file_done(&c->bundle);
    hasher_freep(&c->hasher);
    boots_free(c->boots);
    golden_cache_free(c->golden);
    free(c->announced);
    *c = (struct explain_case){.why = REJUDGE_NO_EVIDENCE};
}

struct rejudge_judge
explain_case_judging(struct explain_case *c)
{
    return (struct rejudge_judge){
        .store = c->store,
        .hasher = c->hasher,
        .room = boots_room(c->boots),
        .golden = c->golden,
        .now_s = c->now_s,
    };
}

bool
explain_case_is_last(const struct explain_case *c)
{
    return c->has_last && c->last.arrived_ms == c->rows.evidence.arrived_ms;
}

const struct bundle_rule *
explain_case_rule(const struct explain_case *c, size_t i)
{
    return &rulebook_bundle(c->bundle.book)->rules[c->row->first_rule + i];
}

bool
explain_case_left_out(const struct explain_case *c, size_t i)
{
    return rulebook_slot(c->bundle.book, c->row->first_rule + i) == SLOT_IMA;
}

size_t
explain_case_next(const struct explain_case *c, const struct boot_told *told, const bool *past,
                  enum reason_effect worst)
{
    size_t best = EXPLAIN_NO_RULE;

    for (size_t i = 0; i < told->judgement->n; i++) {
        const struct rule_result *result = &told->judgement->rules[i];

        if (result->outcome != OUTCOME_PASSED && result->effect <= worst && !(past && past[i]) &&
            !explain_case_left_out(c, i) &&
            (best == EXPLAIN_NO_RULE || result->event < told->judgement->rules[best].event)) {
            best = i;
        }
    }
    return best;
}

/* ---- judging ---- */

static int
load(struct explain_case *c, const uint8_t digest[32], enum log_kind kind, struct rejudge_log *ret)
{
    int r = rejudge_log_load(c->store, c->hasher, digest, kind, ret);

    if (r > 0) {
        c->why = (enum rejudge_why)r;
    }
    return r < 0 ? r : 0;
}

/* A log of the last accepted evidence that is not there, or none to this version, is a comparison
 * less. */
static int
load_accepted(struct explain_case *c)
{
    static const uint8_t none[32];
    const uint8_t *digest = c->rows.evidence.accepted_log;
    int r = memcmp(digest, none, sizeof(none)) == 0
                ? REJUDGE_NO_LOG
                : rejudge_log_load(c->store, c->hasher, digest, LOG_FIRMWARE, &c->accepted);

    c->has_accepted = r == 0;
    return r < 0 ? r : 0;
}

static int
load_logs(struct explain_case *c)
{
    const struct store_evidence *evidence = &c->rows.evidence;
    int r = load(c, evidence->firmware_log, LOG_FIRMWARE, &c->firmware);

    if (r == 0 && c->why == REJUDGE_JUDGED && evidence->userspace == EVIDENCE_LOG_KEPT) {
        r = load(c, evidence->userspace_log, LOG_USERSPACE, &c->userspace);
    }
    return r == 0 && c->why == REJUDGE_JUDGED ? load_accepted(c) : r;
}

static void
choose(struct explain_case *c)
{
    enum rejudge_why lack;

    rejudge_choose(c->bundle.book, c->rows.class_row.name, &c->rows.groups, &c->chosen);
    c->row = c->chosen.row;
    c->quoted = c->row ? c->row->quote
                       : (struct pcr_set){c->rows.class_row.bank, c->rows.class_row.pcr_mask};
    lack = rejudge_rows_lack(&c->rows, c->row);
    c->no_ages = lack == REJUDGE_NO_AGE;
    c->why = c->no_ages ? REJUDGE_JUDGED : lack;
}

/* As the service does, so that both say the same. */
static int
read_announced(struct explain_case *c)
{
    const struct store_moment moment = {(int64_t)c->now_s * 1000, c->rows.era, c->rows.reset_count};
    int r = announced_load(c->store, c->device.id, &moment, c->row->quote.bank, &c->announced);

    if (r == 0 && c->announced) {
        c->about.n_announced = c->announced->n;
        c->about.announced = c->announced->rows;
    }
    return r;
}

static int
read_case(struct explain_case *c)
{
    int r = rejudge_rows_read(c->store, &c->device, &c->rows);

    if (r != 0) {
        c->why = r > 0 ? (enum rejudge_why)r : REJUDGE_NO_EVIDENCE;
        return r < 0 ? r : 0;
    }
    choose(c);
    r = c->why == REJUDGE_JUDGED ? load_logs(c) : 0;
    c->about = (struct rejudge_case){
        .device = &c->device,
        .class_row = &c->rows.class_row,
        .firmware = &c->firmware.read.log,
        .userspace = c->userspace.body ? &c->userspace.read.log : NULL,
        .beside = c->rows.beside,
        .tpm = c->rows.tpm,
    };
    if (r == 0 && c->why == REJUDGE_JUDGED && c->row) {
        r = boots_pins(c->boots, c->store, c->device.id, c->bundle.book, c->chosen.policy,
                       &c->about.pins, &c->about.n_pins);
        c->about.past = boots_past(c->boots);
        r = r == 0 ? read_announced(c) : r;
    }
    return r;
}

/* The cause as the verdict has it: a check of ours, reference events, or nothing that judges. */
static void
cause_of_verdict(const struct verdict *verdict, struct explain_cause *ret)
{
    *ret = (struct explain_cause){
        .reason = verdict->reasons[0],
        .rule = EXPLAIN_NO_RULE,
        .check = verdict->fault.rule,
        .index = verdict->fault.event,
        .pcr = verdict->pcr,
    };
    snprintf(ret->seen, sizeof(ret->seen), "%s", verdict->seen);
    snprintf(ret->expected, sizeof(ret->expected), "%s", verdict->expected);
}

static void
cause_of_event(const struct explain_case *c, uint32_t at, struct explain_cause *cause)
{
    cause->index = cause->pcr = FAULT_NO_EVENT;
    if (at != RULE_NO_EVENT) {
        cause->event = &c->judged.told.events[at];
        cause->index = cause->event->index;
        cause->pcr = cause->event->pcr;
        boot_say_seen(&c->judged.ask, cause->event, cause->seen, sizeof(cause->seen));
    }
}

static void
cause_of_rule(const struct explain_case *c, size_t i, struct explain_cause *ret)
{
    const struct rule_result *result = &c->judged.told.judgement->rules[i];

    *ret = (struct explain_cause){.reason = result->code.reason, .rule = i};
    cause_of_event(c, result->event, ret);
    if (result->token.len > 0) {
        boot_say_token(result->token, ret->seen, sizeof(ret->seen));
    }
    boot_say_expected(&c->judged.ask, explain_case_rule(c, i), ret->expected,
                      sizeof(ret->expected));
}

static void
cause_of_unclaimed(const struct explain_case *c, struct explain_cause *ret)
{
    *ret = (struct explain_cause){.reason = REASON_EVT_UNCLAIMED, .rule = EXPLAIN_NO_RULE};
    cause_of_event(c, c->judged.told.judgement->unclaimed, ret);
    snprintf(ret->expected, sizeof(ret->expected), "a rule for the slot %s",
             slot_table(ret->event->slot)->name);
}

/* A check of ours fails, or what no rule decides: told before what the rules find. */
static bool
is_before_rules(const struct verdict *verdict)
{
    bool fails = verdict->n_reasons > 0 && verdict->effects[0] == EFFECT_FAIL;
    bool unclaimed =
        verdict->reasons[0] == REASON_EVT_UNCLAIMED && verdict->fault.rule == RULE_NONE;

    return fails && verdict->policy_rule[0] == '\0' && !unclaimed;
}

/* The rule at fault: one that fails, or where the floor is affirming one that warns. */
static size_t
rule_at_fault(const struct explain_case *c)
{
    size_t rule = explain_case_next(c, &c->judged.told, NULL, EFFECT_FAIL);

    return rule == EXPLAIN_NO_RULE && c->row->token_floor == BUNDLE_TIER_AFFIRMING
               ? explain_case_next(c, &c->judged.told, NULL, EFFECT_WARN)
               : rule;
}

static void
find_cause_of_policy(struct explain_case *c)
{
    const struct rule_judgement *judgement = c->judged.told.judgement;
    size_t rule = rule_at_fault(c);
    uint32_t at = rule == EXPLAIN_NO_RULE ? RULE_NO_EVENT : judgement->rules[rule].event;

    c->has_cause = true;
    if (is_before_rules(&c->judged.verdict)) {
        cause_of_verdict(&c->judged.verdict, &c->cause);
    } else if (judgement->unclaimed != RULE_NO_EVENT && judgement->unclaimed < at) {
        cause_of_unclaimed(c, &c->cause);
    } else if (rule != EXPLAIN_NO_RULE) {
        cause_of_rule(c, rule, &c->cause);
    } else {
        c->has_cause = false;
    }
}

/* First in the order of the boot; in mode observe what would be it. */
static void
find_cause(struct explain_case *c)
{
    const struct verdict *verdict = &c->judged.verdict;

    if (c->row) {
        find_cause_of_policy(c);
    } else {
        c->has_cause = verdict->n_reasons > 0 && verdict->effects[0] == EFFECT_FAIL;
        cause_of_verdict(verdict, &c->cause);
    }
}

int
explain_case_judge(struct explain_case *c)
{
    struct rejudge_judge judging = explain_case_judging(c);
    int r = read_case(c);

    if (r != 0 || c->why != REJUDGE_JUDGED) {
        return r;
    }
    c->partial = c->row && rejudge_reads_ima(c->bundle.book, c->chosen.policy);
    r = rejudge_judgement(&judging, &c->about, &c->chosen, &c->judged, &c->opinion);
    if (r == 0) {
        find_cause(c);
    }
    return r;
}
