#include "explain/explain-device-text.h"

#include <inttypes.h>

#include "ask-args.h"
#include "base/text.h"
#include "explain-text.h"
#include "when.h"

enum { CHANGES_SHOWN = 6, DIGITS_SHOWN = 12, LINE_WIDTH = 88 };

static int64_t
int_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool
is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bool
is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value && strcmp(value, text) == 0;
}

/* " word text" where there is one. */
static void
print_if(FILE *out, const char *before, const json_t *object, const char *key)
{
    char room[EXPLAIN_TEXT_ROOM];

    if (explain_text_of(object, key, room)[0] != '\0') {
        fprintf(out, "%s%s", before, room);
    }
}

/* ---- the head ---- */

static void
print_head(FILE *out, const json_t *explained)
{
    const json_t *device = json_object_get(explained, "device");
    const json_t *verdict = json_object_get(explained, "verdict");
    const char *id = json_string_value(json_object_get(device, "id"));
    char room[EXPLAIN_TEXT_ROOM];
    char since[WHEN_ROOM];
    char digits[ASK_SHORT_ROOM];

    fprintf(out, "device %s (%s", ask_short_id(digits, id ? id : ""),
            explain_text_of(device, "class", room));
    fprintf(out, ", %s)", explain_text_of(device, "state", room));
    if (!json_is_object(verdict)) {
        fprintf(out, "  has brought no evidence yet\n");
        return;
    }
    fprintf(out, "  %s %s", is_true(verdict, "accepted") ? "ACCEPTED" : "REFUSED",
            explain_text_of(verdict, "tier", room));
    if (int_of(verdict, "since_ms") > 0) {
        fprintf(out, " since %s", when_utc(since, int_of(verdict, "since_ms")));
    }
    fprintf(out, "  boot %" PRId64, int_of(verdict, "boot"));
    print_if(out, "  policy ", verdict, "policy");
    fputc('\n', out);
    explain_text_line(out, "evidence", "last judged %s",
                      when_utc(since, int_of(verdict, "judged_ms")));
    explain_text_line(out, "", "last accepted %s",
                      int_of(verdict, "accepted_ms") > 0
                          ? when_utc(since, int_of(verdict, "accepted_ms"))
                          : "never");
}

/* What the bundle of now says, where it is another word than the verdict. */
static void
print_now(FILE *out, const json_t *explained)
{
    const json_t *now = json_object_get(explained, "now");
    const json_t *verdict = json_object_get(explained, "verdict");
    char room[EXPLAIN_TEXT_ROOM];

    if (!json_is_object(now)) {
        return;
    }
    fprintf(out, "%-12s %s", "by now",
            explain_text_of(now, "policy", room)[0] != '\0' ? room
            : is_true(now, "references")                    ? "reference events"
                                                            : "no policy");
    print_if(out, " in mode ", now, "mode");
    if (json_is_integer(json_object_get(now, "sequence"))) {
        fprintf(out, " of bundle %" PRId64, int_of(now, "sequence"));
    }
    fprintf(out, ": %s%s", explain_text_of(now, "tier", room),
            is_true(now, "token") ? "" : ", no token");
    if (is_true(now, "token") && !is_true(verdict, "accepted")) {
        fputs(is_true(json_object_get(explained, "kept"), "is_last")
                  ? ": it passes with its next evidence"
                  : " for the evidence of before",
              out);
    }
    fputc('\n', out);
}

/* Why nothing is judged again, and what is not known. */
static void
print_kept(FILE *out, const json_t *explained)
{
    const json_t *kept = json_object_get(explained, "kept");
    const json_t *verdict = json_object_get(explained, "verdict");
    char room[EXPLAIN_TEXT_ROOM];

    if (!is_true(kept, "judged")) {
        explain_text_line(out, "not judged", "%s", explain_text_of(kept, "text", room));
        return;
    }
    if (!is_true(kept, "is_last") && json_is_object(verdict)) {
        explain_text_line(out, "kept",
                          "evidence of before: the last was not genuine, and of such "
                          "nothing is kept");
    }
    if (!is_true(kept, "ages")) {
        explain_text_line(out, "not judged", "ages, which the policy limits: they are not kept");
    }
    if (is_true(kept, "ima")) {
        explain_text_line(out, "not judged", "the files of its IMA list, which is not kept");
    }
}

