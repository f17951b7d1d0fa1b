#include "explain-text.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/text.h"
#include "code-book.h"

enum { LINE_ROOM = EXPLAIN_TEXT_CLAIM, FILES_SHOWN = 5 };

const char *
explain_text_of(const json_t *object, const char *key, char room[EXPLAIN_TEXT_ROOM])
{
    const char *text = json_string_value(json_object_get(object, key));

    return text_printable(room, EXPLAIN_TEXT_ROOM, bytes_str(text ? text : ""));
}

static int64_t
number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

void
explain_text_line(FILE *out, const char *name, const char *format, ...)
{
    va_list args;

    fprintf(out, "%-12s ", name);
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
    fputc('\n', out);
}

/* "   seen  …" for each that is there; values, which are told one by one, say what is expected. */
static void
print_seen(FILE *out, const json_t *finding)
{
    static const char *const keys[] = {"seen", "expected"};
    size_t n = json_array_size(json_object_get(finding, "values")) > 0 ? 1 : ARRAY_LEN(keys);
    char room[EXPLAIN_TEXT_ROOM];

    for (size_t i = 0; i < n; i++) {
        if (explain_text_of(finding, keys[i], room)[0] != '\0') {
            fprintf(out, "  %-10s %s\n", keys[i], room);
        }
    }
}

/* "  event 31  PCR 4", as far as known. */
static void
print_place(FILE *out, const json_t *finding)
{
    if (json_is_integer(json_object_get(finding, "event"))) {
        fprintf(out, "  event %" PRId64, number_of(finding, "event"));
    }
    if (json_is_integer(json_object_get(finding, "pcr"))) {
        fprintf(out, "  PCR %" PRId64, number_of(finding, "pcr"));
    }
}

/* What a reason means and what brings it about most often. */
static void
print_meaning(FILE *out, int64_t number)
{
    const struct code_record *record =
        number > 0 && number <= UINT16_MAX ? code_book_of((enum reason)number) : NULL;
    const char *rest = record ? record->causes : "";
    struct bytes cause = code_book_cause(&rest);

    if (record) {
        fprintf(out, "  %-10s %s\n", "means", record->title);
        fprintf(out, "  %-10s %.*s\n", "often", (int)cause.len, (const char *)cause.p);
    }
}

static void
print_first(FILE *out, const json_t *first, void (*detail)(FILE *out, const json_t *first))
{
    char room[EXPLAIN_TEXT_ROOM];

    if (!json_is_object(first)) {
        return;
    }
    fprintf(out, "%-12s %" PRId64 " %s", "first cause", number_of(first, "number"),
            explain_text_of(first, "name", room));
    if (explain_text_of(first, "rule", room)[0] != '\0') {
        fprintf(out, "  rule %s", room);
    }
    print_place(out, first);
    fputc('\n', out);
    print_meaning(out, number_of(first, "number"));
    if (explain_text_of(first, "text", room)[0] != '\0') {
        fprintf(out, "  %-10s %s", "check", room);
        fprintf(out, " [%s", explain_text_of(first, "check", room));
        fprintf(out, ", %s]\n", explain_text_of(first, "clause", room));
    }
    print_seen(out, first);
    if (detail) {
        detail(out, first);
    }
}

static bool
same(const json_t *a, const char *key_a, const json_t *b, const char *key_b)
{
    const json_t *one = json_object_get(a, key_a);

    return json_is_string(one) && json_equal(one, json_object_get(b, key_b));
}

static bool
passed(const json_t *rule)
{
    const char *outcome = json_string_value(json_object_get(rule, "outcome"));

    return outcome && strcmp(outcome, "passed") == 0;
}

/* Whether some rule's line, or the first cause, tells of that reason. */
static bool
is_told(const json_t *explained, const json_t *reason)
{
    const json_t *rules = json_object_get(explained, "rules");
    bool told = same(json_object_get(explained, "first_cause"), "name", reason, "name");

    for (size_t i = 0; i < json_array_size(rules); i++) {
        told = told || same(json_array_get(rules, i), "name", reason, "name");
    }
    return told;
}

static void
print_also(FILE *out, const json_t *finding, const char *rule)
{
    char room[EXPLAIN_TEXT_ROOM];

    fprintf(out, "%-12s %-4s", "also", explain_text_of(finding, "effect", room));
    fprintf(out, " %" PRId64, number_of(finding, "number"));
    fprintf(out, " %s", explain_text_of(finding, "name", room));
    if (rule) {
        fprintf(out, "  rule %s", explain_text_of(finding, rule, room));
    }
    print_place(out, finding);
    fputc('\n', out);
}

