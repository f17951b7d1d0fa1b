/* Suggestions from a cohort: values that the policy in force does not know, and that enough devices
 * whose word counts show alike. Nothing is changed by them: a person stages and promotes. Appraisal
 * page, section 5c (6).
 *
 * A device counts with an EK chain that was verified, a TPM whose maker makes hardware, an entry of
 * the inventory, and a last accepted log beside which nothing of higher trust has changed. */
#pragma once

#include "rejudge/rejudge.h"

#define SUGGEST_SITES 2u    /* where they must stand, unless it is from a vendor */
#define SUGGEST_DEVICES 5u  /* that must show a value; of a release staged from a vendor one */
#define SUGGEST_NEW_MAX 64u /* unknown values of one boot; with more it is no update */
#define SUGGEST_LABEL 64u   /* bytes of a label that are shown */
#define SUGGEST_ID_ROOM 9u  /* "5c1f09ab" */

/* Why a device does not count. */
enum suggest_bar {
    SUGGEST_COUNTS,
    SUGGEST_STATE,     /* quarantined, or not judged yet */
    SUGGEST_CHAIN,     /* no verified EK chain */
    SUGGEST_VIRTUAL,   /* its TPM is of no maker that is known to make hardware: 324, 706 */
    SUGGEST_INVENTORY, /* accepted by hand or by a code */
    SUGGEST_REVOKED,   /* its boot shows a revoked value */
    SUGGEST_BROKEN,    /* events that break the firmware's profile, or that no rule claims */
    SUGGEST_MANY,      /* more than SUGGEST_NEW_MAX unknown values */
    SUGGEST_NO_LAST,   /* no accepted log is kept that could be compared with */
    SUGGEST_FIRMWARE,  /* its firmware changed too */
    SUGGEST_KEYS,      /* its Secure Boot keys or state changed too */
    SUGGEST_BAR_N,
};

/* "virtual-tpm", and words for people. */
const char *suggest_bar_name(enum suggest_bar bar);
const char *suggest_bar_text(enum suggest_bar bar);

struct suggest_device {
    uint8_t id[WIRE_UEID_SIZE];
    uint16_t of_class;    /* suggest_class() */
    int64_t since_ms;     /* its boot came first, by kept evidence */
    enum suggest_bar bar; /* of its own, whatever the value */
    bool firmware, keys;  /* changed against its last accepted log */
    uint16_t site;        /* from 1 on; 0: it stands at none */
};

/* A value that a device showed under a rule that names a set. */
struct suggest_seen {
    uint32_t device;
    uint32_t rule; /* in the bundle */
    uint16_t of_class, set;
    uint16_t release; /* BUNDLE_NONE, or the staged one that has it */
    uint16_t order;   /* among the device's */
    bool known;       /* in force: a companion of new ones */
    uint8_t len;
    uint8_t digest[HASH_SIZE_MAX];
    char label[SUGGEST_LABEL + 1]; /* of a log; nothing vouches for it */
};

/* All that show one value in one set and class: a run of sightings. */
struct suggest_value {
    size_t first, n;
    uint64_t bars[SUGGEST_BAR_N]; /* devices, by why they do not count */
    uint32_t *devices;            /* that count, ascending; owned */
    size_t n_devices;
    size_t n_sites;   /* where those stand; devices without a site are one where no site is known */
    int64_t since_ms; /* of them; 0: none counts */
    bool taken;       /* by a group */
};

enum suggest_kind {
    SUGGEST_RELEASE, /* a new release of a component, to be staged */
    SUGGEST_STAGED,  /* a release that is staged already, to be promoted */
    SUGGEST_SET,     /* values of a set, which has no states: to be written by hand */
};

struct suggest_group {
    enum suggest_kind kind;
    uint16_t of_class;
    uint16_t release; /* that names the component; of SUGGEST_STAGED the one to promote */
    uint16_t set;     /* of the first value */
    bool vendor;      /* staged from a vendor: one device is enough */
    size_t n_values;
    size_t values[SUGGEST_NEW_MAX];
    char id[SUGGEST_ID_ROOM]; /* of class and values: the same while they are */
};

struct suggest {
    const struct rulebook *book;
    struct store *store;
    struct hasher *hasher;
    uint32_t need;       /* devices */
    uint32_t need_sites; /* where they stand */
    int error;           /* the first -errno of a witness, or 0 */
    bool full;           /* more was shown than is counted */
    size_t n_classes, n_sites, n_devices, n_seen, n_values, n_groups;
    char (*classes)[STORE_CLASS_MAX];
    char (*sites)[STORE_CLASS_MAX];
    struct suggest_device *devices;
    struct suggest_seen *seen;
    struct suggest_value *values;
    struct suggest_group *groups;
    struct suggest_trust *trust;
};

/* store and book as those of the ask that is walked; how many devices, at how many sites. NULL when
 * memory ends. */
struct suggest *suggest_new(struct store *store, const struct rulebook *book, uint32_t need,
                            uint32_t need_sites);
void suggest_free(struct suggest *suggest);
void suggest_freep(struct suggest **suggest);

/* A witness (rejudge_ask), whose context is the suggest. */
void suggest_see(void *suggest, const struct rejudge_sight *sight);

/* After the walk: counts, and groups what enough devices show. Returns 0 or a negative errno. */
MUST_CHECK int suggest_count(struct suggest *suggest);

/* The devices that show all of a group; n in *ret_n. */
const uint32_t *suggest_group_devices(const struct suggest *suggest,
                                      const struct suggest_group *group, size_t *ret_n);

/* The set of a sighting; the release by whose name the set is made, or NULL for a plain set. */
const struct bundle_set *suggest_set(const struct suggest *suggest, uint16_t set);
const struct bundle_release *suggest_maker(const struct suggest *suggest, uint16_t set);