/* The cause as it was decided, where the bundle of now has another, or none. */
static void
print_decided(FILE *out, const json_t *explained)
{
    const json_t *verdict = json_object_get(explained, "verdict");
    const json_t *first = json_object_get(explained, "first_cause");
    char room[EXPLAIN_TEXT_ROOM];

    if (!json_is_object(verdict) || is_true(verdict, "accepted") ||
        int_of(verdict, "code") == int_of(first, "number")) {
        return;
    }
    fprintf(out, "%-12s %" PRId64 " %s", "was refused", int_of(verdict, "code"),
            explain_text_of(verdict, "name", room));
    print_if(out, "  rule ", verdict, "rule");
    if (json_is_integer(json_object_get(verdict, "event"))) {
        fprintf(out, "  event %" PRId64, int_of(verdict, "event"));
    }
    if (json_is_integer(json_object_get(verdict, "pcr"))) {
        fprintf(out, "  PCR %" PRId64, int_of(verdict, "pcr"));
    }
    fputc('\n', out);
    print_if(out, "  seen       ", verdict, "seen");
    fputs(explain_text_of(verdict, "seen", room)[0] != '\0' ? "\n" : "", out);
    print_if(out, "  expected   ", verdict, "expected");
    fputs(explain_text_of(verdict, "expected", room)[0] != '\0' ? "\n" : "", out);
}

/* ---- below the first cause ---- */

static void
print_value(FILE *out, const json_t *value, bool first)
{
    char room[EXPLAIN_TEXT_ROOM];

    fprintf(out, "  %-10s %.*s", first ? "values" : "", DIGITS_SHOWN,
            explain_text_of(value, "digest", room));
    print_if(out, "  ", value, "release");
    print_if(out, " ", value, "state");
    print_if(out, "  ", value, "label");
    fputc('\n', out);
}

static void
print_detail(FILE *out, const json_t *first)
{
    const json_t *known = json_object_get(first, "known");
    const json_t *values = json_object_get(first, "values");
    char room[EXPLAIN_TEXT_ROOM];

    if (explain_text_of(first, "slot", room)[0] != '\0') {
        fprintf(out, "  %-10s %s%s\n", "slot", room,
                !json_is_integer(json_object_get(first, "event")) ? ""
                : is_true(first, "verified")
                    ? "; its text is what was measured"
                    : "; what stands behind the digest is the log's word (unverified)");
    }
    if (json_is_object(known)) {
        fprintf(out, "  %-10s %s", "known", explain_text_of(known, "release", room));
        fprintf(out, " holds it (%s)\n", explain_text_of(known, "state", room));
    }
    for (size_t i = 0; i < json_array_size(values); i++) {
        print_value(out, json_array_get(values, i), i == 0);
    }
    if (int_of(first, "values_more") > 0) {
        fprintf(out, "  %-10s and %" PRId64 " more\n", "", int_of(first, "values_more"));
    }
}

/* ---- the boot beside the one before ---- */

/* "8d25a4706c1f label", or the words that only one of both has. */
static void
print_side(FILE *out, const json_t *event)
{
    char room[EXPLAIN_TEXT_ROOM];

    fprintf(out, " %.*s", DIGITS_SHOWN, explain_text_of(event, "digest", room));
}

static void
print_words(FILE *out, const char *mark, const json_t *words)
{
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        char room[EXPLAIN_TEXT_ROOM];

        fprintf(out, " %s%s", mark,
                text_printable(room, sizeof(room), bytes_str(word ? word : "")));
    }
}

static void
print_change(FILE *out, const json_t *change)
{
    static const struct {
        const char *change, *mark;
    } marks[] = {{"changed", "~"}, {"added", "+"}, {"removed", "-"}, {"moved", ">"}};
    const json_t *before = json_object_get(change, "before");
    const json_t *after = json_object_get(change, "after");
    const json_t *words = json_object_get(change, "words_before");
    const char *mark = "?";
    char room[EXPLAIN_TEXT_ROOM];

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        mark = is_text(change, "change", marks[i].change) ? marks[i].mark : mark;
    }
    fprintf(out, "  %s %-14s event %-4" PRId64, mark, explain_text_of(change, "slot", room),
            int_of(json_is_object(after) ? after : before, "event"));
    if (json_is_array(words)) {
        print_words(out, "-", words);
        print_words(out, "+", json_object_get(change, "words_after"));
        fprintf(out, "; other words equal\n");
        return;
    }
    print_side(out, json_is_object(before) ? before : after);
    if (json_is_object(before) && json_is_object(after)) {
        fprintf(out, " ->");
        print_side(out, after);
    }
    print_if(out, "  ", json_is_object(after) ? after : before, "label");
    fputc('\n', out);
}

