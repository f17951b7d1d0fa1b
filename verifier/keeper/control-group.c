/* assay group …, assay device group: groups, and who is in them. All of it may be said again: what
 * is so already is no fault, and leaves no row in the audit log. */
#include <stdio.h>

#include "base/name.h"
#include "keeper/control-say.h"
#include "keeper/groups.h"
#include "keeper/policies.h"

/* The group that word i names. Returns 0, STORE_NONE, or a negative errno. */
static int
group_word(const struct control *control, size_t i, struct store_group *ret)
{
    char name[STORE_CLASS_MAX];

    return control_text(control, i, name, sizeof(name))
               ? store_group_get(control->keeper->store, name, ret)
               : STORE_NONE;
}

/* The same where there must be one. Returns 0, or CONTROL_NO after an error was written. */
static int
known_group(struct control *control, size_t i, struct store_group *ret)
{
    int r = group_word(control, i, ret);

    if (r == STORE_NONE) {
        return control_error(control, "group", groups_problem(GROUPS_E_UNKNOWN));
    }
    return r == 0 ? 0 : control_broke(control, r);
}

int
control_group_filter(struct control *control, size_t i, char name[STORE_CLASS_MAX])
{
    struct store_group group = {.name = ""};
    int r = i < control->words.n ? known_group(control, i, &group) : 0;

    if (r == 0) {
        memcpy(name, group.name, sizeof(group.name));
    }
    return r;
}

/* Members of an object that is open. */
static int
say_group(struct control *control, const struct store_group *group)
{
    int64_t members = 0;
    int r = store_group_members(control->keeper->store, group->name, &members);

    json_wr_key(&control->json, "name");
    json_wr_str(&control->json, group->name);
    json_wr_key(&control->json, "site");
    json_wr_bool(&control->json, group->site);
    json_wr_key(&control->json, "members");
    json_wr_int(&control->json, members);
    return r;
}

/* What became of a group, and whether anything did. */
static int
answer_group(struct control *control, const struct store_group *group, bool changed)
{
    int r;

    json_wr_object(&control->json);
    r = say_group(control, group);
    json_wr_key(&control->json, "changed");
    json_wr_bool(&control->json, changed);
    json_wr_end_object(&control->json);
    return r == 0 ? CONTROL_YES : control_broke(control, r);
}

/* Members of a site stand there, and nobody asked whether they stand elsewhere too. */
static int
check_members(struct control *control, const struct store_group *group)
{
    int64_t members = 0;
    int r = store_group_members(control->keeper->store, group->name, &members);

    if (r == 0 && members > 0) {
        return control_error(control, "members",
                             "the group has members: whether it is a site is said before it has");
    }
    return r == 0 ? 0 : control_broke(control, r);
}

static int
put_group(struct control *control, const struct store_group *group)
{
    char text[STORE_TEXT_MAX];
    int r = store_group_put(control->keeper->store, group);

    if (r != 0) {
        return control_broke(control, r);
    }
    snprintf(text, sizeof(text), "%s%s", group->name, group->site ? ", a site" : "");
    keeper_audit(control->keeper, "group", NULL, control->actor, text);
    return answer_group(control, group, true);
}

int
control_group_add(struct control *control)
{
    struct store_group group = {.name = ""};
    struct store_group was;
    int r;

    if (!control_name_good(control->words.words[0]) ||
        !control_text(control, 0, group.name, sizeof(group.name))) {
        return control_error(control, "name", "a group is named by " NAME_RULE " or hyphen");
    }
    if (strlen(group.name) > GROUPS_LETTERS) { /* nobody could be in it */
        return control_error(control, "name", "a group's name has 48 letters at most");
    }
    group.site = control->words.n > 1;
    if (group.site && !bytes_equal(control->words.words[1], bytes_str("site"))) {
        return control_error(control, "setting", "the only setting is: site");
    }
    r = group_word(control, 0, &was);
    if (r == 0 && was.site == group.site) {
        return answer_group(control, &group, false);
    }
    if (r == 0) {
        r = check_members(control, &group);
        return r == 0 ? put_group(control, &group) : r;
    }
    return r == STORE_NONE ? put_group(control, &group) : control_broke(control, r);
}

int
control_groups_as(struct control *control, const struct store_device *from,
                  const struct store_device *to)
{
    struct store_groups was;
    struct store_groups is;
    int r = store_groups_get(control->keeper->store, to->id, &was);

    if (r == 0) {
        r = store_groups_get(control->keeper->store, from->id, &is);
    }
    return r == 0 ? groups_put(control->keeper, to->id, control->actor, &was, &is) : r;
}

