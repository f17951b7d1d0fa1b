#include "suggest/suggest-text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/policy-move.h"
#include "policy/policy-put.h"
#include "wire/bundle-part.h"

enum { PARTS_MAX = 256 };

/* What one device of the group showed of the component, in its order. */
struct parts {
    const struct suggest *suggest;
    const struct suggest_group *group;
    struct bytes component;
    bool torn; /* a variant of it has what one device alone shows */
    size_t n;
    const struct suggest_seen *seen[PARTS_MAX];
};

static const struct bundle_release *
release_of(const struct suggest *suggest, const struct suggest_group *group)
{
    return &rulebook_bundle(suggest->book)->releases[group->release];
}

/* What stands behind the component and this character in the name of a set; empty: another form. */
static struct bytes
tail_of(const struct parts *parts, const struct suggest_seen *seen, char between)
{
    struct bytes name = suggest_set(parts->suggest, seen->set)->name;
    size_t at = parts->component.len;

    return name.len > at + 1 && name.p[at] == between ? bytes_of(name.p + at + 1, name.len - at - 1)
                                                      : BYTES_NULL;
}

static const struct suggest_value *
value_of(const struct suggest *suggest, const struct suggest_seen *seen)
{
    size_t at = (size_t)(seen - suggest->seen);
    size_t low = 0;
    size_t high = suggest->n_values;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (suggest->values[middle].first <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &suggest->values[low];
}

/* Do all devices of the group show it? Both lists ascend. */
static bool
is_shared(const struct parts *parts, const struct suggest_seen *seen)
{
    const struct suggest_value *value = value_of(parts->suggest, seen);
    const struct suggest_seen *run = &parts->suggest->seen[value->first];
    size_t n = 0;
    const uint32_t *devices = suggest_group_devices(parts->suggest, parts->group, &n);
    size_t k = 0;

    for (size_t i = 0; i < value->n && k < n; i++) {
        k += run[i].device == devices[k];
    }
    return k == n;
}

static bool
in_group(const struct parts *parts, const struct suggest_seen *seen)
{
    const struct suggest_value *value = value_of(parts->suggest, seen);

    for (size_t i = 0; i < parts->group->n_values; i++) {
        if (value == &parts->suggest->values[parts->group->values[i]]) {
            return true;
        }
    }
    return false;
}

static int
order_shown(const void *one, const void *other)
{
    const struct suggest_seen *const *a = one;
    const struct suggest_seen *const *b = other;

    return ((*a)->order > (*b)->order) - ((*a)->order < (*b)->order);
}

static void
gather(const struct suggest *suggest, const struct suggest_group *group, struct parts *ret)
{
    size_t n = 0;
    uint32_t device = suggest_group_devices(suggest, group, &n)[0];

    *ret = (struct parts){
        .suggest = suggest, .group = group, .component = release_of(suggest, group)->component};
    for (size_t i = 0; i < suggest->n_seen && ret->n < PARTS_MAX; i++) {
        const struct suggest_seen *seen = &suggest->seen[i];
        const struct bundle_release *maker =
            seen->device == device ? suggest_maker(suggest, seen->set) : NULL;

        if (maker && bytes_equal(maker->component, ret->component)) {
            ret->seen[ret->n++] = seen;
        }
    }
    qsort(ret->seen, ret->n, sizeof(ret->seen[0]), order_shown);
}

/* The name of the release: of a whole variant that it holds, which its set is named by, or that of
 * the component's. */
static struct bytes
name_of(const struct parts *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        struct bytes name = tail_of(parts, parts->seen[i], '/');

        if (name.len > 0) {
            return name;
        }
    }
    return release_of(parts->suggest, parts->group)->name;
}

const char *
suggest_text_name(const struct suggest *suggest, const struct suggest_group *group,
                  char room[SUGGEST_NAME_ROOM])
{
    const struct bundle_release *release;
    struct parts parts;
    struct bytes name;

    room[0] = '\0';
    if (group->kind == SUGGEST_SET) {
        return room;
    }
    release = release_of(suggest, group);
    gather(suggest, group, &parts);
    name = group->kind == SUGGEST_STAGED ? release->name : name_of(&parts);
    snprintf(room, SUGGEST_NAME_ROOM, "%.*s/%.*s/", (int)release->component.len,
             (const char *)release->component.p, (int)name.len, (const char *)name.p);
    if (group->kind == SUGGEST_STAGED) {
        snprintf(room + strlen(room), SUGGEST_NAME_ROOM - strlen(room), "%.*s",
                 (int)release->version.len, (const char *)release->version.p);
    } else {
        snprintf(room + strlen(room), SUGGEST_NAME_ROOM - strlen(room), "suggested-%s", group->id);
    }
    return room;
}

/* ---- writing ---- */

static enum hash
bank_of(const struct parts *parts, const struct suggest_seen *seen)
{
    const struct bundle *bundle = rulebook_bundle(parts->suggest->book);

    for (size_t i = 0; i < bundle->n_policies; i++) {
        const struct bundle_policy *policy = &bundle->policies[i];

        if (seen->rule >= policy->first_rule && seen->rule < policy->first_rule + policy->n_rules) {
            return policy->quote.bank;
        }
    }
    return HASH_SHA256; /* a rule is a policy's */
}

static void
put_digest(FILE *out, const struct parts *parts, const struct suggest_seen *seen)
{
    policy_put_digest(out, bank_of(parts, seen), bytes_of(seen->digest, seen->len));
    policy_put_label(out, bytes_str(seen->label));
    fputc('\n', out);
}

