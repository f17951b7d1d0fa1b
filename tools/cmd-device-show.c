/* assay device show: the verdict on one device, and the boot behind it. */
#include <inttypes.h>
#include <stdio.h>

#include "advice.h"
#include "cmd-control.h"
#include "code-book.h"
#include "explain-text.h"
#include "formats/evtype.h"
#include "table.h"
#include "when.h"

enum { DIGEST_SHOWN = 12 };

/* What is read again and again while one device is shown. */
struct view {
    struct said said;
    struct table *table;
    const json_t *device;
    const json_t *verdict; /* NULL: not judged yet */
};

static void
line(struct view *v, const char *name, const char *text)
{
    if (text[0] != '\0') {
        table_cell(v->table, "%s", name);
        table_cell(v->table, "%s", text);
    }
}

/* What the machine says of itself; a machine without SMBIOS says nothing. */
static void
machine(struct view *v)
{
    const char *maker = said_text(&v->said, v->device, "maker");
    const char *model = said_text(&v->said, v->device, "model");
    const char *serial = said_text(&v->said, v->device, "serial");
    int64_t twins = said_int(&v->said, v->device, "serial_twins", 0);

    if (maker[0] == '\0' && model[0] == '\0' && serial[0] == '\0') {
        return;
    }
    table_cell(v->table, "machine");
    table_cell(v->table, "%s %s, serial %s (by its own word)", maker, model,
               serial[0] ? serial : "unknown");
    if (twins > 0) {
        table_cell(v->table, "twins");
        table_cell(v->table,
                   "%" PRId64 " other device%s of this serial: one at least is not what it says",
                   twins, twins > 1 ? "s" : "");
    }
}

/* Another AK that has enrolled with the same EK. */
static void
candidate(struct view *v)
{
    const json_t *other = said_object(&v->said, v->device, "candidate");
    char since[WHEN_ROOM];

    if (other) {
        bool accepted = said_int(&v->said, other, "accepted_ms", 0) > 0;

        table_cell(v->table, "candidate");
        table_cell(v->table, "another AK, %.16s, since %s%s",
                   said_must_text(&v->said, other, "ak_name"),
                   when_utc(since, said_int(&v->said, other, "enrolled_ms", 0)),
                   accepted ? "; its evidence passed: assay device rekey, if you know why"
                            : "; no evidence of it has passed yet");
    }
}

static void
groups_line(struct view *v)
{
    json_t *groups = said_list(&v->said, v->device, "groups");
    char text[TABLE_CELL_MAX] = "";
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(groups) && len < sizeof(text); i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
                                said_item_text(&v->said, groups, i, "groups"));
    }
    line(v, "groups", text);
}

static void
who(struct view *v)
{
    const char *class_name = said_text(&v->said, v->device, "class");
    const char *chain = said_text(&v->said, v->device, "ek_chain");
    char enrolled[WHEN_ROOM];

    line(v, "device", said_must_text(&v->said, v->device, "id"));
    line(v, "fingerprint", said_must_text(&v->said, v->device, "fingerprint"));
    table_cell(v->table, "state");
    table_cell(v->table, "%s%s%s, EK chain %s, since %s",
               said_must_text(&v->said, v->device, "state"), class_name[0] ? ", class " : "",
               class_name, chain[0] ? chain : "unknown",
               when_utc(enrolled, said_int(&v->said, v->device, "enrolled_ms", 0)));
    groups_line(v);
    line(v, "why", said_text(&v->said, v->device, "why"));
    candidate(v);
    machine(v);
}

/* The first reason's code, 0 when there is none. */
static int64_t
first_code(struct view *v)
{
    json_t *reasons = said_list(&v->said, v->verdict, "reasons");

    return json_array_size(reasons) == 0
               ? 0
               : said_must_int(&v->said, said_item(&v->said, reasons, 0, "reasons"), "code");
}

static void
verdict_line(struct view *v)
{
    char age[WHEN_ROOM];
    char text[TABLE_CELL_MAX];
    json_t *reasons = said_list(&v->said, v->verdict, "reasons");
    size_t len;

    len = (size_t)snprintf(text, sizeof(text), "%.64s, %s ago",
                           said_must_text(&v->said, v->verdict, "tier"),
                           when_age(age, said_int(&v->said, v->device, "age_s", 0)));
    for (size_t i = 0; i < json_array_size(reasons) && len < sizeof(text); i++) {
        const json_t *reason = said_item(&v->said, reasons, i, "reasons");

        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.64s (%" PRId64 ")",
                                i ? ", " : ": ", said_must_text(&v->said, reason, "name"),
                                said_must_int(&v->said, reason, "code"));
    }
    line(v, "verdict", text);
}

/* What the first reason means, as the catalogue has it. */
static void
means_line(struct view *v)
{
    int64_t code = first_code(v);
    const struct code_record *record =
        code > 0 && code <= UINT16_MAX ? code_book_of((enum reason)code) : NULL;

    line(v, "means", record ? record->title : "");
}

