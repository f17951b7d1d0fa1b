#include "rejudge/rejudge-gate.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "rejudge/rejudge-say.h"
#include "rejudge/rejudge-walk.h"

/* A name, and how many devices it would newly refuse: whether that is too many. */
static bool
stands(const struct rejudge_gate *gate, const char *name, bool is_rule,
       const struct rejudge_rule_count *count, uint64_t members, FILE *out)
{
    bool known = rejudge_cause_among(gate->acknowledged, bytes_str(name));
    char room[REJUDGE_ID_ROOM];

    if (count->newly == 0 || count->newly * 100 <= (uint64_t)gate->share * members) {
        return false;
    }
    fprintf(out, "assay: %s%s would newly refuse %" PRIu64 " of %" PRIu64 " devices",
            is_rule ? "rule " : "", name, count->newly, members);
    if (count->code != REASON_NONE) {
        fputs(": ", out);
        if (is_rule) {
            fprintf(out, "%d ", (int)count->code);
        }
        fprintf(out, "%s, as %s", reason_name(count->code), rejudge_say_id(count->device, room));
    }
    fputs(known ? " (acknowledged)\n" : "\n", out);
    return !known;
}

/* i: of the bundle's policies, or REJUDGE_NO_POLICY. */
static size_t
count_codes(const struct rejudge_gate *gate, const struct rejudge_rules *rules, size_t i, FILE *out)
{
    const struct rejudge_policy_count *count = rejudge_rules_policy(rules, i);
    size_t n = 0;

    for (size_t k = 0; k < count->n_codes; k++) {
        char name[REJUDGE_CAUSE_ROOM];

        n += stands(gate, rejudge_cause_name(count->codes[k].code, name), false, &count->codes[k],
                    count->members, out);
    }
    return n;
}

static size_t
count_policy(const struct rejudge_gate *gate, const struct rejudge_rules *rules, size_t i,
             FILE *out)
{
    const struct bundle *bundle = rulebook_bundle(rejudge_rules_book(rules));
    const struct bundle_policy *policy = &bundle->policies[i];
    size_t n = 0;

    for (size_t k = policy->first_rule; k < policy->first_rule + policy->n_rules; k++) {
        struct bytes id = bundle->rules[k].id;
        char name[REJUDGE_CAUSE_ROOM];

        snprintf(name, sizeof(name), "%.*s", (int)id.len, (const char *)id.p);
        n += stands(gate, name, true, rejudge_rules_rule(rules, k),
                    rejudge_rules_policy(rules, i)->members, out);
    }
    return n + count_codes(gate, rules, i, out);
}

size_t
rejudge_gate_count(const struct rejudge_gate *gate, const struct rejudge_rules *rules, FILE *out)
{
    size_t n = 0;

    for (size_t i = 0; i < rulebook_bundle(rejudge_rules_book(rules))->n_policies; i++) {
        n += count_policy(gate, rules, i, out);
    }
    return n + count_codes(gate, rules, REJUDGE_NO_POLICY, out);
}

static int
say_count(const struct rejudge_gate *gate, const struct rejudge_rules *rules)
{
    if (rejudge_rules_members(rules) + rejudge_rules_policy(rules, REJUDGE_NO_POLICY)->members ==
        0) {
        fprintf(stderr, "assay: of no device is there evidence to try it on; without --store and "
                        "--conf nothing is tried\n");
        return 1;
    }
    if (rejudge_gate_count(gate, rules, stderr) > 0) {
        fprintf(stderr, "assay: not promoted; --acknowledge NAME[,NAME] or --share PERCENT does it "
                        "all the same\n");
        return 1;
    }
    return 0;
}

static int
judge(const struct rejudge_gate *gate, const struct rejudge_ask *ask, struct rejudge_rules *rules,
      struct rejudge_tally *tally)
{
    CLEANUP(rejudge_freep) struct rejudge *rejudge = rejudge_new(ask);
    const struct rejudge_walk walk = {
        .progress = isatty(STDERR_FILENO) == 1, .visit = rejudge_rules_visit, .context = rules};
    int r = rejudge ? rejudge_confine() : -ENOMEM;

    r = r == 0 ? rejudge_walk(rejudge, ask, &walk, tally) : r;
    if (r < 0) {
        fprintf(stderr, "assay: %s\n", strerror(-r));
        return 1;
    }
    return say_count(gate, rules);
}

static int
work(void *context, struct rejudge_tally *tally)
{
    const struct rejudge_gate *gate = context;
    struct rejudge_ask ask = {.now_s = (uint64_t)(clock_utc_ms() / 1000), .since_ms = INT64_MIN};
    struct bundle_file files[REJUDGE_SIDES] = {{.signature = ""}, {.signature = ""}};
    struct rejudge_rules *rules;
    int r = rejudge_open_store(&gate->place, &ask.store);

    r = r == 0 ? rejudge_open_active(ask.store, &files[REJUDGE_OLD]) : r;
    r = r == 0 ? rejudge_open_text(gate->text, gate->path, &files[REJUDGE_NEW]) : r;
    if (r != 0) {
        return 1;
    }
    for (int side = 0; side < REJUDGE_SIDES; side++) {
        ask.books[side] = files[side].book;
    }
    if (!rejudge_cause_list_good(gate->acknowledged, files[REJUDGE_NEW].book, stderr)) {
        return 1;
    }
    rules = rejudge_rules_new(files[REJUDGE_NEW].book);
    ask.witness = rejudge_rules_see;
    ask.witness_context = rules;
    return rules ? judge(gate, &ask, rules, tally) : 1; /* the process ends: nothing goes back */
}

int
rejudge_gate_run(struct rejudge_gate *gate)
{
    struct rejudge_tally tally;

    return rejudge_child(work, gate, &tally);
}
