/* What one boot shows that the policy in force does not know. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/boot.h"
#include "formats/tpm-vendor.h"
#include "store/store-group.h"
#include "suggest/suggest-trust.h"
#include "suggest/suggest.h"

enum { SEEN_MAX = 131072, COMPANIONS_MAX = 256 };

/* One boot that is looked at; what it shows is kept only if some of it is new. */
struct looking {
    struct suggest *suggest;
    const struct rejudge_sight *sight;
    const struct bundle *bundle;
    enum hash bank;
    size_t rule; /* in hand, in the bundle */
    size_t arg;  /* of a sequence: where its next unknown member would stand */
    enum suggest_bar bar;
    size_t n, n_new;
    struct suggest_seen seen[COMPANIONS_MAX];
};

static const struct bundle_arg *
arg_of(const struct looking *l, size_t i)
{
    return &l->bundle->args[l->bundle->rules[l->rule].first_arg + i];
}

/* Only rules whose members are all sets of digests. */
static bool
names_sets(const struct looking *l)
{
    const struct bundle_rule *rule = &l->bundle->rules[l->rule];

    for (size_t i = 0; i < rule->n_args; i++) {
        const struct bundle_arg *arg = arg_of(l, i);

        if (arg->index == BUNDLE_NONE || l->bundle->sets[arg->index].kind != BUNDLE_SET_DIGESTS) {
            return false;
        }
    }
    return rule->verb == VERB_ONE_OF || rule->verb == VERB_SEQUENCE;
}

static bool
is_pinned(const struct looking *l, const struct rule_event *event)
{
    const struct boot_ask *ask = l->sight->ask;

    for (size_t i = 0; l->bundle->rules[l->rule].or_pin > 0 && i < ask->n_pins; i++) {
        if (ask->pins[i].slot == event->slot && ask->pins[i].name.len == 0 &&
            bytes_equal(ask->pins[i].value, event->digest)) {
            return true;
        }
    }
    return false;
}

/* The best record among the rule's sets, with its argument; NULL: none. Where all sets know a
 * digest as revoked only, the boot shows a revoked value. */
static const struct rulebook_ref *
find(struct looking *l, const struct rule_event *event, size_t *ret_arg,
     enum bundle_state *ret_state)
{
    const struct rulebook *book = l->suggest->book;
    const struct rulebook_ref *refs;
    const struct rulebook_ref *best = NULL;
    size_t n = rulebook_find(book, l->bank, event->digest, &refs);
    size_t n_revoked = 0;

    for (size_t i = 0; i < n; i++) {
        enum bundle_state state = rulebook_state(book, &refs[i], l->sight->ask->now_s);

        n_revoked += state == BUNDLE_REVOKED;
        for (size_t k = 0; k < l->bundle->rules[l->rule].n_args; k++) {
            if (arg_of(l, k)->index == refs[i].set &&
                (!best || bundle_state_rank(state) > bundle_state_rank(*ret_state))) {
                best = &refs[i];
                *ret_arg = k;
                *ret_state = state;
            }
        }
    }
    if (n > 0 && n == n_revoked) {
        l->bar = SUGGEST_REVOKED;
    }
    return best;
}

static void
put_label(const struct looking *l, const struct rule_event *event, char room[SUGGEST_LABEL + 1])
{
    char seen[2 * HASH_SIZE_MAX + SUGGEST_LABEL + 32];
    const char *label;

    boot_say_seen(l->sight->ask, event, seen, sizeof(seen));
    label = strchr(seen, ' ');
    snprintf(room, SUGGEST_LABEL + 1, "%.*s", (int)SUGGEST_LABEL, label ? label + 1 : "");
}

static void
note(struct looking *l, const struct rule_event *event, uint16_t set, uint16_t release, bool known)
{
    struct suggest_seen *seen = &l->seen[l->n];

    if (l->n == COMPANIONS_MAX || event->digest.len > HASH_SIZE_MAX) {
        l->bar = SUGGEST_MANY;
        return;
    }
    *seen = (struct suggest_seen){.rule = (uint32_t)l->rule,
                                  .set = set,
                                  .release = release,
                                  .order = (uint16_t)l->n,
                                  .known = known,
                                  .len = (uint8_t)event->digest.len};
    memcpy(seen->digest, event->digest.p, event->digest.len);
    put_label(l, event, seen->label);
    l->n++;
    l->n_new += !known;
}

