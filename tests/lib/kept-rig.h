/* A store with members and their kept evidence, as a keeper leaves it behind. */
#pragma once

#include "store/store.h"

struct hasher;

/* A class with that name, whose evidence is quoted in SHA-256. */
void kept_rig_class(struct store *store, const char *name);

/* Member n of a class (ids differ by n), fresh, whose last genuine evidence came at at_ms with this
 * log, and of whose userspace log nothing is known. */
struct store_device kept_rig_member(struct store *store, uint32_t n, const char *class_name,
                                    struct bytes log, int64_t at_ms);

/* Its evidence with a userspace log, which may be BYTES_NULL for none. */
void kept_rig_userspace(struct store *store, const struct store_device *device, struct bytes log);

/* A copy of a log in which the digest of what shim loads last (PCR 4) is another in every bank, for
 * each n another; memory that lives until the process ends. */
struct bytes kept_rig_kernel(struct bytes log, uint32_t n);
