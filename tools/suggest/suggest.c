#include "suggest/suggest.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hex.h"
#include "suggest/suggest-trust.h"

enum { GROUPS_MAX = 64, ID_BYTES = 4 };

static const struct {
    const char *name, *text;
} bars[SUGGEST_BAR_N] = {
    [SUGGEST_COUNTS] = {"counts", "counts"},
    [SUGGEST_STATE] = {"state", "quarantined, or not judged yet"},
    [SUGGEST_CHAIN] = {"ek-chain", "no verified chain of its EK"},
    [SUGGEST_VIRTUAL] = {"virtual-tpm", "a virtual TPM, or one of a maker not known for hardware"},
    [SUGGEST_INVENTORY] = {"inventory", "not in the inventory"},
    [SUGGEST_REVOKED] = {"revoked", "its boot shows a revoked value"},
    [SUGGEST_BROKEN] = {"profile", "its boot has events that nothing allows for"},
    [SUGGEST_MANY] = {"many", "too much of its boot is unknown"},
    [SUGGEST_NO_LAST] = {"no-last", "no accepted log of it is kept to compare with"},
    [SUGGEST_FIRMWARE] = {"firmware", "its firmware changed too"},
    [SUGGEST_KEYS] = {"secure-boot", "its Secure Boot keys or state changed too"},
};

const char *
suggest_bar_name(enum suggest_bar bar)
{
    return bars[bar].name;
}

const char *
suggest_bar_text(enum suggest_bar bar)
{
    return bars[bar].text;
}

struct suggest *
suggest_new(struct store *store, const struct rulebook *book, uint32_t need, uint32_t need_sites)
{
    struct suggest *suggest = calloc(1, sizeof(*suggest));

    if (!suggest) {
        return NULL;
    }
    suggest->store = store;
    suggest->book = book;
    suggest->need = need;
    suggest->need_sites = need_sites;
    suggest->hasher = hasher_new();
    suggest->trust = suggest_trust_new();
    suggest->groups = calloc(GROUPS_MAX, sizeof(*suggest->groups));
    if (!suggest->hasher || !suggest->trust || !suggest->groups) {
        suggest_freep(&suggest);
    }
    return suggest;
}

void
suggest_free(struct suggest *suggest)
{
    if (!suggest) {
        return;
    }
    for (size_t i = 0; i < suggest->n_values; i++) {
        free(suggest->values[i].devices);
    }
    hasher_free(suggest->hasher);
    suggest_trust_free(suggest->trust);
    free(suggest->classes);
    free(suggest->sites);
    free(suggest->devices);
    free(suggest->seen);
    free(suggest->values);
    free(suggest->groups);
    free(suggest);
}

void
suggest_freep(struct suggest **suggest)
{
    suggest_free(*suggest);
    *suggest = NULL;
}

const struct bundle_set *
suggest_set(const struct suggest *suggest, uint16_t set)
{
    return &rulebook_bundle(suggest->book)->sets[set];
}

/* COMPONENT.PART of all releases of a component, COMPONENT/NAME of those of one name. */
const struct bundle_release *
suggest_maker(const struct suggest *suggest, uint16_t set)
{
    const struct bundle *bundle = rulebook_bundle(suggest->book);
    struct bytes name = suggest_set(suggest, set)->name;

    for (size_t i = 0; i < bundle->n_releases; i++) {
        const struct bundle_release *release = &bundle->releases[i];
        struct bytes of = release->component;

        if (name.len > of.len && memcmp(name.p, of.p, of.len) == 0 &&
            (name.p[of.len] == '.' ||
             (name.p[of.len] == '/' &&
              bytes_equal(bytes_of(name.p + of.len + 1, name.len - of.len - 1), release->name)))) {
            return release;
        }
    }
    return NULL;
}

/* ---- values ---- */

static int
order_values(const struct suggest_seen *a, const struct suggest_seen *b)
{
    int c = (a->of_class > b->of_class) - (a->of_class < b->of_class);

    c = c != 0 ? c : (a->set > b->set) - (a->set < b->set);
    c = c != 0 ? c : (a->len > b->len) - (a->len < b->len);
    return c != 0 ? c : memcmp(a->digest, b->digest, a->len);
}

