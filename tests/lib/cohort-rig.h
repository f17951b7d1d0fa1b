/* A store with devices of one class, c, whose policy was learnt from the scene as it stood, and
 * what is suggested of what they show. One at a time. */
#pragma once

#include "lib/scene.h"
#include "store/store.h"
#include "suggest/suggest-run.h"
#include "suggest/suggest-text.h"

extern struct cohort_rig {
    struct store *store;
    struct bytes before; /* the log that the policy was learnt from */
    uint32_t need_sites; /* 1 unless a test says otherwise */
    struct rejudge_ask ask;
    struct suggest *suggest;
    struct suggest_dry *dries;
    char *said; /* by cohort_rig_say() */
} cohort_rig;

/* scene_laptop(), its policy, and no device yet. */
void cohort_rig_start(void);

/* A device as it counts: verified chain of its EK, a discrete TPM, in the inventory; this is its
 * log, and the one before it was accepted. */
struct store_device cohort_rig_device(uint32_t n, struct bytes log);

/* Devices 1 to n. */
void cohort_rig_devices(uint32_t n, struct bytes log);

/* Another class, whose devices no helper here makes. */
void cohort_rig_class(const char *name);

/* A device stands at a site, and is in another group. */
void cohort_rig_site(const struct store_device *device, const char *site);

/* A device's latest evidence has this log. */
void cohort_rig_boots(const struct store_device *device, struct bytes log);

/* Changes the row, or the last accepted log, of a device. */
void cohort_rig_put(const struct store_device *device);
void cohort_rig_accepted(const struct store_device *device, struct bytes log);

/* Looks through the store by scene.policy; `need` devices are enough. */
void cohort_rig_look(uint32_t need);

/* The only suggestion; ends the case when there is none or another. */
const struct suggest_group *cohort_rig_only(void);

/* How many of an unknown value's devices do not count for this reason; `digest` as scene_digest()
 * gives it. Ends the case where the value is not among those seen, or is suggested. */
uint64_t cohort_rig_barred(const char *digest, enum suggest_bar bar);

/* What is printed; memory that lives until the process ends. */
const char *cohort_rig_say(bool json, bool all);

/* Ends the case when `said` has not, or has, this text. */
void cohort_rig_has(const char *said, const char *text);
void cohort_rig_lacks(const char *said, const char *text);