/* The rule by its printed name, for a keeper that leaves out what every assay knows. */
static enum rule
rule_named(const char *name)
{
    char room[RULE_NAME_MAX];

    for (int rule = RULE_NONE + 1; rule < RULE_N; rule++) {
        if (strcmp(rule_name((enum rule)rule, room), name) == 0) {
            return (enum rule)rule;
        }
    }
    return RULE_NONE;
}

static void
because_line(struct view *v)
{
    const char *name = said_text(&v->said, v->verdict, "rule");
    const char *text = said_text(&v->said, v->verdict, "text");
    const char *clause = said_text(&v->said, v->verdict, "clause");
    enum rule rule = rule_named(name);

    if (name[0] == '\0') {
        return;
    }
    text = text[0] || rule == RULE_NONE ? text : rule_text(rule);
    clause = clause[0] || rule == RULE_NONE ? clause : rule_clause(rule);
    table_cell(v->table, "because");
    table_cell(v->table, "%s [%s%s%s]", text, name, clause[0] ? "; " : "", clause);
}

static void
event_line(struct view *v)
{
    int64_t event = said_int(&v->said, v->verdict, "event", -1);
    int64_t pcr = said_int(&v->said, v->verdict, "pcr", -1);
    char text[80] = "";

    if (event >= 0 && pcr >= 0) {
        snprintf(text, sizeof(text), "%" PRId64 " of the log, PCR %" PRId64, event, pcr);
    } else if (event >= 0) {
        snprintf(text, sizeof(text), "%" PRId64 " of the log", event);
    } else if (pcr >= 0) {
        snprintf(text, sizeof(text), "PCR %" PRId64, pcr);
    }
    line(v, "event", text);
}

static void
decision(struct view *v)
{
    if (!v->verdict) {
        line(v, "verdict", "none yet: it has not brought evidence");
        return;
    }
    verdict_line(v);
    means_line(v);
    because_line(v);
    event_line(v);
    line(v, "expected", said_text(&v->said, v->verdict, "expected"));
    line(v, "seen", said_text(&v->said, v->verdict, "seen"));
}

/* A published fault of the TPM. */
static void
advisory_line(struct view *v, const json_t *advisory)
{
    json_t *cves = said_list(&v->said, advisory, "cves");
    char text[TABLE_CELL_MAX];
    size_t len = (size_t)snprintf(text, sizeof(text), "%.64s (%.16s)",
                                  said_must_text(&v->said, advisory, "name"),
                                  said_must_text(&v->said, advisory, "severity"));

    for (size_t i = 0; i < json_array_size(cves) && len < sizeof(text); i++) {
        const char *cve = json_string_value(json_array_get(cves, i));

        len += (size_t)snprintf(text + len, sizeof(text) - len, " %.48s", cve ? cve : "");
    }
    table_cell(v->table, "fault");
    table_cell(v->table, "%s: %s", text, said_text(&v->said, advisory, "effect"));
}

/* What a chain says of the maker, and the policies of what is published about it. */
static void
tpm_line(struct view *v)
{
    const json_t *tpm = said_object(&v->said, v->device, "tpm");
    json_t *advisories;
    const char *kind;

    if (!tpm) {
        return;
    }
    advisories = said_list(&v->said, tpm, "advisories");
    kind = said_text(&v->said, tpm, "kind");
    table_cell(v->table, "tpm");
    table_cell(
        v->table, "%s%s%s%s, firmware %s, %s", said_text(&v->said, tpm, "vendor"),
        said_text(&v->said, tpm, "vendor")[0] ? "" : "maker not proved", kind[0] ? ", " : "", kind,
        said_text(&v->said, tpm, "firmware")[0] ? said_text(&v->said, tpm, "firmware") : "unknown",
        !advisories                       ? "faults not known"
        : json_array_size(advisories) > 0 ? "with published faults"
                                          : "no published fault");
    for (size_t i = 0; i < json_array_size(advisories); i++) {
        advisory_line(v, said_item(&v->said, advisories, i, "advisories"));
    }
}

static void
boot_line(struct view *v)
{
    const json_t *boot = said_object(&v->said, v->device, "boot");
    char challenged[WHEN_ROOM];
    char accepted[WHEN_ROOM];

    if (!boot) {
        return;
    }
    table_cell(v->table, "boot");
    table_cell(v->table, "%" PRId64 ", resumed %" PRId64 " times, era %" PRId64,
               said_must_int(&v->said, boot, "reset"), said_must_int(&v->said, boot, "restart"),
               said_must_int(&v->said, boot, "era"));
    table_cell(v->table, "evidence");
    table_cell(v->table, "challenged %s, last accepted %s",
               when_utc(challenged, said_int(&v->said, v->device, "challenge_ms", 0)),
               when_utc(accepted, said_int(&v->said, v->device, "accepted_ms", 0)));
}