static int
order_seen(const void *one, const void *other)
{
    const struct suggest_seen *a = one;
    const struct suggest_seen *b = other;
    int c = order_values(a, b);

    c = c != 0 ? c : (a->device > b->device) - (a->device < b->device);
    return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

/* Whether a device counts for a value of this level. */
static enum suggest_bar
bar_of(const struct suggest_device *device, enum suggest_level level)
{
    if (device->bar != SUGGEST_COUNTS) {
        return device->bar;
    }
    if (device->firmware && level != SUGGEST_OF_FIRMWARE) {
        return SUGGEST_FIRMWARE;
    }
    return device->keys && level != SUGGEST_OF_KEYS ? SUGGEST_KEYS : SUGGEST_COUNTS;
}

static int
count_sites(const struct suggest *suggest, struct suggest_value *value)
{
    CLEANUP(free_p) bool *at = calloc(suggest->n_sites + 1, sizeof(*at));

    if (!at) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < value->n_devices; i++) {
        uint16_t site = suggest->devices[value->devices[i]].site;

        value->n_sites += site > 0 && !at[site];
        at[site] = true;
    }
    if (value->n_sites == 0 && at[0]) {
        value->n_sites = 1;
    }
    return 0;
}

/* Each device once, however often its boot shows the value. */
static int
count_value(struct suggest *suggest, struct suggest_value *value)
{
    const struct suggest_seen *seen = &suggest->seen[value->first];
    enum suggest_level level = suggest_level(rulebook_slot(suggest->book, seen->rule));

    value->devices = calloc(value->n, sizeof(*value->devices));
    if (!value->devices) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < value->n; i++) {
        const struct suggest_device *device = &suggest->devices[seen[i].device];
        enum suggest_bar bar = bar_of(device, level);

        if (i > 0 && seen[i].device == seen[i - 1].device) {
            continue;
        }
        value->bars[bar]++;
        if (bar == SUGGEST_COUNTS) {
            value->devices[value->n_devices++] = seen[i].device;
            value->since_ms = value->since_ms == 0 || device->since_ms < value->since_ms
                                  ? device->since_ms
                                  : value->since_ms;
        }
    }
    return count_sites(suggest, value);
}

static int
count_values(struct suggest *suggest)
{
    size_t n = 0;
    int r = 0;

    suggest->values = calloc(suggest->n_seen + 1, sizeof(*suggest->values));
    if (!suggest->values) {
        return -ENOMEM;
    }
    for (size_t i = 0; r == 0 && i < suggest->n_seen; i += n) {
        for (n = 1;
             i + n < suggest->n_seen && order_values(&suggest->seen[i], &suggest->seen[i + n]) == 0;
             n++) {
        }
        suggest->values[suggest->n_values] = (struct suggest_value){.first = i, .n = n};
        r = count_value(suggest, &suggest->values[suggest->n_values++]);
    }
    return r;
}

/* ---- groups ---- */

static const struct suggest_seen *
first_of(const struct suggest *suggest, const struct suggest_value *value)
{
    return &suggest->seen[value->first];
}

static bool
from_vendor(const struct suggest *suggest, const struct suggest_seen *seen)
{
    return seen->release != BUNDLE_NONE &&
           bytes_equal(rulebook_bundle(suggest->book)->releases[seen->release].source_kind,
                       bytes_str("vendor"));
}

static bool
is_enough(const struct suggest *suggest, const struct suggest_value *value)
{
    const struct suggest_seen *seen = first_of(suggest, value);
    bool vendor = from_vendor(suggest, seen);

    return !seen->known && value->n_devices >= (vendor ? 1 : suggest->need) &&
           value->n_sites >= (vendor ? 1 : suggest->need_sites);
}

static bool
same_devices(const struct suggest_value *a, const struct suggest_value *b)
{
    return a->n_devices == b->n_devices &&
           memcmp(a->devices, b->devices, a->n_devices * sizeof(*a->devices)) == 0;
}

