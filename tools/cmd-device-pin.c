/* assay device pins, unpin, accept: what a device is held to of its own. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd-control.h"
#include "table.h"
#include "when.h"

/* "gpt", "boot.cmdline=root". */
static void
place_cell(struct said *said, struct table *table, const json_t *pin)
{
    const char *hole = said_text(said, pin, "hole");

    table_cell(table, "%s%s%s", said_must_text(said, pin, "slot"), hole[0] ? "=" : "", hole);
}

static void
pin_row(struct said *said, struct table *table, const json_t *pin)
{
    char at[WHEN_ROOM];
    const char *value = said_must_text(said, pin, "value");
    const char *policy = said_text(said, pin, "policy");

    place_cell(said, table, pin);
    table_cell(table, "%s", when_utc(at, said_must_int(said, pin, "at_ms")));
    table_cell(table, "%s", policy[0] ? policy : "-");
    table_cell(table, "%s", value[0] ? value : "(nothing)");
}

static int
print_pins(struct said *said, json_t *pins, const char *when, const char *what)
{
    CLEANUP(table_freep) struct table *table = table_new(4);

    table_cell(table, "SLOT");
    table_cell(table, "%s", when);
    table_cell(table, "BY POLICY");
    table_cell(table, "VALUE");
    for (size_t i = 0; i < json_array_size(pins); i++) {
        pin_row(said, table, said_item(said, pins, i, what));
    }
    return said_wrong(said) ? 1 : table_print(table, stdout);
}

static int
say_pins(const json_t *answer)
{
    char id[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, answer, "id");
    json_t *pins = said_must_list(&said, answer, "pins");
    json_t *shown = said_list(&said, answer, "shown");

    if (said_wrong(&said)) {
        return 1;
    }
    if (json_array_size(pins) == 0) {
        table_line(stdout, "device %s is held to nothing of its own", ask_short_id(id, full));
    } else if (print_pins(&said, pins, "SINCE", "pins") != 0) {
        return 1;
    }
    if (json_array_size(shown) == 0) {
        return 0;
    }
    table_line(stdout, "Its last evidence showed instead (`assay device accept %s SLOT`):",
               ask_short_id(id, full));
    return print_pins(&said, shown, "SHOWN", "shown");
}

static int
pins_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    char room[ASK_ID_ROOM];
    int r = ask_plain_args(self, argc, argv, &ask, &words, 1);

    if (r != 0) {
        return r;
    }
    ask_word(&ask, "device");
    ask_word(&ask, "pins");
    ask_word(&ask, ask_id(room, words.words[0]));
    return ask_and_say(&ask, say_pins);
}

static int
say_unpinned(const json_t *answer)
{
    char id[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, answer, "id");
    int64_t n = said_must_int(&said, answer, "dropped");

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout,
               "device %s: values dropped: %" PRId64 "; its next accepted boot is pinned anew",
               ask_short_id(id, full), n);
    return 0;
}

static int
unpin_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    bool all = false;
    char room[ASK_ID_ROOM];
    const struct flag flags[] = {{.name = "all", .ret_set = &all}, ASK_FLAGS(&ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != (all ? 1u : 2u)) {
        return cmd_usage(self, "one device, and a slot or --all, are needed");
    }
    ask_word(&ask, "device");
    ask_word(&ask, "unpin");
    ask_word(&ask, ask_id(room, words.words[0]));
    ask_word(&ask, all ? "*" : words.words[1]);
    return ask_and_say(&ask, say_unpinned);
}

struct accept {
    struct ask ask;
    const char *id;
    const char *place;
    bool yes;
    char confirm[sizeof("confirm=") + 64]; /* the word that pins what was shown */
};

static int
ask_accept(const struct accept *a, bool confirm, json_t **ret_answer)
{
    struct ask ask = a->ask;

    ask_word(&ask, "device");
    ask_word(&ask, "accept");
    ask_word(&ask, a->id);
    ask_word(&ask, a->place);
    if (confirm) {
        ask_word(&ask, a->confirm);
    }
    return ask_keeper(&ask, ret_answer);
}

/* What is held, what would be, and what else is wrong with the evidence that showed it. */
static int
say_proposal(struct accept *a, const json_t *answer)
{
    struct said said = {0};
    json_t *held = said_must_list(&said, answer, "pins");
    json_t *shown = said_must_list(&said, answer, "shown");
    json_t *reasons = said_list(&said, answer, "reasons");
    const char *proposal = said_must_text(&said, answer, "proposal");

    if (said_wrong(&said)) {
        return CMD_NO;
    }
    snprintf(a->confirm, sizeof(a->confirm), "confirm=%.64s", proposal);
    printf("Pinned now:\n");
    if (print_pins(&said, held, "SINCE", "pins") != 0) {
        return CMD_NO;
    }
    printf("What its last genuine evidence showed:\n");
    if (print_pins(&said, shown, "SHOWN", "shown") != 0) {
        return CMD_NO;
    }
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        table_line(stdout, "its last verdict says %s",
                   said_item_text(&said, reasons, i, "reasons"));
    }
    return said_wrong(&said) || fflush(stdout) != 0 ? CMD_NO : CMD_YES;
}

