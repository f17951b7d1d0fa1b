#include "rejudge/rejudge-report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "policy/policy-words.h"
#include "rejudge/rejudge-json.h"
#include "rejudge/rejudge-say.h"
#include "table.h"

enum { POLICY_ROOM = 128 * 1024, WHY_ROOM = 160 };

/* ---- for people ---- */

/* In the place of an id: there are rules that no policy has. */
static void
code_rows(struct table *table, const struct rejudge_policy_count *policy)
{
    for (size_t i = 0; i < policy->n_codes; i++) {
        const struct rejudge_rule_count *count = &policy->codes[i];
        char name[REJUDGE_CAUSE_ROOM];
        char id[REJUDGE_ID_ROOM];

        table_cell(table, "%s", rejudge_cause_name(count->code, name));
        table_cell(table, "-");
        table_cell(table, "%" PRIu64, policy->members - count->failed);
        table_cell(table, "0");
        table_cell(table, "0");
        table_cell(table, "%" PRIu64, count->failed);
        table_cell(table, "%s  as %s", reason_name(count->code), rejudge_say_id(count->device, id));
    }
}

static const char *
why_text(const struct rejudge_rule_count *count, char room[WHY_ROOM])
{
    char id[REJUDGE_ID_ROOM];

    room[0] = '\0';
    if (count->code != REASON_NONE) {
        snprintf(room, WHY_ROOM, "%d %s  as %s", (int)count->code, reason_name(count->code),
                 rejudge_say_id(count->device, id));
    } else if (count->left_out > 0) {
        snprintf(room, WHY_ROOM, "not judged: the list is not kept");
    }
    return room;
}

static void
rule_row(struct table *table, struct bytes id, struct bytes slot,
         const struct rejudge_rule_count *count)
{
    const uint64_t numbers[] = {count->passed, count->noted, count->warned, count->failed};
    char room[WHY_ROOM];

    table_cell(table, "%.*s", (int)id.len, (const char *)id.p);
    table_cell(table, "%.*s", (int)slot.len, (const char *)slot.p);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        table_cell(table, "%" PRIu64, numbers[i]);
    }
    table_cell(table, "%s", why_text(count, room));
}

static struct table *
begin_table(void)
{
    static const char *const heads[] = {"RULE", "SLOT", "PASS", "NOTE", "WARN", "FAIL", "WHY"};
    struct table *table = table_new(ARRAY_LEN(heads));

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        table_cell(table, "%s", heads[i]);
    }
    return table;
}

static void
end_table(FILE *out, const struct table *table)
{
    ignore(table_print(table, out), "it has said why, and the stream knows");
    fputc('\n', out);
}

static void
say_policy(FILE *out, const struct rejudge_rules *rules, size_t i)
{
    CLEANUP(table_freep) struct table *table = begin_table();
    const struct bundle *bundle = rulebook_bundle(rejudge_rules_book(rules));
    const struct bundle_policy *policy = &bundle->policies[i];
    const struct rejudge_policy_count *count = rejudge_rules_policy(rules, i);

    fprintf(out, "policy %.*s version %u (%s): %" PRIu64 " devices, %" PRIu64 " would fail\n",
            (int)policy->name.len, (const char *)policy->name.p, policy->version,
            policy_modes[policy->mode - 1], count->members, count->failed);
    for (size_t k = policy->first_rule; k < policy->first_rule + policy->n_rules; k++) {
        rule_row(table, bundle->rules[k].id, bundle->rules[k].slot, rejudge_rules_rule(rules, k));
    }
    code_rows(table, count);
    end_table(out, table);
}

/* Whom reference events refuse, since no policy of the bundle is for their class. */
static void
say_without(FILE *out, const struct rejudge_policy_count *count)
{
    CLEANUP(table_freep) struct table *table = begin_table();

    fprintf(out, "no policy, reference events: %" PRIu64 " devices, %" PRIu64 " would fail\n",
            count->members, count->failed);
    code_rows(table, count);
    end_table(out, table);
}