static enum suggest_kind
kind_of(const struct suggest *suggest, const struct suggest_seen *seen)
{
    return seen->release != BUNDLE_NONE                ? SUGGEST_STAGED
           : suggest_maker(suggest, seen->set) != NULL ? SUGGEST_RELEASE
                                                       : SUGGEST_SET;
}

/* What one release would hold: values of one component that the same devices show. */
static bool
belong(const struct suggest *suggest, const struct suggest_value *a, const struct suggest_value *b)
{
    const struct suggest_seen *x = first_of(suggest, a);
    const struct suggest_seen *y = first_of(suggest, b);
    enum suggest_kind kind = kind_of(suggest, x);

    if (x->of_class != y->of_class || kind != kind_of(suggest, y)) {
        return false;
    }
    if (kind == SUGGEST_STAGED) {
        return x->release == y->release;
    }
    return same_devices(a, b) &&
           (kind == SUGGEST_SET ? x->set == y->set
                                : bytes_equal(suggest_maker(suggest, x->set)->component,
                                              suggest_maker(suggest, y->set)->component));
}

static int
name_group(struct suggest *suggest, struct suggest_group *group)
{
    enum { PARTS_MAX = 1 + 2 * SUGGEST_NEW_MAX };
    struct bytes parts[PARTS_MAX];
    uint8_t digest[32];
    size_t n = 0;
    int r;

    parts[n++] = bytes_str(suggest->classes[group->of_class]);
    for (size_t i = 0; i < group->n_values; i++) {
        const struct suggest_seen *seen = first_of(suggest, &suggest->values[group->values[i]]);

        parts[n++] = suggest_set(suggest, seen->set)->name;
        parts[n++] = bytes_of(seen->digest, seen->len);
    }
    r = hasher_parts(suggest->hasher, HASH_SHA256, parts, n, digest);
    if (r == 0) {
        hex_write(group->id, bytes_of(digest, ID_BYTES));
    }
    return r;
}

static void
start_group(struct suggest *suggest, size_t first, struct suggest_group *ret)
{
    const struct suggest_seen *seen = first_of(suggest, &suggest->values[first]);
    const struct bundle_release *maker = suggest_maker(suggest, seen->set);
    enum suggest_kind kind = kind_of(suggest, seen);

    *ret = (struct suggest_group){
        .kind = kind,
        .of_class = seen->of_class,
        .set = seen->set,
        .vendor = from_vendor(suggest, seen),
        .release = kind == SUGGEST_STAGED ? seen->release
                   : maker ? (uint16_t)(maker - rulebook_bundle(suggest->book)->releases)
                           : BUNDLE_NONE,
    };
}

static int
make_group(struct suggest *suggest, size_t first)
{
    struct suggest_group *group = &suggest->groups[suggest->n_groups];

    start_group(suggest, first, group);
    for (size_t i = first; i < suggest->n_values && group->n_values < SUGGEST_NEW_MAX; i++) {
        struct suggest_value *value = &suggest->values[i];

        if (!value->taken && is_enough(suggest, value) &&
            belong(suggest, &suggest->values[first], value)) {
            value->taken = true;
            group->values[group->n_values++] = i;
        }
    }
    suggest->n_groups++;
    return name_group(suggest, group);
}

int
suggest_count(struct suggest *suggest)
{
    int r = suggest->error;

    if (r == 0 && suggest->n_seen > 0) {
        qsort(suggest->seen, suggest->n_seen, sizeof(*suggest->seen), order_seen);
    }
    r = r == 0 ? count_values(suggest) : r;
    for (size_t i = 0; r == 0 && i < suggest->n_values; i++) {
        if (suggest->values[i].taken || !is_enough(suggest, &suggest->values[i])) {
            continue;
        }
        if (suggest->n_groups == GROUPS_MAX) {
            suggest->full = true;
            break;
        }
        r = make_group(suggest, i);
    }
    return r;
}

const uint32_t *
suggest_group_devices(const struct suggest *suggest, const struct suggest_group *group,
                      size_t *ret_n)
{
    const struct suggest_value *value = &suggest->values[group->values[0]];

    *ret_n = value->n_devices;
    return value->devices;
}
