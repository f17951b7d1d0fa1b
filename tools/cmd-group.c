/* assay group add, remove, list, show */
#include <inttypes.h>
#include <stdio.h>

#include "base/name.h"
#include "cmd-control.h"
#include "table.h"

/* group VERB NAME [SETTING] */
static int
ask_group(struct ask *ask, const char *verb, const char *name, const char *setting,
          int (*say)(const json_t *answer))
{
    ask_word(ask, "group");
    ask_word(ask, verb);
    ask_word(ask, name);
    if (setting) {
        ask_word(ask, setting);
    }
    return ask_and_say(ask, say);
}

static int
say_added(const json_t *answer)
{
    struct said said = {0};
    const char *name = said_must_text(&said, answer, "name");
    bool site = said_yes(&said, answer, "site");
    bool changed = said_yes(&said, answer, "changed");

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, "group %s is %s%s", name, changed ? "there now" : "there already",
               site ? ", a site" : "");
    return 0;
}

static int
say_removed(const json_t *answer)
{
    struct said said = {0};
    const char *name = said_must_text(&said, answer, "name");
    bool changed = said_yes(&said, answer, "changed");

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, changed ? "group %s is removed" : "there is no group %s", name);
    return 0;
}

/* NAME and one option that is a word of the command too. */
static int
one_group(const struct cmd *self, int argc, char **argv, const char *setting,
          int (*say)(const json_t *answer))
{
    struct ask ask = {0};
    struct flag_words words = {0};
    bool set = false;
    const struct flag flags[] = {{.name = setting, .ret_set = &set}, ASK_FLAGS(&ask)};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 1 || !name_good(bytes_str(words.words[0]))) {
        return cmd_usage(self, "one name is needed, of " NAME_RULE);
    }
    return ask_group(&ask, self->name + strlen("group "), words.words[0], set ? setting : NULL,
                     say);
}

static int
add_run(const struct cmd *self, int argc, char **argv)
{
    return one_group(self, argc, argv, "site", say_added);
}

static int
remove_run(const struct cmd *self, int argc, char **argv)
{
    return one_group(self, argc, argv, "with-members", say_removed);
}

static void
heads(struct table *table, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        table_cell(table, "%s", names[i]);
    }
}

static int
say_all(const json_t *answer)
{
    static const char *const names[] = {"GROUP", "MEMBERS", ""};
    CLEANUP(table_freep) struct table *table = table_new(ARRAY_LEN(names));
    struct said said = {0};
    json_t *groups = said_must_list(&said, answer, "groups");

    heads(table, names, ARRAY_LEN(names));
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = said_item(&said, groups, i, "groups");

        table_cell(table, "%s", said_must_text(&said, group, "name"));
        table_cell(table, "%" PRId64, said_must_int(&said, group, "members"));
        table_cell(table, "%s", said_yes(&said, group, "site") ? "site" : "");
    }
    if (said_wrong(&said)) {
        return 1;
    }
    if (json_array_size(groups) == 0) {
        printf("There is no group yet: make one with `assay group add NAME`.\n");
        return 0;
    }
    return table_print(table, stdout);
}

static int
list_run(const struct cmd *self, int argc, char **argv)
{
    return ask_plain(self, argc, argv, "group", "list", say_all);
}

static int
say_members(const json_t *answer)
{
    static const char *const names[] = {"ID", "STATE", "CLASS"};
    CLEANUP(table_freep) struct table *table = table_new(ARRAY_LEN(names));
    struct said said = {0};
    const char *name = said_must_text(&said, answer, "name");
    bool site = said_yes(&said, answer, "site");
    json_t *devices = said_must_list(&said, answer, "devices");
    char id[ASK_SHORT_ROOM];

    heads(table, names, ARRAY_LEN(names));
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = said_item(&said, devices, i, "devices");

        table_cell(table, "%s", ask_short_id(id, said_must_text(&said, device, "id")));
        table_cell(table, "%s", said_must_text(&said, device, "state"));
        table_cell(table, "%s", said_text(&said, device, "class"));
    }
    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, "group %s%s, members: %zu", name, site ? ", a site" : "",
               json_array_size(devices));
    return json_array_size(devices) > 0 ? table_print(table, stdout) : 0;
}

static int
show_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    int r = ask_plain_args(self, argc, argv, &ask, &words, 1);

    return r != 0 ? r : ask_group(&ask, "show", words.words[0], NULL, say_members);
}

const struct cmd cmd_group_add = {
    .name = "group add",
    .args = "NAME [--site] " ASK_ARGS,
    .summary = "make a group of devices",
    .help =
        "A device has one class, by which its boots are judged, and is in any few groups (8 at\n"
        "most): what devices of several classes have in common, or some of one class. A policy\n"
        "may be for a class and a group, and comes before that of the class alone. `assay device\n"
        "group` says who is in it; `golden suggest` counts the sites at which a value is seen.\n\n"
        "  --site  the group is a place where devices stand; a device stands at one. Only as\n"
        "          long as it has no members can a group become a site, or cease to be one.\n\n"
        "A group that is there already is no fault.\n\n" ASK_HELP "Example:\n"
        "  $ assay group add berlin --site\n"
        "  group berlin is there now, a site\n\n"
        "Exit status: 0 it is there, 1 refused, 2 usage.\n",
    .run = add_run,
};

const struct cmd cmd_group_remove = {
    .name = "group remove",
    .args = "NAME [--with-members] " ASK_ARGS,
    .summary = "remove a group of devices",
    .help =
        "Its devices stay, and are judged by what is for their class without it. A group that is\n"
        "not there is no fault.\n\n"
        "  --with-members  also if devices are in it: they are taken out, each with its row in\n"
        "                  the audit log\n\n" ASK_HELP "Example:\n"
        "  $ assay group remove pilots --with-members\n"
        "  group pilots is removed\n\n"
        "Exit status: 0 it is not there, 1 refused, 2 usage.\n",
    .run = remove_run,
};

const struct cmd cmd_group_list = {
    .name = "group list",
    .args = ASK_ARGS,
    .summary = "the groups of devices, and how many are in each",
    .help = ASK_HELP "Example:\n"
                     "  $ assay group list\n"
                     "  GROUP   MEMBERS\n"
                     "  berlin  117      site\n"
                     "  pilots  5\n\n"
                     "Exit status: 0 listed, 1 refused, 2 usage.\n",
    .run = list_run,
};

const struct cmd cmd_group_show = {
    .name = "group show",
    .args = "NAME " ASK_ARGS,
    .summary = "the devices of a group",
    .help = "`assay device list --group NAME` tells how they stand.\n\n" ASK_HELP "Example:\n"
            "  $ assay group show pilots\n"
            "  group pilots, members: 1\n"
            "  ID        STATE  CLASS\n"
            "  3fa94c10  fresh  laptops\n\n"
            "Exit status: 0 shown, 1 refused, 2 usage.\n",
    .run = show_run,
};