/* A retired value, or a revoked one, is known and is not wanted back. */
static void
look_event(struct looking *l, const struct rule_event *event, bool passed)
{
    enum bundle_state state = BUNDLE_REVOKED;
    size_t arg = l->arg;
    const struct rulebook_ref *ref = find(l, event, &arg, &state);
    size_t last = l->bundle->rules[l->rule].n_args - 1;

    if (ref && bundle_state_rank(state) >= bundle_state_rank(BUNDLE_RETIRING)) {
        note(l, event, ref->set, BUNDLE_NONE, true);
    } else if (ref && state == BUNDLE_STAGED && ref->release != BUNDLE_NONE) {
        note(l, event, ref->set, ref->release, false);
    } else if (!ref && !passed && !is_pinned(l, event)) {
        note(l, event, arg_of(l, arg)->index, BUNDLE_NONE, false);
    }
    l->arg = arg < last ? arg + 1 : last;
}

static void
look_rule(struct looking *l, size_t i)
{
    const struct boot_told *told = l->sight->told;
    const struct rule_result *result = &told->judgement->rules[i];
    enum slot slot;

    l->rule = told->policy->first_rule + i;
    l->arg = 0;
    slot = rulebook_slot(l->suggest->book, l->rule);
    if (result->outcome == OUTCOME_REVOKED) {
        l->bar = SUGGEST_REVOKED;
    }
    if (!names_sets(l)) {
        return;
    }
    for (size_t k = 0; k < told->n_events; k++) {
        if (told->events[k].slot == slot) {
            look_event(l, &told->events[k], result->outcome == OUTCOME_PASSED);
        }
    }
}

/* ---- whether the device counts ---- */

static enum suggest_bar
bar_of_device(struct suggest *suggest, const struct store_device *device)
{
    char class_name[STORE_CLASS_MAX];
    int r;

    if (device->state != DEVICE_FRESH && device->state != DEVICE_STALE &&
        device->state != DEVICE_FAILED) {
        return SUGGEST_STATE;
    }
    if (device->ek_chain != EK_CHAIN_VERIFIED) {
        return SUGGEST_CHAIN;
    }
    if (!tpm_vendor_hardware(device->tpm_vendor)) {
        return SUGGEST_VIRTUAL;
    }
    r = store_inventory_get(suggest->store, device->ek_fingerprint, class_name);
    suggest->error = r < 0 ? r : suggest->error;
    return r == 0 ? SUGGEST_COUNTS : SUGGEST_INVENTORY;
}

/* Fills firmware and keys. */
static enum suggest_bar
compare_last(struct looking *l, struct suggest_device *device)
{
    struct suggest *suggest = l->suggest;
    struct pcr_set quote = {l->bank, l->sight->told->policy->quote.mask | PCR_MASK_FIRMWARE};
    const struct store_evidence *evidence = l->sight->evidence;
    struct suggest_trusted last, now;
    int r = suggest_trust_kept(suggest->trust, suggest->store, suggest->hasher,
                               evidence->accepted_log, quote, &last);

    r = r == 0 ? suggest_trust_of(suggest->trust, suggest->hasher, l->sight->ask->log, quote, &now)
               : r;
    suggest->error = r < 0 ? r : suggest->error;
    if (r != 0) {
        return SUGGEST_NO_LAST;
    }
    device->firmware = memcmp(last.firmware, now.firmware, sizeof(now.firmware)) != 0;
    device->keys = memcmp(last.keys, now.keys, sizeof(now.keys)) != 0;
    return SUGGEST_COUNTS;
}

/* What the boot itself says against it. */
static enum suggest_bar
bar_of_boot(const struct looking *l)
{
    const struct boot_told *told = l->sight->told;

    if (l->bar != SUGGEST_COUNTS || l->n_new > SUGGEST_NEW_MAX) {
        return l->bar != SUGGEST_COUNTS ? l->bar : SUGGEST_MANY;
    }
    return told->slots_broken || told->judgement->unclaimed != RULE_NO_EVENT ||
                   l->sight->verdict->events != CHECK_PASSED
               ? SUGGEST_BROKEN
               : SUGGEST_COUNTS;
}