/* The changes of one slot: each, or how many where nobody asks. */
static void
print_changes(FILE *out, const json_t *diff, const json_t *slot, bool verbose)
{
    const json_t *changes = json_object_get(diff, "changes");
    const char *name = json_string_value(json_object_get(slot, "slot"));
    int64_t shown = 0;
    int64_t all = int_of(slot, "changed");
    char room[EXPLAIN_TEXT_ROOM];

    if (!is_true(slot, "asked") && !verbose) {
        fprintf(out, "  ~ %-14s %" PRId64 " of %" PRId64 " events, which no rule asks about\n",
                explain_text_of(slot, "slot", room), all, all + int_of(slot, "same"));
        return;
    }
    for (size_t i = 0; name && i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);

        if (is_text(change, "slot", name) && (verbose || shown < CHANGES_SHOWN)) {
            print_change(out, change);
            shown++;
        }
    }
    if (shown < all) {
        fprintf(out, "    %-14s and %" PRId64 " more\n", explain_text_of(slot, "slot", room),
                all - shown);
    }
}

/* Slots that are equal, folded into as few lines as they fit in. */
static void
print_equal(FILE *out, const json_t *slots)
{
    char room[EXPLAIN_TEXT_ROOM];
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(slots); i++) {
        const json_t *slot = json_array_get(slots, i);

        if (int_of(slot, "changed") == 0) {
            size_t size = strlen(explain_text_of(slot, "slot", room));
            bool begins = len == 0 || len + size > LINE_WIDTH;

            fprintf(out, "%s%s", !begins ? ", " : len == 0 ? "  = " : ",\n    ", room);
            len = begins ? size : len + 2 + size;
        }
    }
    fputs(len > 0 ? "\n" : "", out);
}

static void
print_diff(FILE *out, const json_t *explained, bool verbose)
{
    const json_t *diff = json_object_get(explained, "diff");
    const json_t *slots = json_object_get(diff, "slots");

    if (!json_is_object(diff)) {
        explain_text_line(out, "diff", "no log of accepted evidence is kept to compare with");
        return;
    }
    if (int_of(diff, "changed") == 0) {
        explain_text_line(out, "diff", "nothing differs from the last accepted boot");
        return;
    }
    explain_text_line(out, "diff",
                      "%" PRId64 " of %" PRId64 " events differ from the last accepted "
                      "boot",
                      int_of(diff, "changed"), int_of(diff, "after"));
    for (size_t i = 0; i < json_array_size(slots); i++) {
        if (int_of(json_array_get(slots, i), "changed") > 0) {
            print_changes(out, diff, json_array_get(slots, i), verbose);
        }
    }
    print_equal(out, slots);
}

/* ---- around it ---- */

static void
print_peers(FILE *out, const json_t *explained)
{
    const json_t *peers = json_object_get(explained, "peers");
    char class_name[EXPLAIN_TEXT_ROOM];
    char since[WHEN_ROOM];

    if (!json_is_object(peers)) {
        return;
    }
    (void)explain_text_of(json_object_get(explained, "device"), "class", class_name);
    if (int_of(peers, "same") == 0) {
        explain_text_line(out, "peers", "none of %" PRId64 " others of class %s shows the value",
                          int_of(peers, "kept"), class_name);
    } else {
        explain_text_line(out, "peers",
                          "the same value in %" PRId64 " of %" PRId64
                          " others of class %s, first on %s; refused: %" PRId64,
                          int_of(peers, "same"), int_of(peers, "kept"), class_name,
                          when_utc(since, int_of(peers, "since_ms")), int_of(peers, "refused"));
    }
    if (int_of(peers, "not_read") > 0) {
        explain_text_line(out, "", "%" PRId64 " more were not looked into: too many different logs",
                          int_of(peers, "not_read"));
    }
}

/* What the device had said of it before. */
static void
print_announced(FILE *out, const json_t *explained)
{
    const json_t *announced = json_object_get(explained, "announced");
    char component[EXPLAIN_TEXT_ROOM];
    char version[EXPLAIN_TEXT_ROOM];
    char at[WHEN_ROOM];

    if (!json_is_object(json_object_get(explained, "peers"))) {
        return; /* the cause is no value */
    }
    if (explain_text_of(announced, "component", component)[0] != '\0') {
        explain_text_line(out, "announced", "by the device on %s, as %s %s (its own word)",
                          when_utc(at, int_of(announced, "heard_ms")), component,
                          explain_text_of(announced, "version", version));
    } else {
        explain_text_line(out, "announced", "not by the device%s",
                          int_of(announced, "standing") > 0 ? ", which announced other values"
                                                            : "");
    }
}