static int
confirm_accept(const struct accept *a)
{
    json_t *answer = NULL;
    struct said said = {0};
    char id[ASK_SHORT_ROOM];
    int code = ask_accept(a, true, &answer);
    int64_t n;

    if (code != CMD_YES) {
        return code;
    }
    if (a->ask.json) {
        return cmd_print_json(answer) == 0 ? CMD_YES : CMD_NO;
    }
    n = said_must_int(&said, answer, "pinned");
    (void)ask_short_id(id, said_must_text(&said, answer, "id"));
    if (!said_wrong(&said)) {
        table_line(stdout, "device %s: values pinned: %" PRId64, id, n);
    }
    json_decref(answer);
    return said_wrong(&said) ? CMD_NO : CMD_YES;
}

/* With --json and --yes the list is not printed first: one answer, one object. */
static int
accept(struct accept *a)
{
    json_t *answer = NULL;
    struct said said = {0};
    int code = ask_accept(a, false, &answer);

    if (code != CMD_YES) {
        return code;
    }
    if (a->ask.json && a->yes) {
        snprintf(a->confirm, sizeof(a->confirm), "confirm=%.64s",
                 said_must_text(&said, answer, "proposal"));
        code = said_wrong(&said) ? CMD_NO : CMD_YES;
    } else if (a->ask.json) {
        code = cmd_print_json(json_incref(answer)) == 0 ? CMD_YES : CMD_NO;
    } else {
        code = say_proposal(a, answer);
    }
    json_decref(answer);
    if (code != CMD_YES) {
        return code;
    }
    return ask_agreed(&a->ask, a->yes, "Hold the device to these from now on?", "pinned")
               ? confirm_accept(a)
               : CMD_NO;
}

static int
accept_run(const struct cmd *self, int argc, char **argv)
{
    struct accept a = {.yes = false};
    char room[ASK_ID_ROOM];
    struct flag_words words = {0};
    const struct flag flags[] = {{.name = "yes", .ret_set = &a.yes}, ASK_FLAGS(&a.ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 2) {
        return cmd_usage(self, "one device and a slot are needed");
    }
    a.id = ask_id(room, words.words[0]);
    a.place = words.words[1];
    return accept(&a);
}

const struct cmd cmd_device_pins = {
    .name = "device pins",
    .args = "ID " ASK_ARGS,
    .summary = "what a device is held to of its own",
    .help =
        "Rules of policies with `device-pin`, `or-pin` or a hole {name} hold a device to the "
        "values\n"
        "of its first accepted boot. One line a value: its slot, and hole; since when; which "
        "policy\n"
        "learnt it; the digest, or what stood in the hole. `rule:ID` is of an older verifier, and\n"
        "gets its slot with the next accepted evidence. Below stands what the last genuine\n"
        "evidence showed instead, where it did.\n\n" ASK_HELP "Example:\n"
        "  $ assay device pins 3fa94c10\n"
        "  SLOT               SINCE                 BY POLICY   VALUE\n"
        "  boot.cmdline=root  2026-11-24 14:02 UTC  laptops:14  12ab-34cd\n"
        "  gpt                2026-11-24 14:02 UTC  laptops:14  8d25a470…64 digits…\n\n"
        "Exit status: 0 shown, 1 refused, 2 usage.\n",
    .run = pins_run,
};

const struct cmd cmd_device_unpin = {
    .name = "device unpin",
    .args = "ID SLOT[=HOLE]|--all " ASK_ARGS,
    .summary = "let a device's next accepted boot be pinned anew",
    .help =
        "Drops what the device is held to in a slot, in one hole of it, or everywhere. Whatever\n"
        "its next accepted boot has there is pinned: where you can see what that is before, "
        "`assay\n"
        "device accept` is better. The audit log has a row of it.\n\n" ASK_HELP "Example:\n"
        "  $ assay device unpin 3fa94c10 gpt\n"
        "  device 3fa94c10: values dropped: 1; its next accepted boot is pinned anew\n\n"
        "Exit status: 0 dropped, 1 refused or nothing was pinned there, 2 usage.\n",
    .run = unpin_run,
};

const struct cmd cmd_device_accept = {
    .name = "device accept",
    .args = "ID SLOT[=HOLE] [--yes] " ASK_ARGS,
    .summary = "hold a device to what its last evidence showed",
    .help =
        "For a change that was meant: another disk, another partition, a new machine id. Shows "
        "what\n"
        "is pinned in the slot and what the last genuine evidence, which was refused or warned\n"
        "of, had there. On a terminal it then asks; --yes pins without asking. If the device\n"
        "brings another boot in between nothing is pinned. Of a verdict with other reasons those\n"
        "stay: look at them first. With --json and without --yes it prints what it would "
        "pin.\n\n" ASK_HELP "Example:\n"
        "  $ assay device accept 3fa94c10 gpt --yes\n"
        "  device 3fa94c10: values pinned: 1\n\n"
        "Exit status: 0 pinned, 1 not pinned, 2 usage.\n",
    .run = accept_run,
};