/* ---- keeping ---- */

/* Room for n more behind *list's n_now, in steps. */
static int
grow(void *list, size_t size, size_t n_now, size_t n)
{
    enum { STEP = 1024 };
    size_t have = (n_now + STEP - 1) / STEP * STEP;
    size_t want = (n_now + n + STEP - 1) / STEP * STEP;
    void *old;
    void *bigger;

    if (want == have) {
        return 0;
    }
    memcpy(&old, list, sizeof(old));
    bigger = reallocarray(old, want, size);
    if (!bigger) {
        return -ENOMEM;
    }
    memcpy(list, &bigger, sizeof(bigger));
    return 0;
}

/* The place of a name among those that were met. */
static int
place_of(char (**names)[STORE_CLASS_MAX], size_t *n, const char *name, uint16_t *ret)
{
    size_t i = 0;
    int r;

    while (i < *n && strcmp((*names)[i], name) != 0) {
        i++;
    }
    if (i == *n) {
        r = i + 1 < UINT16_MAX ? grow(names, sizeof(**names), i, 1) : -E2BIG;
        if (r < 0) {
            return r;
        }
        snprintf((*names)[i], STORE_CLASS_MAX, "%s", name);
        (*n)++;
    }
    *ret = (uint16_t)i;
    return 0;
}

/* A device stands at one site at most. */
static int
site_of(struct suggest *suggest, const uint8_t id[WIRE_UEID_SIZE], uint16_t *ret)
{
    struct store_groups groups;
    int r = store_groups_get(suggest->store, id, &groups);

    *ret = 0;
    for (size_t i = 0; r == 0 && i < groups.n; i++) {
        if (groups.groups[i].site) {
            r = place_of(&suggest->sites, &suggest->n_sites, groups.groups[i].name, ret);
            *ret = (uint16_t)(*ret + 1);
        }
    }
    return r;
}

static int
keep(struct looking *l, struct suggest_device device)
{
    struct suggest *suggest = l->suggest;
    int r = place_of(&suggest->classes, &suggest->n_classes, l->sight->device->class_name,
                     &device.of_class);

    r = r == 0 ? site_of(suggest, device.id, &device.site) : r;
    if (suggest->n_seen + l->n > SEEN_MAX) {
        suggest->full = true;
        return 0;
    }
    r = r == 0 ? grow(&suggest->devices, sizeof(*suggest->devices), suggest->n_devices, 1) : r;
    r = r == 0 ? grow(&suggest->seen, sizeof(*suggest->seen), suggest->n_seen, l->n) : r;
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; i < l->n; i++) {
        l->seen[i].device = (uint32_t)suggest->n_devices;
        l->seen[i].of_class = device.of_class;
        suggest->seen[suggest->n_seen++] = l->seen[i];
    }
    suggest->devices[suggest->n_devices++] = device;
    return 0;
}

void
suggest_see(void *context, const struct rejudge_sight *sight)
{
    struct suggest *suggest = context;
    static struct looking looking; /* large */
    struct suggest_device device = {.since_ms = sight->since_ms};
    enum suggest_bar bar;
    int r;

    looking = (struct looking){.suggest = suggest,
                               .sight = sight,
                               .bundle = rulebook_bundle(suggest->book),
                               .bank = sight->told->policy->quote.bank};
    for (size_t i = 0; i < sight->told->judgement->n; i++) {
        look_rule(&looking, i);
    }
    if (looking.n_new == 0 || sight->side != REJUDGE_NEW || suggest->error != 0) {
        return;
    }
    memcpy(device.id, sight->device->id, sizeof(device.id));
    device.bar = bar_of_device(suggest, sight->device);
    bar = bar_of_boot(&looking);
    device.bar = device.bar == SUGGEST_COUNTS ? bar : device.bar;
    bar = compare_last(&looking, &device);
    device.bar = device.bar == SUGGEST_COUNTS ? bar : device.bar;
    r = keep(&looking, device);
    suggest->error = r < 0 ? r : suggest->error;
}
