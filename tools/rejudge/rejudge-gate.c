#include "rejudge/rejudge-gate.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "rejudge/rejudge-say.h"
#include "rejudge/rejudge-walk.h"

/* The next word of a list, which is moved behind it; false at its end. */
static bool
next_word(const char **list, struct bytes *ret)
{
    size_t len = *list ? strcspn(*list, ",") : 0;

    if (!*list) {
        return false;
    }
    *ret = bytes_of(*list, len);
    *list = (*list)[len] == ',' ? *list + len + 1 : NULL;
    return true;
}

bool
rejudge_gate_knows(const char *acknowledged, struct bytes rule)
{
    struct bytes word;

    while (next_word(&acknowledged, &word)) {
        if (rule.len > 0 && bytes_equal(word, rule)) {
            return true;
        }
    }
    return false;
}

struct bytes
rejudge_gate_stranger(const char *acknowledged, const struct rulebook *book)
{
    const struct bundle *bundle = rulebook_bundle(book);
    struct bytes word;

    while (next_word(&acknowledged, &word)) {
        size_t i = 0;

        while (i < bundle->n_rules && !bytes_equal(bundle->rules[i].id, word)) {
            i++;
        }
        if (i == bundle->n_rules) {
            return word;
        }
    }
    return BYTES_NULL;
}

static void
tell(FILE *out, struct bytes id, const struct rejudge_rule_count *count, uint64_t members,
     bool acknowledged)
{
    char room[REJUDGE_ID_ROOM];

    fprintf(out, "assay: rule %.*s would newly refuse %" PRIu64 " of %" PRIu64 " devices",
            (int)id.len, (const char *)id.p, count->newly, members);
    if (count->code != REASON_NONE) {
        fprintf(out, ": %d %s, as %s", (int)count->code, reason_name(count->code),
                rejudge_say_id(count->device, room));
    }
    fputs(acknowledged ? " (acknowledged)\n" : "\n", out);
}

static bool
is_over(const struct rejudge_gate *gate, uint64_t newly, uint64_t members)
{
    return newly > 0 && newly * 100 > (uint64_t)gate->share * members;
}

static size_t
count_policy(const struct rejudge_gate *gate, const struct rejudge_rules *rules, size_t i,
             FILE *out)
{
    const struct bundle *bundle = rulebook_bundle(rejudge_rules_book(rules));
    const struct bundle_policy *policy = &bundle->policies[i];
    const struct rejudge_policy_count *count = rejudge_rules_policy(rules, i);
    size_t n = 0;

    for (size_t k = policy->first_rule; k < policy->first_rule + policy->n_rules; k++) {
        const struct rejudge_rule_count *rule = rejudge_rules_rule(rules, k);
        bool known = rejudge_gate_knows(gate->acknowledged, bundle->rules[k].id);

        if (is_over(gate, rule->newly, count->members)) {
            tell(out, bundle->rules[k].id, rule, count->members, known);
            n += !known;
        }
    }
    if (is_over(gate, count->beside.newly, count->members)) {
        tell(out, bytes_str("(no rule)"), &count->beside, count->members, false);
        n++;
    }
    return n;
}

size_t
rejudge_gate_count(const struct rejudge_gate *gate, const struct rejudge_rules *rules, FILE *out)
{
    size_t n = 0;

    for (size_t i = 0; i < rulebook_bundle(rejudge_rules_book(rules))->n_policies; i++) {
        n += count_policy(gate, rules, i, out);
    }
    return n;
}

static int
say_count(const struct rejudge_gate *gate, const struct rejudge_rules *rules)
{
    if (rejudge_rules_members(rules) == 0) {
        fprintf(stderr, "assay: of no device is there evidence to try it on; without --store and "
                        "--conf nothing is tried\n");
        return 1;
    }
    if (rejudge_gate_count(gate, rules, stderr) > 0) {
        fprintf(stderr, "assay: not promoted; --acknowledge RULE[,RULE] or --share PERCENT does it "
                        "all the same\n");
        return 1;
    }
    return 0;
}

static int
judge(const struct rejudge_gate *gate, const struct rejudge_ask *ask,
      const struct rejudge_rules *rules, struct rejudge_tally *tally)
{
    CLEANUP(rejudge_freep) struct rejudge *rejudge = rejudge_new(ask);
    const struct rejudge_walk walk = {.progress = isatty(STDERR_FILENO) == 1};
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
    struct bytes stranger;
    int r = rejudge_open_store(&gate->place, &ask.store);

    r = r == 0 ? rejudge_open_active(ask.store, &files[REJUDGE_OLD]) : r;
    r = r == 0 ? rejudge_open_text(gate->text, gate->path, &files[REJUDGE_NEW]) : r;
    if (r != 0) {
        return 1;
    }
    for (int side = 0; side < REJUDGE_SIDES; side++) {
        ask.books[side] = files[side].book;
    }
    stranger = rejudge_gate_stranger(gate->acknowledged, files[REJUDGE_NEW].book);
    if (stranger.p) {
        fprintf(stderr, "assay: no rule of the text is called as one of --acknowledge\n");
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
