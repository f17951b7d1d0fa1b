#include "keeper/groups.h"

#include <errno.h>
#include <stdio.h>

const char *
groups_problem(enum groups_outcome outcome)
{
    switch (outcome) {
    case GROUPS_OK:
        break;
    case GROUPS_E_UNKNOWN:
        return "there is no such group: see `assay group list`";
    case GROUPS_E_FULL:
        return "a device is in 8 groups at most, whose names have 48 letters together";
    case GROUPS_E_SITES:
        return "a device stands at one site: take it out of the other one with --remove";
    }
    return "";
}

/* Where a name stands, or would. */
static size_t
place(const struct store_groups *groups, const char *name)
{
    size_t i = 0;

    while (i < groups->n && strcmp(groups->groups[i].name, name) < 0) {
        i++;
    }
    return i;
}

static bool
has_site(const struct store_groups *groups)
{
    for (size_t i = 0; i < groups->n; i++) {
        if (groups->groups[i].site) {
            return true;
        }
    }
    return false;
}

static size_t
letters(const struct store_groups *groups)
{
    size_t n = 0;

    for (size_t i = 0; i < groups->n; i++) {
        n += strlen(groups->groups[i].name);
    }
    return n;
}

int
groups_add(struct store *store, const char *name, struct store_groups *groups)
{
    struct store_group group;
    size_t at;
    int r;

    if (store_groups_have(groups, name)) {
        return GROUPS_OK;
    }
    r = store_group_get(store, name, &group);
    if (r != 0) {
        return r == STORE_NONE ? GROUPS_E_UNKNOWN : r;
    }
    if (groups->n == STORE_GROUPS_MAX || letters(groups) + strlen(name) > GROUPS_LETTERS) {
        return GROUPS_E_FULL;
    }
    if (group.site && has_site(groups)) {
        return GROUPS_E_SITES;
    }
    at = place(groups, name);
    memmove(&groups->groups[at + 1], &groups->groups[at],
            (groups->n - at) * sizeof(groups->groups[0]));
    groups->groups[at] = group;
    groups->n++;
    return GROUPS_OK;
}

int
groups_add_all(struct store *store, const char *names, struct store_groups *groups)
{
    int first = GROUPS_OK;

    while (*(names += strspn(names, " ")) != '\0') {
        size_t len = strcspn(names, " ");
        char name[STORE_CLASS_MAX];
        int r = GROUPS_E_UNKNOWN;

        if (len < sizeof(name)) {
            memcpy(name, names, len);
            name[len] = '\0';
            r = groups_add(store, name, groups);
        }
        if (r < 0) {
            return r;
        }
        first = first == GROUPS_OK ? r : first;
        names += len;
    }
    return first;
}

void
groups_join(const struct store_groups *groups, char ret[STORE_GROUPS_TEXT_MAX])
{
    size_t len = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < groups->n && len < STORE_GROUPS_TEXT_MAX; i++) {
        len += (size_t)snprintf(ret + len, STORE_GROUPS_TEXT_MAX - len, "%s%s", i ? " " : "",
                                groups->groups[i].name);
    }
}

bool
groups_drop(struct store_groups *groups, const char *name)
{
    size_t at = place(groups, name);

    if (!store_groups_have(groups, name)) {
        return false;
    }
    groups->n--;
    memmove(&groups->groups[at], &groups->groups[at + 1],
            (groups->n - at) * sizeof(groups->groups[0]));
    return true;
}

/* Both are sorted by name. */
static bool
same(const struct store_groups *a, const struct store_groups *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n && strcmp(a->groups[i].name, b->groups[i].name) == 0) {
        i++;
    }
    return i == a->n && i == b->n;
}

int
groups_put(struct keeper *keeper, const uint8_t id[WIRE_UEID_SIZE], const char *actor,
           const struct store_groups *was, const struct store_groups *is)
{
    int r;

    if (same(was, is)) { /* its connections go on, too */
        return 0;
    }
    r = store_groups_set(keeper->store, id, is);
    if (r != 0) {
        return r < 0 ? r : -EIO;
    }
    for (size_t i = 0; i < was->n; i++) {
        if (!store_groups_have(is, was->groups[i].name)) {
            keeper_audit(keeper, "group-out", id, actor, was->groups[i].name);
        }
    }
    for (size_t i = 0; i < is->n; i++) {
        if (!store_groups_have(was, is->groups[i].name)) {
            keeper_audit(keeper, "group-in", id, actor, is->groups[i].name);
        }
    }
    sessions_drop_device(keeper->sessions, id);
    return 0;
}