/* One event of the boot; the keeper may leave out what is not telling. */
static void
boot_event(struct view *v, const json_t *event, const char *name)
{
    char type_name[EVTYPE_NAME_MAX];
    int64_t type = said_int(&v->said, event, "type", -1);
    const char *digest = said_text(&v->said, event, "digest");
    bool known = type >= 0 && type <= UINT32_MAX;

    table_cell(v->table, "%s", name);
    table_cell(v->table, "PCR %" PRId64 "  %s%s%.*s%s%s", said_must_int(&v->said, event, "pcr"),
               known ? evtype_name((uint32_t)type, type_name) : "", known ? "  " : "", DIGEST_SHOWN,
               digest, digest[0] ? "  " : "", said_text(&v->said, event, "label"));
}

static void
boot_events(struct view *v)
{
    json_t *events = said_list(&v->said, v->device, "boot_events");

    for (size_t i = 0; i < json_array_size(events); i++) {
        boot_event(v, said_item(&v->said, events, i, "boot_events"), i == 0 ? "started" : "");
    }
}

/* What it says that boots to come will measure. */
static void
announced(struct view *v)
{
    json_t *rows = said_list(&v->said, v->device, "announced");
    char heard[WHEN_ROOM];
    char expires[WHEN_ROOM];

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = said_item(&v->said, rows, i, "announced");

        table_cell(v->table, "%s", i == 0 ? "announced" : "");
        if (json_is_true(json_object_get(row, "damaged"))) {
            table_cell(v->table, "%s: the row in the store is damaged, and left out",
                       said_must_text(&v->said, row, "component"));
            continue;
        }
        table_cell(
            v->table,
            "%s %s (by its own word), %zu events, heard %s, until %s or %" PRId64 " more boots",
            said_must_text(&v->said, row, "component"), said_must_text(&v->said, row, "version"),
            json_array_size(said_list(&v->said, row, "events")),
            when_utc(heard, said_must_int(&v->said, row, "heard_ms")),
            when_utc(expires, said_must_int(&v->said, row, "expires_ms")),
            said_must_int(&v->said, row, "boots_left"));
    }
}

static void
next_step(struct view *v)
{
    char room[ADVICE_ROOM];
    char id[ASK_SHORT_ROOM];
    const char *next;
    const char *split;
    const struct advice_case about = {
        .state = said_text(&v->said, v->device, "state"),
        .class_name = said_text(&v->said, v->device, "class"),
        .device = ask_short_id(id, said_text(&v->said, v->device, "id")),
        .fingerprint = said_text(&v->said, v->device, "fingerprint"),
        .code = first_code(v),
        .judged = v->verdict != NULL,
    };

    /* of two steps each has its line */
    next = advice_text(room, &about);
    split = strstr(next, "; ");
    table_cell(v->table, "next");
    table_cell(v->table, "%.*s", (int)(split ? split - next : (ptrdiff_t)strlen(next)), next);
    if (split) {
        line(v, "", split + 2);
    }
}

/* What the verdict tells those who trust tokens, whether this or that audience asked for it. */
static void
claims(struct view *v)
{
    const json_t *told = said_object(&v->said, v->device, "claims");
    const char *head = "claims";
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)told, key, value)
    {
        char text[EXPLAIN_TEXT_CLAIM];

        table_cell(v->table, "%s", head);
        table_cell(v->table, "%s", explain_text_claim(key, value, text));
        head = "";
    }
}

static int
say_device(const json_t *answer)
{
    CLEANUP(table_freep) struct table *table = table_new(2);
    struct view view = {.table = table, .device = answer};

    view.verdict = said_object(&view.said, answer, "verdict");
    who(&view);
    decision(&view);
    tpm_line(&view);
    boot_line(&view);
    boot_events(&view);
    claims(&view);
    announced(&view);
    next_step(&view);
    return said_wrong(&view.said) ? 1 : table_print(table, stdout);
}

static int
show_run(const struct cmd *self, int argc, char **argv)
{
    return ask_plain_device(self, argc, argv, "show", say_device);
}

const struct cmd cmd_device_show = {
    .name = "device show",
    .args = "ID " ASK_ARGS,
    .summary = "the verdict on one device, what decided it, and its boot",
    .help =
        "ID is the beginning of its id or fingerprint, 8 digits at least, as in `assay device\n"
        "list`. What it prints: who the device is, the verdict with all reasons, the rule that\n"
        "decided it, the event of the boot log with what was expected and seen, what was started,\n"
        "what the verdict tells (`assay code list --claims`), what it announced of boots to come,\n"
        "and one next step. Texts from the device are escaped; its maker, model, serial and\n"
        "announcements are its own word.\n\n" ASK_HELP "Example:\n"
        "  $ assay device show 3fa94c10\n\n"
        "Exit status: 0 shown (whatever the verdict), 1 refused, 2 usage.\n",
    .run = show_run,
};