static void
say_text(const struct rejudge_report *report, const struct rejudge_rules *rules,
         const struct rejudge_tally *tally)
{
    const struct rejudge_policy_count *without = rejudge_rules_policy(rules, REJUDGE_NO_POLICY);
    struct rejudge_tally others = *tally;

    for (size_t i = 0; i < rulebook_bundle(rejudge_rules_book(rules))->n_policies; i++) {
        if (rejudge_rules_policy(rules, i)->members > 0) {
            say_policy(report->out, rules, i);
        }
    }
    if (without->failed > 0) {
        say_without(report->out, without);
    }
    others.others[REJUDGE_NO_IMA] = 0; /* their other rules are counted */
    fprintf(report->out,
            "%" PRIu64 " members: %" PRIu64 " judged by a policy, %" PRIu64 " would fail; %" PRIu64
            " have none\n",
            tally->members, rejudge_rules_members(rules), rejudge_rules_failed(rules),
            without->members);
    rejudge_say_others(report->out, &others);
}

/* ---- JSON ---- */

static void
rule_json(struct json_wr *j, struct bytes id, struct bytes slot,
          const struct rejudge_rule_count *count)
{
    bool any = count->code != REASON_NONE;
    char hex[2 * WIRE_UEID_SIZE + 1];

    json_wr_object(j);
    rejudge_json_text(j, "rule", id);
    rejudge_json_text(j, "slot", slot);
    rejudge_json_number(j, "pass", count->passed);
    rejudge_json_number(j, "note", count->noted);
    rejudge_json_number(j, "warn", count->warned);
    rejudge_json_number(j, "fail", count->failed);
    rejudge_json_number(j, "not_judged", count->left_out);
    rejudge_json_number(j, "code", count->code);
    rejudge_json_text(j, "name", any ? bytes_str(reason_name(count->code)) : BYTES_NULL);
    rejudge_json_text(j, "device",
                      any ? bytes_str(hex_write(hex, BYTES_OF(count->device))) : BYTES_NULL);
    json_wr_end_object(j);
}

static void
codes_json(struct json_wr *j, const struct rejudge_policy_count *policy)
{
    for (size_t i = 0; i < policy->n_codes; i++) {
        struct rejudge_rule_count count = policy->codes[i];

        count.passed = policy->members - count.failed;
        rule_json(j, BYTES_NULL, BYTES_NULL, &count);
    }
}

static void
policy_json(struct json_wr *j, const struct rejudge_rules *rules, size_t i)
{
    const struct bundle *bundle = rulebook_bundle(rejudge_rules_book(rules));
    const struct bundle_policy *policy = &bundle->policies[i];
    const struct rejudge_policy_count *count = rejudge_rules_policy(rules, i);

    json_wr_object(j);
    rejudge_json_text(j, "policy", policy->name);
    rejudge_json_number(j, "version", policy->version);
    rejudge_json_text(j, "mode", bytes_str(policy_modes[policy->mode - 1]));
    rejudge_json_number(j, "devices", count->members);
    rejudge_json_number(j, "fails", count->failed);
    json_wr_key(j, "rules");
    json_wr_array(j);
    for (size_t k = policy->first_rule; k < policy->first_rule + policy->n_rules; k++) {
        rule_json(j, bundle->rules[k].id, bundle->rules[k].slot, rejudge_rules_rule(rules, k));
    }
    codes_json(j, count);
    json_wr_end_array(j);
    json_wr_end_object(j);
}

static void
without_json(struct json_wr *j, const struct rejudge_policy_count *count)
{
    json_wr_object(j);
    rejudge_json_number(j, "devices", count->members);
    rejudge_json_number(j, "fails", count->failed);
    json_wr_key(j, "rules");
    json_wr_array(j);
    codes_json(j, count);
    json_wr_end_array(j);
    json_wr_end_object(j);
}