/* Devices that are visited for a group. */
struct walk {
    struct control *control;
    const char *name;
    int r;
};

static bool
on_leaver(void *context, const struct store_device *device)
{
    struct walk *walk = context;
    struct store_groups was;
    struct store_groups is;

    walk->r = store_groups_get(walk->control->keeper->store, device->id, &was);
    if (walk->r == 0) {
        is = was;
        (void)groups_drop(&is, walk->name);
        walk->r = groups_put(walk->control->keeper, device->id, walk->control->actor, &was, &is);
    }
    return walk->r == 0;
}

/* Each member has its row in the audit log, as if it had been taken out alone. */
static int
drop_group(struct control *control, const struct store_group *group)
{
    struct walk walk = {.control = control, .name = group->name};
    int r = store_group_devices(control->keeper->store, group->name, on_leaver, &walk);

    r = r == 0 ? walk.r : r;
    if (r == 0) {
        r = store_group_drop(control->keeper->store, group->name);
    }
    if (r == 0) {
        keeper_audit(control->keeper, "group-removed", NULL, control->actor, group->name);
    }
    return r;
}

int
control_group_remove(struct control *control)
{
    struct store_group group = {.name = ""};
    bool with_members = control->words.n > 1;
    int64_t members = 0;
    int r;

    if (!control_text(control, 0, group.name, sizeof(group.name))) {
        return control_error(control, "name", "a group is named by " NAME_RULE " or hyphen");
    }
    if (with_members && !bytes_equal(control->words.words[1], bytes_str("with-members"))) {
        return control_error(control, "setting", "the only setting is: with-members");
    }
    r = group_word(control, 0, &group);
    if (r == STORE_NONE) {
        return answer_group(control, &group, false);
    }
    if (r == 0) {
        r = store_group_members(control->keeper->store, group.name, &members);
    }
    if (r == 0 && members > 0 && !with_members) {
        return control_error(control, "members",
                             "the group has members: take them out first, or say --with-members");
    }
    if (r == 0) {
        r = drop_group(control, &group);
    }
    return r == 0 ? answer_group(control, &group, true) : control_broke(control, r);
}

static bool
on_group(void *context, const struct store_group *group)
{
    struct walk *walk = context;

    json_wr_object(&walk->control->json);
    walk->r = say_group(walk->control, group);
    json_wr_end_object(&walk->control->json);
    return walk->r == 0;
}

int
control_group_list(struct control *control)
{
    struct walk walk = {.control = control};
    int r;

    json_wr_object(&control->json);
    json_wr_key(&control->json, "groups");
    json_wr_array(&control->json);
    r = store_group_each(control->keeper->store, on_group, &walk);
    json_wr_end_array(&control->json);
    json_wr_end_object(&control->json);
    r = r == 0 ? walk.r : r;
    return r == 0 ? CONTROL_YES : control_broke(control, r);
}

static bool
on_member(void *context, const struct store_device *device)
{
    struct walk *walk = context;
    struct control *control = walk->control;

    json_wr_object(&control->json);
    control_hex(control, "id", BYTES_OF(device->id));
    json_wr_key(&control->json, "state");
    json_wr_str(&control->json, device_state_name(device->state));
    json_wr_key(&control->json, "class");
    json_wr_str(&control->json, device->class_name);
    json_wr_end_object(&control->json);
    return true;
}

int
control_group_show(struct control *control)
{
    struct store_group group;
    struct walk walk = {.control = control, .name = group.name};
    int r = known_group(control, 0, &group);

    if (r != 0) {
        return r;
    }
    json_wr_object(&control->json);
    walk.r = say_group(control, &group);
    json_wr_key(&control->json, "devices");
    json_wr_array(&control->json);
    r = walk.r;
    if (r == 0) {
        r = store_group_devices(control->keeper->store, group.name, on_member, &walk);
    }
    json_wr_end_array(&control->json);
    json_wr_end_object(&control->json);
    r = r == 0 ? walk.r : r;
    return r == 0 ? CONTROL_YES : control_broke(control, r);
}

/* The words behind the device: "=" first means that it is in no others, then "-GROUP", then
 * "+GROUP"; "dry-run" alone. */
struct edit {
    struct store_groups was;
    struct store_groups is;
    bool dry_run;
};