/* Every rule that did not pass, and every reason that no rule tells; the first cause once. */
static void
print_others(FILE *out, const json_t *explained, bool verbose)
{
    const json_t *first = json_object_get(explained, "first_cause");
    const json_t *rules = json_object_get(explained, "rules");
    const json_t *reasons = json_object_get(explained, "reasons");

    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);

        if (!passed(rule) && !same(first, "rule", rule, "id")) {
            print_also(out, rule, "id");
            if (verbose) {
                print_seen(out, rule);
            }
        }
    }
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        if (!is_told(explained, json_array_get(reasons, i))) {
            print_also(out, json_array_get(reasons, i), NULL);
        }
    }
}

void
explain_text_causes(FILE *out, const json_t *explained, bool verbose,
                    void (*detail)(FILE *out, const json_t *first))
{
    print_first(out, json_object_get(explained, "first_cause"), detail);
    print_others(out, explained, verbose);
}

__attribute__((format(printf, 3, 4))) static void
join(char *line, size_t cap, const char *format, ...)
{
    size_t len = strlen(line);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line + len, cap - len, format, args);
    va_end(args);
}

/* Each rule that passed; those that had nothing to compare with say so. */
static void
print_passed(FILE *out, const json_t *rules)
{
    char room[EXPLAIN_TEXT_ROOM];

    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);

        if (passed(rule)) {
            fprintf(out, "%-12s %s", "passed", explain_text_of(rule, "id", room));
            fprintf(out, " : %s", explain_text_of(rule, "slot", room));
            fprintf(out, " %s", explain_text_of(rule, "verb", room));
            fprintf(out, "  %" PRId64 " events%s\n", number_of(rule, "events"),
                    json_is_true(json_object_get(rule, "learns")) ? ", nothing is pinned" : "");
        }
    }
}

/* Their names in one line, so that nobody takes them for compared. */
static void
print_uncompared(FILE *out, const json_t *rules)
{
    char line[LINE_ROOM] = "";
    char room[EXPLAIN_TEXT_ROOM];

    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);

        if (json_is_true(json_object_get(rule, "learns"))) {
            join(line, sizeof(line), "%s%s", line[0] != '\0' ? ", " : "",
                 explain_text_of(rule, "id", room));
        }
    }
    if (line[0] != '\0') {
        explain_text_line(out, "not compared", "%s (nothing is pinned)", line);
    }
}

static void
join_numbers(char *line, const json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char room[EXPLAIN_TEXT_ROOM];

        join(line, LINE_ROOM, "%s%s %" JSON_INTEGER_FORMAT, line[0] != '\0' ? ", " : "",
             text_printable(room, sizeof(room), bytes_str(key)), json_integer_value(value));
    }
}

static void
join_text(char *line, const char *name, const json_t *facts, const char *key)
{
    char room[EXPLAIN_TEXT_ROOM];

    join(line, LINE_ROOM, "%s%s %s", line[0] != '\0' ? ", " : "", name,
         explain_text_of(facts, key, room)[0] != '\0' ? room : "unknown");
}

/* "shim 4, grub 5", and SVN rows of dbx by their GUIDs. */
static void
print_versions(FILE *out, const json_t *numbers)
{
    char line[LINE_ROOM] = "";
    char room[EXPLAIN_TEXT_ROOM];

    for (size_t i = 0; i < json_array_size(numbers); i++) {
        const json_t *one = json_array_get(numbers, i);

        join(line, sizeof(line), "%s%s %" PRId64, i > 0 ? ", " : "",
             explain_text_of(one, "name", room), number_of(one, "number"));
    }
    if (line[0] != '\0') {
        explain_text_line(out, "versions", "%s", line);
    }
}

static void
print_facts(FILE *out, const json_t *facts)
{
    char line[LINE_ROOM] = "";

    if (!json_is_object(facts)) {
        return;
    }
    join_text(line, "Secure Boot", facts, "secureboot");
    join_text(line, "mode", facts, "mode");
    join_text(line, "RTM", facts, "rtm");
    if (json_is_integer(json_object_get(facts, "sbat_level"))) {
        join(line, sizeof(line), ", SBAT level %" PRId64, number_of(facts, "sbat_level"));
    }
    if (json_is_true(json_object_get(facts, "dma_unprotected"))) {
        join(line, sizeof(line), ", DMA not protected");
    }
    if (json_is_true(json_object_get(facts, "debug"))) {
        join(line, sizeof(line), ", firmware in debug mode");
    }
    explain_text_line(out, "facts", "%s", line);
    line[0] = '\0';
    join_numbers(line, json_object_get(facts, "lists"));
    if (line[0] != '\0') {
        explain_text_line(out, "entries", "%s", line);
    }
    print_versions(out, json_object_get(facts, "numbers"));
}

