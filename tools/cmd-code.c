/* assay code show, list: what the numbers of a verdict mean. */
#include "cmd-code.h"

#include <stdio.h>

#include "code-book.h"
#include "flags.h"
#include "table.h"

static json_t *
record_json(const struct code_record *record)
{
    const char *rest = record->causes;
    json_t *causes = json_array();

    for (struct bytes cause; (cause = code_book_cause(&rest)).p;) {
        json_array_append_new(causes, cmd_text_json(cause));
    }
    return json_pack("{s:i, s:s, s:s, s:b, s:s, s:s, s:s, s:o, s:s, s:s}", "number",
                     (int)record->reason, "name", record->name, "effect",
                     code_book_effect(record->effect), "reserved", record->reserved, "about",
                     record->about, "title", record->title, "impact", record->impact, "causes",
                     causes, "action", record->action, "user", reason_user(record->reason));
}

static int
print_record(const struct code_record *record)
{
    CLEANUP(table_freep) struct table *table = table_new(2);
    const char *rest = record->causes;
    const char *head = "usual causes";

    table_cell(table, "code");
    table_cell(table, "%u %s: %s%s", record->reason, record->name, code_book_effect(record->effect),
               record->reserved ? " (reserved: nothing says it yet)" : "");
    table_cell(table, "means");
    table_cell(table, "%s", record->title);
    table_cell(table, "impact");
    table_cell(table, "%s", record->impact);
    for (struct bytes cause; (cause = code_book_cause(&rest)).p; head = "") {
        table_cell(table, "%s", head);
        table_cell(table, "%.*s", (int)cause.len, (const char *)cause.p);
    }
    table_cell(table, "do");
    table_cell(table, "%s", record->action);
    table_cell(table, "user is told");
    table_cell(table, "%s", reason_user(record->reason));
    table_cell(table, "about");
    table_cell(table, "%s", record->about);
    return table_print(table, stdout) == 0 ? CMD_YES : CMD_NO;
}

static int
show_run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    bool json = false;
    const struct flag flags[] = {{.name = "json", .ret_set = &json}};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);
    const struct code_record *record;

    if (r != 0) {
        return r;
    }
    if (words.n != 1) {
        return cmd_usage(self, "one number or name is wanted");
    }
    record = code_book_find(words.words[0]);
    if (!record) {
        fprintf(stderr, "assay: no code of this number or name: assay code list\n");
        return CMD_NO;
    }
    if (json) {
        return cmd_print_json(record_json(record)) == 0 ? CMD_YES : CMD_NO;
    }
    return print_record(record);
}

static json_t *
codes_json(void)
{
    json_t *list = json_array();
    size_t n = 0;
    const struct code_record *records = code_book(&n);

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, record_json(&records[i]));
    }
    return json_pack("{s:o}", "codes", list);
}

static json_t *
claims_json(void)
{
    json_t *list = json_array();
    size_t n = 0;
    const struct claim_record *claims = code_book_claims(&n);

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "name", claims[i].name,
                                              "type", claims[i].type, "by_rule", claims[i].by_rule,
                                              "meaning", claims[i].meaning));
    }
    return json_pack("{s:o}", "claims", list);
}

static int
print_codes(void)
{
    CLEANUP(table_freep) struct table *table = table_new(3);
    size_t n = 0;
    const struct code_record *records = code_book(&n);

    for (size_t i = 0; i < n; i++) {
        table_cell(table, "%u %s", records[i].reason, records[i].name);
        table_cell(table, "%s",
                   records[i].reserved ? "reserved" : code_book_effect(records[i].effect));
        table_cell(table, "%s", records[i].title);
    }
    return table_print(table, stdout) == 0 ? CMD_YES : CMD_NO;
}

static int
print_claims(void)
{
    CLEANUP(table_freep) struct table *table = table_new(4);
    size_t n = 0;
    const struct claim_record *claims = code_book_claims(&n);

    for (size_t i = 0; i < n; i++) {
        table_cell(table, "%s", claims[i].name);
        table_cell(table, "%s", claims[i].by_rule ? "rule" : "service");
        table_cell(table, "%s", claims[i].meaning);
        table_cell(table, "%s", claims[i].type);
    }
    return table_print(table, stdout) == 0 ? CMD_YES : CMD_NO;
}

static int
list_run(const struct cmd *self, int argc, char **argv)
{
    struct flag_words words = {0};
    bool json = false;
    bool claims = false;
    const struct flag flags[] = {{.name = "json", .ret_set = &json},
                                 {.name = "claims", .ret_set = &claims}};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 0) {
        return cmd_usage(self, "one word too many");
    }
    if (json) {
        return cmd_print_json(claims ? claims_json() : codes_json()) == 0 ? CMD_YES : CMD_NO;
    }
    return claims ? print_claims() : print_codes();
}

const struct cmd cmd_code_show = {
    .name = "code show",
    .args = "CODE [--json]",
    .summary = "what a reason of a verdict means, and what to do",
    .help =
        "CODE is a number or a name, in any case. Printed are its meaning, what it may cost, the\n"
        "usual causes with the likeliest first, what to do, what the device's user is told, and\n"
        "the AR4SI dimension it is about (slot: that of the rule's slot; every: nothing of the\n"
        "evidence counts; none: not about the device). A policy may give a reason another\n"
        "effect than stands here.\n\n"
        "Exit status: 0 printed, 1 no such code, 2 usage.\n\n"
        "  assay code show 421\n"
        "  assay code show sb-off --json\n",
    .run = show_run,
};

const struct cmd cmd_code_list = {
    .name = "code list",
    .args = "[--claims] [--json]",
    .summary = "all reasons of verdicts, or with --claims the claims that policies name",
    .help =
        "One line a reason: number and name, effect, meaning. `reserved` are numbers that nothing\n"
        "says yet. With --claims one line a claim: its name, whether a policy's rule or the\n"
        "service tells it, its meaning and type.\n\n"
        "Exit status: 0 printed, 2 usage.\n\n"
        "  assay code list | grep -i kernel\n",
    .run = list_run,
};