/* The set's events from place i on, whole and in order. */
static void
put_variant(FILE *out, struct parts *parts, size_t i)
{
    uint16_t set = parts->seen[i]->set;
    bool any = false;
    bool whole = true;

    for (size_t k = i; k < parts->n; k++) {
        bool of_set = parts->seen[k]->set == set;
        bool new = of_set &&in_group(parts, parts->seen[k]);

        any = any || new;
        whole = whole && (!of_set || new || is_shared(parts, parts->seen[k]));
    }
    if (!whole) { /* what one device alone has beside it would come along, and nobody was told */
        parts->torn = parts->torn || any;
        return;
    }
    fputs("  variant {\n", out);
    for (size_t k = i; k < parts->n; k++) {
        if (parts->seen[k]->set == set) {
            fputs("    ", out);
            put_digest(out, parts, parts->seen[k]);
        }
    }
    fputs("  }\n", out);
}

/* Stands the same set, or with `digest` the same value of it, further up? */
static bool
is_repeated(const struct parts *parts, size_t i, bool digest)
{
    for (size_t k = 0; k < i; k++) {
        if (parts->seen[k]->set == parts->seen[i]->set &&
            (!digest ||
             (parts->seen[k]->len == parts->seen[i]->len &&
              memcmp(parts->seen[k]->digest, parts->seen[i]->digest, parts->seen[i]->len) == 0))) {
            return true;
        }
    }
    return false;
}

static void
put_part(FILE *out, struct parts *parts, size_t i)
{
    const struct suggest_seen *seen = parts->seen[i];
    struct bytes part = tail_of(parts, seen, '.');
    struct bytes name = tail_of(parts, seen, '/');

    if (name.len > 0) {
        if (bytes_equal(name, name_of(parts)) && !is_repeated(parts, i, false)) {
            put_variant(out, parts, i);
        }
    } else if (part.len > 0 && !is_repeated(parts, i, true) &&
               (in_group(parts, seen) || (seen->known && is_shared(parts, seen)))) {
        fprintf(out, "  %.*s ", (int)part.len, (const char *)part.p);
        put_digest(out, parts, seen);
    }
}

static void
put_release(FILE *out, struct parts *parts, enum bundle_state state)
{
    const struct suggest_group *group = parts->group;
    const char *of_class = parts->suggest->classes[group->of_class];
    struct bytes name = name_of(parts);
    bool named = part_is_name(bytes_str(of_class));

    fprintf(out, "\nrelease %.*s %.*s suggested-%s {\n", (int)parts->component.len,
            (const char *)parts->component.p, (int)name.len, (const char *)name.p, group->id);
    fprintf(out, "  source cohort %s\n  state %s\n", named ? of_class : group->id,
            bundle_state_name(state));
    for (size_t i = 0; i < parts->n; i++) {
        put_part(out, parts, i);
    }
    fputs("}\n", out);
}

int
suggest_text(const struct suggest *suggest, const struct suggest_group *group,
             enum bundle_state state, char **ret)
{
    struct parts parts;
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    if (group->kind != SUGGEST_RELEASE) {
        return -EINVAL;
    }
    gather(suggest, group, &parts);
    out = open_memstream(&text, &len);
    if (!out) {
        return -ENOMEM;
    }
    put_release(out, &parts, state);
    if (fclose(out) != 0 || parts.torn) {
        free(text);
        return parts.torn ? -EINVAL : -ENOMEM;
    }
    *ret = text;
    return 0;
}

/* ---- the bundle ---- */

static int
compile(struct bytes source, struct rulebook **ret)
{
    CLEANUP(free_p) struct bundle *bundle = malloc(sizeof(*bundle));
    CLEANUP(policy_memory_freep) struct policy_memory *memory = NULL;
    CLEANUP(free_p) struct policy_say *say = calloc(1, sizeof(*say));
    struct bytes body = BYTES_NULL;
    struct fault fault;
    int r = bundle && say ? policy_compile(source, bundle, &memory, say) : -ENOMEM;

    r = r == 0 ? policy_write(bundle, &body) : r;
    r = r == 0 ? rulebook_new(body, ret, &fault) : r;
    free((void *)(uintptr_t)body.p);
    return r;
}

/* The text with the release behind it, or with the staged one made active. */
static int
joined(const struct suggest *suggest, const struct suggest_group *group, const char *text,
       char **ret)
{
    CLEANUP(free_p) struct policy_say *say = calloc(1, sizeof(*say));
    CLEANUP(free_p) char *release = NULL;
    char room[SUGGEST_NAME_ROOM];
    struct policy_move move = {.state = BUNDLE_ACTIVE};
    struct policy_moved moved;
    int r;

    if (group->kind == SUGGEST_STAGED) {
        move.release = suggest_text_name(suggest, group, room);
        r = say ? policy_move(bytes_str(text), &move, say, &moved) : -ENOMEM;
        if (r == 0) {
            *ret = strndup((const char *)moved.text.p, moved.text.len);
            free((void *)(uintptr_t)moved.text.p);
            r = *ret ? 0 : -ENOMEM;
        }
        return r;
    }
    r = suggest_text(suggest, group, BUNDLE_ACTIVE, &release);
    return r == 0 && asprintf(ret, "%s%s", text, release) < 0 ? -ENOMEM : r;
}

int
suggest_text_book(const struct suggest *suggest, const struct suggest_group *group,
                  const char *text, struct rulebook **ret)
{
    char *whole = NULL;
    int r;

    if (group->kind == SUGGEST_SET) {
        return 1;
    }
    r = joined(suggest, group, text, &whole);
    r = r == 0 ? compile(bytes_str(whole), ret) : r;
    free(whole);
    return r == -EINVAL ? 1 : r;
}