static void
print_moves(FILE *out, const json_t *history)
{
    const json_t *moves = json_object_get(history, "moves");
    char room[EXPLAIN_TEXT_ROOM];

    for (size_t i = 0; i < json_array_size(moves); i++) {
        const char *move = json_string_value(json_array_get(moves, i));

        fprintf(out, "  %s\n", text_printable(room, sizeof(room), bytes_str(move ? move : "")));
    }
    if (int_of(history, "moves_more") > 0) {
        fprintf(out, "  and %" PRId64 " more releases moved\n", int_of(history, "moves_more"));
    }
}

/* What changed in the policy since the device passed. */
static void
print_history(FILE *out, const json_t *explained)
{
    const json_t *history = json_object_get(explained, "history");
    char then[64];
    char at[WHEN_ROOM];

    if (int_of(json_object_get(explained, "verdict"), "accepted_ms") == 0) {
        return;
    }
    if (!is_true(history, "known")) {
        explain_text_line(out, "policy", "what counted when it passed last is not known any more");
    } else if (int_of(history, "published") == 0) {
        explain_text_line(out, "policy", "nothing was published since it passed last");
    }
    if (int_of(history, "published") == 0) {
        return;
    }
    if (int_of(history, "then") > 0) {
        snprintf(then, sizeof(then), "bundle %" PRId64, int_of(history, "then"));
    } else {
        snprintf(then, sizeof(then), "%s", is_true(history, "known") ? "no bundle" : "another one");
    }
    explain_text_line(out, "policy",
                      "bundle %" PRId64 ", published %s; %s counted when it passed last",
                      int_of(history, "now"), when_utc(at, int_of(history, "published_ms")), then);
    print_moves(out, history);
}

static void
print_advice(FILE *out, const json_t *explained)
{
    const json_t *advice = json_object_get(explained, "advice");
    int64_t devices = int_of(advice, "devices");
    char room[EXPLAIN_TEXT_ROOM];

    if (explain_text_of(advice, "command", room)[0] == '\0') {
        explain_text_line(out, "suggest", "%s", explain_text_of(advice, "what", room));
        return;
    }
    explain_text_line(out, "suggest", "%s", room);
    fprintf(out, "  %s", explain_text_of(advice, "what", room));
    fprintf(out, " (%" PRId64 " device%s now)\n", devices, devices == 1 ? "" : "s");
}

static void
print_step(FILE *out, const json_t *step)
{
    char room[EXPLAIN_TEXT_ROOM];

    fprintf(out, "  ");
    if (json_is_integer(json_object_get(step, "event"))) {
        fprintf(out, "event %" PRId64 " ", int_of(step, "event"));
    }
    fprintf(out, "%s", explain_text_of(step, "slot", room));
    print_if(out, ", rule ", step, "rule");
    if (is_true(step, "tried")) {
        fprintf(out, ": were it %s\n", explain_text_of(step, "instead", room));
    } else {
        print_if(out, ": needs ", step, "instead");
        fputc('\n', out);
    }
}

static void
print_repair(FILE *out, const json_t *explained)
{
    const json_t *repair = json_object_get(explained, "repair");
    const json_t *steps = json_object_get(repair, "steps");
    char room[EXPLAIN_TEXT_ROOM];

    if (!json_is_object(repair)) {
        return;
    }
    if (is_true(repair, "passes")) {
        explain_text_line(out, "would pass", "with %zu other value%s", json_array_size(steps),
                          json_array_size(steps) == 1 ? "" : "s");
    } else if (explain_text_of(repair, "left", room)[0] != '\0') {
        explain_text_line(out, "would pass", "by no other values alone: %s stays", room);
    } else {
        explain_text_line(out, "would pass", "only if more than %zu values were others",
                          json_array_size(steps));
    }
    for (size_t i = 0; i < json_array_size(steps); i++) {
        print_step(out, json_array_get(steps, i));
    }
}

void
explain_device_text(FILE *out, const json_t *explained, bool verbose)
{
    print_head(out, explained);
    print_kept(out, explained);
    print_now(out, explained);
    print_decided(out, explained);
    explain_text_causes(out, explained, false, print_detail);
    if (is_true(json_object_get(explained, "kept"), "judged")) {
        print_diff(out, explained, verbose);
    }
    print_peers(out, explained);
    print_announced(out, explained);
    print_history(out, explained);
    print_advice(out, explained);
    print_repair(out, explained);
}