static void
print_names(FILE *out, const char *name, const json_t *list)
{
    char line[LINE_ROOM] = "";
    char room[EXPLAIN_TEXT_ROOM];

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        join(line, sizeof(line), "%s%s", i > 0 ? ", " : "",
             text_printable(room, sizeof(room), bytes_str(text ? text : "")));
    }
    if (line[0] != '\0') {
        explain_text_line(out, name, "%s", line);
    }
}

/* A value as it stands; those of a list with blanks between. */
static void
join_value(char *line, const json_t *value)
{
    char room[EXPLAIN_TEXT_ROOM];

    if (json_is_string(value)) {
        join(line, LINE_ROOM, " %s",
             text_printable(room, sizeof(room), bytes_str(json_string_value(value))));
    } else if (json_is_integer(value)) {
        join(line, LINE_ROOM, " %" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        join(line, LINE_ROOM, " %s", json_is_true(value) ? "true" : "false");
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        join_value(line, json_array_get(value, i));
    }
    if (json_is_array(value) && json_array_size(value) == 0) {
        join(line, LINE_ROOM, " (none)");
    }
}

const char *
explain_text_claim(const char *name, const json_t *value, char line[EXPLAIN_TEXT_CLAIM])
{
    char room[EXPLAIN_TEXT_ROOM];

    line[0] = '\0';
    join(line, LINE_ROOM, "%s", text_printable(room, sizeof(room), bytes_str(name)));
    join_value(line, value);
    return line;
}

static void
print_claims(FILE *out, const json_t *claims)
{
    const char *head = "claims";
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)claims, key, value)
    {
        char line[EXPLAIN_TEXT_CLAIM];

        explain_text_line(out, head, "%s", explain_text_claim(key, value, line));
        head = "";
    }
}

static void
print_verdict(FILE *out, const json_t *explained)
{
    const json_t *policy = json_object_get(explained, "policy");
    char room[EXPLAIN_TEXT_ROOM];

    fprintf(out, "%-12s %s", "verdict", explain_text_of(explained, "tier", room));
    if (json_is_object(policy)) {
        fprintf(out, "  policy %s", explain_text_of(policy, "name", room));
        fprintf(out, " version %" PRId64, number_of(policy, "version"));
        fprintf(out, " (%s)", explain_text_of(policy, "mode", room));
    }
    fputc('\n', out);
}

/* Files of the IMA list: how many of each status, and the first that did not pass. */
static void
print_files(FILE *out, const json_t *ima, bool verbose)
{
    const json_t *files = json_object_get(ima, "files");
    size_t n = json_array_size(files);
    size_t shown = verbose || n < FILES_SHOWN ? n : FILES_SHOWN;
    char room[EXPLAIN_TEXT_ROOM];

    if (!json_is_object(ima)) {
        return;
    }
    explain_text_line(
        out, "files",
        "%" PRId64 " entries of the IMA list, %" PRId64 " allowed, %" PRId64 " skipped",
        number_of(ima, "entries"), number_of(ima, "allowed"), number_of(ima, "skipped"));
    for (size_t i = 0; i < shown; i++) {
        const json_t *file = json_array_get(files, i);

        fprintf(out, "  entry %-6" PRId64 " %-10s", number_of(file, "entry"),
                explain_text_of(file, "status", room));
        fprintf(out, " %s", explain_text_of(file, "path", room));
        fprintf(out, "  %s\n", explain_text_of(file, "digest", room));
    }
    if (shown < n) {
        fprintf(out, "  and %zu more, shown by --verbose\n", n - shown);
    }
}

void
explain_text(FILE *out, const json_t *explained, bool verbose)
{
    char line[LINE_ROOM] = "";

    print_verdict(out, explained);
    explain_text_causes(out, explained, verbose, NULL);
    if (verbose) {
        print_passed(out, json_object_get(explained, "rules"));
    }
    print_uncompared(out, json_object_get(explained, "rules"));
    print_facts(out, json_object_get(explained, "facts"));
    print_files(out, json_object_get(explained, "ima"), verbose);
    print_names(out, "quirks", json_object_get(explained, "quirks"));
    join_numbers(line, json_object_get(explained, "dimensions"));
    if (line[0] != '\0') {
        explain_text_line(out, "dimensions", "%s", line);
    }
    print_claims(out, json_object_get(explained, "claims"));
}