static void
counts_json(struct json_wr *j, const struct rejudge_rules *rules, const struct rejudge_tally *tally)
{
    json_wr_object(j);
    rejudge_json_number(j, "members", tally->members);
    rejudge_json_number(j, "judged", rejudge_rules_members(rules));
    rejudge_json_number(j, "fails", rejudge_rules_failed(rules));
    rejudge_json_number(j, "no_policy", rejudge_rules_policy(rules, REJUDGE_NO_POLICY)->members);
    json_wr_key(j, "why");
    json_wr_object(j);
    for (size_t why = REJUDGE_JUDGED + 1; why < REJUDGE_WHY_N; why++) {
        rejudge_json_number(j, rejudge_why_name((enum rejudge_why)why), tally->others[why]);
    }
    json_wr_end_object(j);
    json_wr_end_object(j);
}

static void
say_json(const struct rejudge_report *report, const struct rejudge_rules *rules,
         const struct rejudge_tally *tally)
{
    static uint8_t room[POLICY_ROOM];
    const char *before = "";
    struct json_wr j;

    fprintf(report->out, "{\"policies\":[");
    for (size_t i = 0; i < rulebook_bundle(rejudge_rules_book(rules))->n_policies; i++) {
        if (rejudge_rules_policy(rules, i)->members > 0) {
            j = json_wr_init(room, sizeof(room));
            policy_json(&j, rules, i);
            rejudge_json_put(report->out, before, &j);
            before = ",";
        }
    }
    j = json_wr_init(room, sizeof(room));
    without_json(&j, rejudge_rules_policy(rules, REJUDGE_NO_POLICY));
    rejudge_json_put(report->out, "],\"no_policy\":", &j);
    j = json_wr_init(room, sizeof(room));
    counts_json(&j, rules, tally);
    rejudge_json_put(report->out, ",\"counts\":", &j);
    fprintf(report->out, "}\n");
}

void
rejudge_report_say(const struct rejudge_report *report, const struct rejudge_rules *rules,
                   const struct rejudge_tally *tally)
{
    (report->json ? say_json : say_text)(report, rules, tally);
}

/* ---- the run ---- */

static int
judge(const struct rejudge_report *report, const struct rejudge_ask *ask,
      struct rejudge_rules *rules, struct rejudge_tally *tally)
{
    CLEANUP(rejudge_freep) struct rejudge *rejudge = rejudge_new(ask);
    const struct rejudge_walk walk = {
        .class_name = report->class_name,
        .progress = isatty(STDERR_FILENO) == 1,
        .visit = rejudge_rules_visit,
        .context = rules,
    };
    int r = rejudge ? rejudge_confine() : -ENOMEM;

    r = r == 0 ? rejudge_walk(rejudge, ask, &walk, tally) : r;
    if (r < 0) {
        fprintf(stderr, "assay: %s\n", strerror(-r));
        return 1;
    }
    rejudge_report_say(report, rules, tally);
    return ferror(report->out) || rejudge_rules_failed(rules) > 0 ||
           rejudge_rules_policy(rules, REJUDGE_NO_POLICY)->failed > 0 ||
           rejudge_rules_members(rules) + rejudge_rules_policy(rules, REJUDGE_NO_POLICY)->members ==
               0;
}

static int
work(void *context, struct rejudge_tally *tally)
{
    struct rejudge_report *report = context;
    int64_t now_ms = clock_utc_ms();
    struct rejudge_ask ask = {.now_s = (uint64_t)(now_ms / 1000), .alone = true, .enforced = true};
    struct bundle_file file = {.signature = ""};
    struct rejudge_rules *rules;
    int r = rejudge_open_store(&report->place, &ask.store);

    r = r == 0 ? rejudge_open_bundle(ask.store, report->word, ask.now_s, &file) : r;
    if (r != 0) {
        return 1;
    }
    if (!file.book) {
        fprintf(stderr, "assay: no bundle was ever published: there are no rules to report of\n");
        return 1;
    }
    rules = rejudge_rules_new(file.book);
    ask.books[REJUDGE_NEW] = file.book;
    ask.since_ms = report->last_s > 0 ? now_ms - report->last_s * 1000 : INT64_MIN;
    ask.witness = rejudge_rules_see;
    ask.witness_context = rules;
    return rules ? judge(report, &ask, rules, tally) : 1; /* the process ends: nothing goes back */
}

int
rejudge_report_run(struct rejudge_report *report)
{
    struct rejudge_tally tally;

    return rejudge_child(work, report, &tally);
}