/* One word, where it has this sign. Returns an outcome of groups_add(), or a negative errno. */
static int
edit_word(struct control *control, const char *word, char sign, struct edit *edit)
{
    if (word[0] != sign) {
        return GROUPS_OK;
    }
    switch (sign) {
    case 'd':
        edit->dry_run = true;
        break;
    case '=':
        edit->is.n = 0;
        break;
    case '-':
        (void)groups_drop(&edit->is, word + 1);
        break;
    default:
        return groups_add(control->keeper->store, word + 1, &edit->is);
    }
    return GROUPS_OK;
}

static bool
edit_word_good(const char *word)
{
    return strcmp(word, "=") == 0 || strcmp(word, "dry-run") == 0 ||
           ((word[0] == '+' || word[0] == '-') && word[1] != '\0');
}

/* Returns 0, or CONTROL_NO after an error was written. */
static int
edit_read(struct control *control, const struct store_device *device, struct edit *ret)
{
    char words[CONTROL_WORDS_MAX][STORE_CLASS_MAX + 1];
    int r = store_groups_get(control->keeper->store, device->id, &ret->was);

    ret->is = ret->was;
    for (size_t i = 1; r == 0 && i < control->words.n; i++) {
        if (!control_text(control, i, words[i], sizeof(words[i])) || !edit_word_good(words[i])) {
            return control_error(control, "word", "words are = -GROUP +GROUP dry-run");
        }
    }
    for (const char *sign = "d=-+"; r == 0 && *sign != '\0'; sign++) {
        for (size_t i = 1; r == 0 && i < control->words.n; i++) {
            r = edit_word(control, words[i], *sign, ret);
        }
    }
    if (r > 0) {
        return control_error(control, "group", groups_problem((enum groups_outcome)r));
    }
    return r == 0 ? 0 : control_broke(control, r);
}

/* The names of one that are not in the other (NULL: all). Returns how many. */
static size_t
say_names(struct control *control, const char *key, const struct store_groups *groups,
          const struct store_groups *without)
{
    size_t n = 0;

    json_wr_key(&control->json, key);
    json_wr_array(&control->json);
    for (size_t i = 0; i < groups->n; i++) {
        if (!without || !store_groups_have(without, groups->groups[i].name)) {
            json_wr_str(&control->json, groups->groups[i].name);
            n++;
        }
    }
    json_wr_end_array(&control->json);
    return n;
}

int
say_groups(struct control *control, const uint8_t id[WIRE_UEID_SIZE])
{
    struct store_groups groups;
    int r = store_groups_get(control->keeper->store, id, &groups);

    if (r == 0) {
        (void)say_names(control, "groups", &groups, NULL);
    }
    return r;
}

/* Whether the bundle that counts would have two policies for the device then: it would be refused
 * from its next evidence on (801), which is said to whoever can still decide. What is so already is
 * no fault of this command. Returns 0, or CONTROL_NO after an error was written. */
static int
check_policies(struct control *control, const struct store_device *device, const struct edit *edit)
{
    const struct policies *policies = control->keeper->policies;
    int64_t now_ms = control->keeper->clock->utc_ms(control->keeper->clock->context);
    uint64_t now_s = now_ms > 0 ? (uint64_t)now_ms / 1000 : 0;
    struct policies_choice choice;

    if (policies_find(policies, device->class_name, &edit->was, now_s, &choice) == POLICY_TWO ||
        policies_find(policies, device->class_name, &edit->is, now_s, &choice) != POLICY_TWO) {
        return 0;
    }
    return control_error(control, "policies",
                         "two policies would be for it, one for each of two groups: take it out of "
                         "one with --remove, or publish a policy that says which");
}

int
control_device_group(struct control *control)
{
    struct edit edit = {.dry_run = false};
    struct store_device device;
    size_t n_changes;
    int r = control_device(control, 0, &device);

    if (r == 0) {
        r = edit_read(control, &device, &edit);
    }
    if (r == 0) {
        r = check_policies(control, &device, &edit);
    }
    if (r != 0) {
        return r;
    }
    json_wr_object(&control->json);
    control_hex(control, "id", BYTES_OF(device.id));
    (void)say_names(control, "groups", &edit.is, NULL);
    n_changes = say_names(control, "added", &edit.is, &edit.was);
    n_changes += say_names(control, "removed", &edit.was, &edit.is);
    json_wr_end_object(&control->json);
    if (n_changes > 0 && !edit.dry_run) {
        r = groups_put(control->keeper, device.id, control->actor, &edit.was, &edit.is);
    }
    return r == 0 ? CONTROL_YES : control_broke(control, r);
}
