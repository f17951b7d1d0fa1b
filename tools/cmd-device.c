/* assay device list, and what an operator decides about one device. */
#include <stdio.h>

#include "cmd-control.h"
#include "table.h"
#include "when.h"

static void
list_row(struct said *said, struct table *table, const json_t *device)
{
    char id[ASK_SHORT_ROOM];
    char age[WHEN_ROOM] = "-";
    int64_t age_s = said_int(said, device, "age_s", -1);
    const char *tier = said_text(said, device, "tier");
    json_t *reasons = said_list(said, device, "reasons");
    size_t n = json_array_size(reasons);

    table_cell(table, "%s", ask_short_id(id, said_must_text(said, device, "id")));
    table_cell(table, "%s", said_must_text(said, device, "state"));
    table_cell(table, "%s", said_text(said, device, "class"));
    table_cell(table, "%s", tier[0] ? tier : "-");
    table_cell(table, "%s", age_s < 0 ? "-" : when_age(age, age_s));
    if (n > 1) {
        table_cell(table, "%s, and %zu more", said_item_text(said, reasons, 0, "reasons"), n - 1);
    } else {
        table_cell(table, "%s", n ? said_item_text(said, reasons, 0, "reasons") : "");
    }
}

static int
say_devices(const json_t *answer, const char *none)
{
    static const char *const heads[] = {"ID", "STATE", "CLASS", "TIER", "AGE", "FIRST REASON"};
    CLEANUP(table_freep) struct table *table = table_new(ARRAY_LEN(heads));
    struct said said = {0};
    json_t *devices = said_must_list(&said, answer, "devices");

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        table_cell(table, "%s", heads[i]);
    }
    for (size_t i = 0; i < json_array_size(devices); i++) {
        list_row(&said, table, said_item(&said, devices, i, "devices"));
    }
    if (said_wrong(&said)) {
        return 1;
    }
    if (json_array_size(devices) == 0) {
        printf("%s\n", none);
        return 0;
    }
    return table_print(table, stdout);
}

static int
say_list(const json_t *answer)
{
    return say_devices(answer, "No device has reached this verifier yet.");
}

static int
say_list_of_group(const json_t *answer)
{
    return say_devices(answer, "No device is in this group.");
}

static int
list_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    const char *group = NULL;
    const struct flag flags[] = {{.name = "group", .ret_value = &group}, ASK_FLAGS(&ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 0) {
        return cmd_usage(self, "one word too many");
    }
    ask_word(&ask, "device");
    ask_word(&ask, "list");
    if (group) {
        ask_word(&ask, group);
    }
    return ask_and_say(&ask, group ? say_list_of_group : say_list);
}

static int
say_state(const json_t *answer)
{
    char id[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, answer, "id");
    const char *state = said_must_text(&said, answer, "state");

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, "device %s is %s now", ask_short_id(id, full), state);
    return 0;
}

/* device VERB ID [TEXT] */
static int
decide(struct ask *ask, const char *verb, const char *id, const char *text)
{
    char room[ASK_ID_ROOM];

    ask_word(ask, "device");
    ask_word(ask, verb);
    ask_word(ask, ask_id(room, id));
    if (text) {
        ask_word(ask, text);
    }
    return ask_and_say(ask, say_state);
}

static int
approve_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    const char *class_name = NULL;
    const struct flag flags[] = {{.name = "class", .ret_value = &class_name}, ASK_FLAGS(&ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 1 || !class_name) {
        return cmd_usage(self, "a fingerprint and --class are needed");
    }
    if (!ask_fingerprint_good(bytes_str(words.words[0]))) {
        return cmd_usage(self, "a fingerprint has 64 hex digits: give all that the device shows");
    }
    return decide(&ask, "approve", words.words[0], class_name);
}

static int
shut(const struct cmd *self, int argc, char **argv, const char *verb)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    const char *why = NULL;
    const struct flag flags[] = {{.name = "why", .ret_value = &why}, ASK_FLAGS(&ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 1 || !why || !why[0]) {
        return cmd_usage(self, "one device and --why are needed");
    }
    return decide(&ask, verb, words.words[0], why);
}

static int
quarantine_run(const struct cmd *self, int argc, char **argv)
{
    return shut(self, argc, argv, "quarantine");
}

static int
remove_run(const struct cmd *self, int argc, char **argv)
{
    return shut(self, argc, argv, "remove");
}

static int
release_run(const struct cmd *self, int argc, char **argv)
{
    return ask_plain_device(self, argc, argv, "release", say_state);
}

static int
say_code(const json_t *answer)
{
    CLEANUP(table_freep) struct table *table = table_new(2);
    struct said said = {0};
    char until[WHEN_ROOM];

    table_cell(table, "code");
    table_cell(table, "%s", said_must_text(&said, answer, "code"));
    table_cell(table, "class");
    table_cell(table, "%s", said_must_text(&said, answer, "class"));
    table_cell(table, "until");
    table_cell(table, "%s", when_utc(until, said_must_int(&said, answer, "expires_ms")));
    if (said_wrong(&said) || table_print(table, stdout) != 0) {
        return 1;
    }
    printf("It admits one device, once, and is not shown again.\n");
    return 0;
}

