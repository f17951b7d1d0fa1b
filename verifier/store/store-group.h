/* Groups: what devices of several classes have in common, or some of a class. A device has one
 * class, in which its boots are judged, and any few groups: policies may be for a group, lists and
 * tokens name them. A group may be a site, a place where devices stand; a device stands at one.
 * Outcomes are store.h's. */
#pragma once

#include "store/store.h"

#define STORE_GROUPS_MAX 8u /* of one device; tokens have room for twice as many */
/* Names of a device's groups with a blank between: an inventory's row. */
#define STORE_GROUPS_TEXT_MAX (STORE_GROUPS_MAX * STORE_CLASS_MAX)

struct store_group {
    char name[STORE_CLASS_MAX]; /* as base/name.h says; the caller's word */
    bool site;
};

/* The groups of one device, by name. */
struct store_groups {
    size_t n;
    struct store_group groups[STORE_GROUPS_MAX];
};

MUST_CHECK int store_group_get(struct store *store, const char *name, struct store_group *ret);
/* Inserts or replaces the row of this name; whether members may then stand at two sites is the
 * caller's to ask. */
MUST_CHECK int store_group_put(struct store *store, const struct store_group *group);
/* Drops it with its memberships. STORE_NONE when there is none. */
MUST_CHECK int store_group_drop(struct store *store, const char *name);
/* By name: calls visit until it returns false. */
MUST_CHECK int store_group_each(struct store *store,
                                bool (*visit)(void *context, const struct store_group *group),
                                void *context);
/* How many devices are in it; 0 for an unknown one. */
MUST_CHECK int store_group_members(struct store *store, const char *name, int64_t *ret);

/* The devices of a group by their id, found by an index: a group of ten among a million costs ten.
 * Calls visit until it returns false; the visitor may call the store. */
MUST_CHECK int store_group_devices(struct store *store, const char *name,
                                   bool (*visit)(void *context, const struct store_device *device),
                                   void *context);

/* The groups of a device; none for an unknown one. More than STORE_GROUPS_MAX are -EIO. */
MUST_CHECK int store_groups_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                struct store_groups *ret);
/* The device is in these and in no others from now on. STORE_NONE when one of them does not exist,
 * or the device that shall be in one; STORE_EXISTS when one is named twice; -EINVAL for more than
 * STORE_GROUPS_MAX. Then nothing has changed. */
MUST_CHECK int store_groups_set(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                const struct store_groups *groups);
/* Their names, as views; returns how many. */
size_t store_groups_names(const struct store_groups *groups, struct bytes ret[STORE_GROUPS_MAX]);
bool store_groups_have(const struct store_groups *groups, const char *name);

/* The groups that an inventory's row names, beside its class: names with a blank between, "" for
 * none. They need not exist. Putting returns STORE_NONE when the fingerprint has no row. */
MUST_CHECK int store_inventory_groups_put(struct store *store, const uint8_t fingerprint[32],
                                          const char *names);
MUST_CHECK int store_inventory_groups_get(struct store *store, const uint8_t fingerprint[32],
                                          char ret_names[STORE_GROUPS_TEXT_MAX]);