static int
code_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    const char *class_name = NULL;
    const char *hours = "24";
    const struct flag flags[] = {{.name = "class", .ret_value = &class_name},
                                 {.name = "hours", .ret_value = &hours},
                                 ASK_FLAGS(&ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 0 || !class_name) {
        return cmd_usage(self, "--class is needed, and no other word");
    }
    if (!ask_number_good(hours)) {
        return cmd_usage(self, "--hours is a number");
    }
    ask_word(&ask, "device");
    ask_word(&ask, "code");
    ask_word(&ask, class_name);
    ask_word(&ask, hours);
    return ask_and_say(&ask, say_code);
}

const struct cmd cmd_device_list = {
    .name = "device list",
    .args = "[--group GROUP] " ASK_ARGS,
    .summary = "all devices that this verifier knows, and how they stand",
    .help =
        "One line a device: its short id, state, class, the tier of its last verdict, the age of\n"
        "the quote behind it, and the first reason against it. `assay device show ID` tells more.\n"
        "States: pending (nobody vouches for it yet), provisional (a member that has not yet\n"
        "passed), fresh, stale (silent for too long), failed, quarantined, removed.\n\n"
        "  --group   only those that are in this group\n" ASK_HELP "Example:\n"
        "  $ assay device list\n"
        "  ID        STATE  CLASS    TIER       AGE   FIRST REASON\n"
        "  3fa94c10  fresh  laptops  affirming  12 s\n\n"
        "Exit status: 0 listed, 1 the verifier refused or is not there, 2 usage.\n",
    .run = list_run,
};

const struct cmd cmd_device_approve = {
    .name = "device approve",
    .args = "FINGERPRINT --class CLASS " ASK_ARGS,
    .summary = "make a pending device a member of a class",
    .help =
        "FINGERPRINT is the SHA-256 of the device's endorsement key, 64 hex digits. Read it from\n"
        "the device's own console (`assay-attestor --fingerprint`), not from this verifier: that\n"
        "is what proves that the pending device is the one in front of you.\n\n" ASK_HELP
        "Example:\n"
        "  $ assay device approve \\\n"
        "      5e1f0c2b…64 digits… --class laptops\n"
        "  device 3fa94c10 is provisional now\n\n"
        "Exit status: 0 approved, 1 refused, 2 usage.\n",
    .run = approve_run,
};

const struct cmd cmd_device_quarantine = {
    .name = "device quarantine",
    .args = "ID --why TEXT " ASK_ARGS,
    .summary = "give a device no tokens until it is released",
    .help = "Works at once, on open connections too; tokens that are out run until they expire.\n"
            "The reason is kept with the device and in the audit log.\n\n" ASK_HELP "Example:\n"
            "  $ assay device quarantine 3fa94c10 --why \"lost on a train\"\n"
            "  device 3fa94c10 is quarantined now\n\n"
            "Exit status: 0 done, 1 refused, 2 usage.\n",
    .run = quarantine_run,
};

const struct cmd cmd_device_release = {
    .name = "device release",
    .args = "ID " ASK_ARGS,
    .summary = "take a device back from quarantine or removal",
    .help = "It is a member again, provisional until its next accepted evidence.\n\n" ASK_HELP
            "Example:\n"
            "  $ assay device release 3fa94c10\n"
            "  device 3fa94c10 is provisional now\n\n"
            "Exit status: 0 done, 1 refused, 2 usage.\n",
    .run = release_run,
};

const struct cmd cmd_device_remove = {
    .name = "device remove",
    .args = "ID --why TEXT " ASK_ARGS,
    .summary = "end a device's membership",
    .help = "For a device that was sold, scrapped or re-installed for another. It stays known, so\n"
            "that it cannot come back by itself; `assay device release` takes it back.\n\n" ASK_HELP
            "Example:\n"
            "  $ assay device remove 3fa94c10 --why \"scrapped, ticket 4711\"\n"
            "  device 3fa94c10 is removed now\n\n"
            "Exit status: 0 done, 1 refused, 2 usage.\n",
    .run = remove_run,
};

const struct cmd cmd_device_code = {
    .name = "device code",
    .args = "--class CLASS [--hours N] " ASK_ARGS,
    .summary = "make a one-time code that admits one device into a class",
    .help =
        "For whoever sets a device up: its attestor sends the code with its enrolment and\n"
        "becomes a member at once. A code works once, for 24 hours or --hours (1 to 8760).\n"
        "It is a secret: who has it can bring in a machine of their own.\n\n" ASK_HELP "Example:\n"
        "  $ assay device code --class laptops --hours 8\n\n"
        "Exit status: 0 made, 1 refused, 2 usage.\n",
    .run = code_run,
};
